/**
 * A transaction whose tables lie in several objects: its plan becomes a part for each object, and a driver (`drive.ts`) brings them
 * to one decision. A list of reads holds nothing: it is read, and then validated everywhere at once ([TP15]). Answers as one object would.
 */

import { TRANSACTION_MS } from "../../core/commit/commit-limits.ts";
import { decidingObject } from "../../core/commit/deciding-object.ts";
import type { DriverAnswer, Evaluation, ObjectWork } from "../../core/commit/driver-state.ts";
import { ANY_REQUEST } from "../../core/commit/transaction-message.ts";
import { Fault, invalidField, unreachable } from "../../core/fault.ts";
import type { ObjectName } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";
import type { TransactionBody } from "../../core/protocol/transaction-call.ts";
import { TRANSACTION_LIMITS } from "../../core/transaction/limits.ts";
import type { PartWork, WholeWork } from "../../core/transaction/part-work.ts";
import type { ObjectAnswer } from "../endpoints/answer.ts";
import { callHeader } from "../exchange.ts";
import { DEFAULT_IDEMPOTENCY_TTL_MS } from "../limits.ts";
import { startAfterHooksOf } from "./after-parts.ts";
import { awaitParts } from "./await-parts.ts";
import { bodyOf } from "./body-of.ts";
import { TransactionDrive } from "./drive.ts";
import { readAcross } from "./read-across.ts";
import type { RunFrame, Step } from "./run.ts";
import type { Plan } from "./submit.ts";

/** The drivers of requests that are between two tries, or in one. */
const drives = new WeakMap<RunFrame, TransactionDrive>();

export async function submitAcross(plan: Plan): Promise<ObjectAnswer> {
  const { frame, steps } = plan;
  checkIds(steps);
  const drive = drives.get(frame) ?? newDrive(plan);
  drives.set(frame, drive);
  const isRead = plan.submission.effects.length === 0 && steps.every(isReading);
  const answer = await drive.submit(isRead ? await readAcross(plan) : toSubmit(plan, drive.decider));
  if (answer === null) throw new Fault({ slug: "transaction-conflict", retryable: true, tries: 1, retryAfter: 1 });
  drives.delete(frame);
  const result = answerOf(answer, frame);
  if (answer.kind !== "committed" || answer.isReplay) return result;
  if (answer.isFoundOut === true) await awaitParts(frame.origin, result);
  startAfterHooksOf(steps, bodyOf(result).txid);
  return result;
}

/** How long the pause before the next try of a transaction over several objects may be; null: it was not that which failed. */
export function maxPauseOf(frame: RunFrame): number | null {
  return drives.get(frame)?.maxPauseMs ?? null;
}

/** A failure that rests on reads of several objects: may it be told ([TP3])? */
export async function refuseAcross(plan: Plan): Promise<"stands" | "again" | ObjectAnswer> {
  const { frame, seen } = plan;
  const drive = drives.get(frame) ?? newDrive(plan);
  drives.set(frame, drive);
  const works = partsOf(plan, new Set(seen.keys()), null).map(({ object, work }) => ({
    object,
    work: { ...work, steps: [] },
  }));
  const answer = await drive.submit({ kind: "refused", works, fault: { slug: "internal-error" } });
  if (answer === null) return "again";
  drives.delete(frame);
  if (answer.kind === "fault") return "stands";
  return answer.kind === "conflict" ? "again" : answerOf(answer, frame);
}

function newDrive({ frame, objects, steps }: Plan): TransactionDrive {
  const { idempotency, attempt, text } = frame.key;
  // Where the list does not tell the objects, nobody else knows the key: those of the first run do.
  const declared = objects === null ? steps.map(({ target }) => target.request.object) : [...objects];
  const request = {
    id: frame.facts.txid,
    idempotency: idempotency ?? {
      key: attempt?.id ?? text,
      fingerprint: ANY_REQUEST,
      ttlMs: DEFAULT_IDEMPOTENCY_TTL_MS,
    },
    keyFrom: idempotency === null ? "worker" : "client",
    decider: decidingObject(declared),
    startedAtMs: frame.deadlineMs - TRANSACTION_MS,
    maxTries: TRANSACTION_LIMITS.tries,
  } as const;
  return new TransactionDrive(frame.origin.exchange, request, declared);
}

function toSubmit(plan: Plan, decider: ObjectName): Evaluation<PartWork> {
  const { steps, seen, submission } = plan;
  const { effects, shown, value } = submission;
  const objects = new Set([...steps.map(({ target }) => target.request.object), ...seen.keys(), decider]);
  return { kind: "submit", works: partsOf(plan, objects, { decider, whole: { effects, shown, value } }) };
}

function partsOf(
  { frame, steps, seen }: Plan,
  objects: ReadonlySet<ObjectName>,
  deciding: { readonly decider: ObjectName; readonly whole: WholeWork } | null,
): ObjectWork<PartWork>[] {
  return [...objects].map((object) => {
    const own = steps.filter(({ target }) => target.request.object === object);
    const work: PartWork = {
      header: headerOf(frame, own),
      facts: frame.facts,
      steps: own.map(({ wire }) => wire),
      seen: frame.isolation === "committed" ? null : (seen.get(object) ?? null),
      whole: object === deciding?.decider ? deciding.whole : null,
    };
    return { object, work };
  });
}

function headerOf({ origin }: RunFrame, [first]: readonly Step[]): PartWork["header"] {
  if (first === undefined) {
    const { principal, trace } = origin.exchange;
    return { table: null, partition: null, principal, requestId: trace.requestId, traceparent: trace.traceparent };
  }
  const { table, partition, requestId, traceparent, principal } = callHeader(first.target.request);
  return { table, partition, requestId, traceparent, principal };
}

function isReading({ wire: { action } }: Step): boolean {
  if (action.kind !== "ready") return action.kind === "skipped";
  const { kind } = action.work;
  return kind === "read" || kind === "list" || kind === "count";
}

/** An integer id is made in the turn that writes the row; across objects every id is known before ([TX6]). */
function checkIds(steps: readonly Step[]): void {
  for (const { wire } of steps) {
    const { action, index, resource } = wire;
    const isMinted =
      action.kind === "ready" &&
      action.work.kind === "write" &&
      action.work.write.intent.op === "create" &&
      action.work.write.intent.id === null;
    if (isMinted)
      throw invalidField(
        `operations[${index}].resource`,
        `${resource} has integer ids, which are made in one object: a transaction over several cannot create its rows`,
        "integer-id",
      );
  }
}

function answerOf(answer: DriverAnswer, { key }: RunFrame): ObjectAnswer {
  switch (answer.kind) {
    case "committed":
      return { ...answered(answer.reply), ...(answer.isReplay ? { isReplay: true } : {}) };
    case "read":
      return answered(answer.results);
    case "fault":
      throw new Fault(answer.fault);
    case "conflict":
      throw new Fault({ slug: "transaction-conflict", retryable: true, tries: answer.tries, retryAfter: 1 });
    case "timeout":
      throw new Fault({ slug: "timeout", detail: "The transaction took longer than 10 s; nothing was written" });
    case "unavailable":
      throw new Fault({ slug: "unavailable", retryAfter: 1 });
    case "unknown":
      throw new Fault({ slug: "outcome-unknown", retryAfter: 1, idempotencyKey: key.text });
    default:
      return unreachable(answer);
  }
}

function answered(body: Json): ObjectAnswer {
  const { seqs } = body as unknown as TransactionBody;
  const position = seqs.flatMap(({ token }) => token ?? []).join(", ");
  return { kind: "answer", status: 200, headers: {}, body: JSON.stringify(body), position };
}
