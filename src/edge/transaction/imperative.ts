/**
 * `transaction(async tx => …)` ([TX11]–[TX13]): runs the callback, collects its steps, submits them at once. Where others changed what
 * it had read, all is undone and the callback runs anew. Throwing abandons the transaction.
 */

import { Fault } from "../../core/fault.ts";
import { uuidv7 } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";
import type { User } from "../../core/scope/principal.ts";
import { TRANSACTION_LIMITS } from "../../core/transaction/limits.ts";
import type { Isolation } from "../../core/transaction/operation.ts";
import { mintId, type WriteKey } from "../idempotency.ts";
import { openFrame, untilCommitted } from "./atomic.ts";
import { bodyOf } from "./body-of.ts";
import { findReply } from "./find-reply.ts";
import { openTarget, type Target } from "./open-target.ts";
import { audit, type Origin } from "./origin.ts";
import { PLAIN, TransactionRun } from "./run.ts";
import { openTx, type Tx } from "./tx.ts";
import { codeKey } from "./write-key.ts";

export interface ImperativeOptions {
  /** Whose rights it has; default: those of the context. */
  readonly user?: User;
  /** Covers the whole; needs `tables`, since it is kept in the object of the first of them. */
  readonly idempotencyKey?: string;
  /** What the key is for: another value under the same key is 422. */
  readonly input?: Json;
  /** The tables it works on, by name or with their partition; all in one object. */
  readonly tables?: readonly (string | { readonly table: string; readonly partition: string })[];
  readonly isolation?: Isolation;
  /** 1–10; default 5. */
  readonly maxTries?: number;
}

const READS = ["read", "list", "count"];

export async function runImperative<T, Names extends string = string>(
  given: Origin,
  callback: (tx: Tx<Names>) => Promise<T>,
  options: ImperativeOptions = {},
): Promise<T> {
  const { user, isolation = "serializable", maxTries = TRANSACTION_LIMITS.tries } = options;
  if (!Number.isInteger(maxTries) || maxTries < 1 || maxTries > 10)
    throw new TypeError(`maxTries is ${maxTries}: give an integer from 1 to 10`);
  const origin: Origin =
    user === undefined
      ? given
      : { ...given, exchange: { ...given.exchange, principal: user }, rights: { kind: "caller" } };
  audit(origin);
  const decider = await deciderOf(origin, options);
  const frame = openFrame({ origin, key: await keyOf(origin, decider, options), keeper: decider, isolation });
  const { nowMs } = frame.facts;
  const ids: string[] = [];
  let outcome: { readonly value: T } | null = null;
  const answer = await untilCommitted(frame, maxTries, async () => {
    outcome = null;
    const run = new TransactionRun(frame, null);
    const known = await findReply(frame);
    if (known !== null) return known;
    let minted = 0;
    const handle = openTx({
      run,
      newId() {
        const at = minted++;
        ids[at] ??= uuidv7(nowMs, crypto.getRandomValues(new Uint8Array(10)));
        return ids[at];
      },
      check(target) {
        if (decider !== null && target.request.object !== decider.request.object)
          throw new TypeError(`"${target.request.entry.path}" is not among the tables that the transaction names`);
      },
    });
    const value = await settled(callback as (tx: Tx) => Promise<T>, handle);
    outcome = { value };
    const { effects } = handle;
    const objects = new Set(run.steps.map(({ target }) => target.request.object));
    const hasWrites = run.steps.some(({ wire }) => !READS.includes(wire.op));
    if (run.steps.length === 0 && effects.length > 0)
      throw new TypeError("An effect is recorded with the commit of rows, and this transaction has no operation");
    // What was read of one object was true at one moment, that of the last trial: there is nothing to commit.
    if (objects.size <= 1 && !hasWrites && effects.length === 0 && decider === null) {
      // Calls that nobody awaited have not run yet, and count.
      await run.tryOut();
      return null;
    }
    return run.commit({ ...PLAIN, effects, value: decider === null ? null : jsonOf(value) });
  });
  if (answer?.isReplay === true) return (bodyOf(answer).value ?? null) as T;
  return (outcome as { readonly value: T } | null)?.value as T;
}

/** The callback, then every call it has left unawaited. A failed step fails the whole, also where its failure was caught. */
async function settled<T>(callback: (tx: Tx) => Promise<T>, handle: ReturnType<typeof openTx>): Promise<T> {
  let value: T;
  try {
    value = await callback(handle.tx);
  } catch (error) {
    // A conflict behind it is the better reason: the callback saw what does not hold any more.
    await handle.end();
    throw error;
  }
  await handle.end();
  return value;
}

async function deciderOf(origin: Origin, { idempotencyKey, tables }: ImperativeOptions): Promise<Target | null> {
  if (idempotencyKey === undefined) return null;
  const [first] = tables ?? [];
  if (first === undefined)
    throw new TypeError(
      'A transaction with an idempotencyKey names its tables: { idempotencyKey, tables: ["orders", …] }',
    );
  const { table, partition } = typeof first === "string" ? { table: first, partition: null } : first;
  return openTarget(origin, { op: "list", resource: table, partition }, { index: 0, as: table });
}

function keyOf(
  origin: Origin,
  decider: Target | null,
  { idempotencyKey, input = null }: ImperativeOptions,
): WriteKey | Promise<WriteKey> {
  if (decider !== null) return codeKey(decider.request, idempotencyKey, input);
  const { principal, nowMs } = origin.exchange;
  const text = `retry-${mintId(nowMs)}`;
  const owner = principal.kind === "user" ? `u:${encodeURIComponent(principal.id)}` : "a:";
  return { text, idempotency: null, attempt: { id: `${owner}|${text}`, startedAtMs: nowMs, isRepeat: false } };
}

function jsonOf(value: unknown): Json {
  if (value === undefined) return null;
  try {
    return JSON.parse(JSON.stringify(value)) as Json;
  } catch {
    throw new Fault({ slug: "internal-error" });
  }
}
