/**
 * Runs a declared transaction ([TX3]–[TX8]): checks the body, prepares once, then step by step: condition, requirement, data, pure functions of
 * the results so far. `effects` and `transform` are settled before the commit; `onSuccess` and `onError` cannot change the answer.
 */

import { Fault } from "../../core/fault.ts";
import { uuidv7 } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";
import type { NamedEffect, TransactionBody } from "../../core/protocol/transaction-call.ts";
import { limitExceeded, TRANSACTION_LIMITS } from "../../core/transaction/limits.ts";
import type { StepResult } from "../../core/transaction/results.ts";
import type { ObjectAnswer } from "../endpoints/answer.ts";
import type { WriteKey } from "../idempotency.ts";
import { afterwards, toldOf } from "./afterwards.ts";
import { openFrame, untilCommitted } from "./atomic.ts";
import { bodyOf } from "./body-of.ts";
import { type Declared, itemOf, readItem } from "./declared.ts";
import { firstContext, requestBody, validBody } from "./declared-context.ts";
import type { TransactionContext } from "./declared-types.ts";
import { keeperOf } from "./find-reply.ts";
import { openTarget, type Target } from "./open-target.ts";
import { audit, type Origin } from "./origin.ts";
import { pure } from "./pure.ts";
import { viewResults } from "./results-view.ts";
import { type RunFrame, type Submission, TransactionRun } from "./run.ts";
import { runSequentially, type SequentialOutcome } from "./sequential.ts";
import { SequentialError } from "./sequential-error.ts";
import { ORIGIN, type ServerContext } from "./server-context.ts";
import { stepKey } from "./step-key.ts";
import { codeKey } from "./write-key.ts";

export interface RunOptions {
  /** What `ctx.body` is; default: the JSON body of the request. */
  readonly body?: unknown;
  /** Covers the whole ([TX33]). */
  readonly idempotencyKey?: string;
  /** In place of a key of its own: how a mapped route reads its header. */
  readonly keyOf?: (first: Target, body: Json) => Promise<WriteKey>;
  /** Called with the results before the commit: what it throws undoes all. A mapped route sees whether its reply can be made. */
  readonly checkReply?: (results: Readonly<Record<string, unknown>>, ctx: TransactionContext) => void;
}

export interface DeclaredOutcome {
  readonly results: Readonly<Record<string, unknown>>;
  readonly ctx: TransactionContext;
  readonly body: TransactionBody | null;
  readonly answer: ObjectAnswer | null;
}

export async function runDeclared(
  declared: Declared,
  context: ServerContext,
  options: RunOptions,
): Promise<DeclaredOutcome> {
  const { spec } = declared;
  const origin = context[ORIGIN];
  let ctx = firstContext(context, options.body);
  try {
    audit(origin);
    if (options.body === undefined) ctx = { ...ctx, body: await requestBody(context) };
    if (spec.validate !== undefined) ctx = { ...ctx, body: await validBody(spec.validate, ctx) };
    if (spec.prepare !== undefined) ctx = { ...ctx, prepared: await spec.prepare(ctx) };
    const targets = await openTargets(declared, origin, ctx);
    const [first] = targets;
    if (first === undefined) throw new Error("a transaction has an operation");
    const input = (JSON.parse(JSON.stringify(ctx.body ?? null)) ?? null) as Json;
    const key = await (options.keyOf ?? ((target) => codeKey(target.request, options.idempotencyKey, input)))(
      first,
      input,
    );
    const outcome =
      spec.atomic === false
        ? await sequentially(declared, origin, ctx, targets, key)
        : await atomically(declared, origin, ctx, targets, key, options.checkReply);
    if (spec.onSuccess !== undefined && outcome.answer?.isReplay !== true)
      afterwards(origin, () => spec.onSuccess?.(outcome.results, outcome.ctx));
    return outcome;
  } catch (error) {
    if (spec.onError !== undefined) afterwards(origin, () => spec.onError?.(toldOf(error), ctx));
    throw error;
  }
}

async function atomically(
  declared: Declared,
  origin: Origin,
  ctx: TransactionContext,
  targets: readonly Target[],
  key: WriteKey,
  checkReply: RunOptions["checkReply"],
): Promise<DeclaredOutcome> {
  const { spec } = declared;
  const { isolation = "serializable", maxTries = TRANSACTION_LIMITS.tries } = spec;
  const frame = openFrame({ origin, key, keeper: keeperOf(targets), isolation });
  const objects = new Set(targets.map(({ request }) => request.object));
  const ids = new Map<string, string>();
  const answer = await untilCommitted(frame, maxTries, async () => {
    const run = new TransactionRun(frame, objects);
    const submission = await makeSteps(declared, run, targets, ctx, ids);
    if (checkReply !== undefined && !run.isFailing) {
      await run.tryOut();
      const results = Object.fromEntries(
        declared.names.map((name, index) => [
          name,
          index in submission.shown ? submission.shown[index] : (run.outcomeOf(index)?.value ?? null),
        ]),
      );
      checkReply(results, { ...ctx, results });
    }
    return run.commit(submission);
  });
  const body = bodyOf(answer);
  return { results: body.results, ctx: { ...ctx, results: body.results }, body, answer };
}

/** Adds every step; gives what is submitted besides. */
async function makeSteps(
  { spec, operations, skeleton, names }: Declared,
  run: TransactionRun,
  targets: readonly Target[],
  base: TransactionContext,
  ids: Map<string, string>,
): Promise<Submission> {
  const transformed = new Map<number, Json>();
  const resultOf = (index: number): Json | undefined => {
    const outcome = run.outcomeOf(index);
    const transform = operations[index]?.transform;
    if (outcome === undefined) return run.steps[index]?.wire.action.kind === "skipped" ? null : undefined;
    const seen = operations[index]?.fields === "all" ? outcome.full : outcome.value;
    if (transform === undefined || outcome.status === "skipped") return seen;
    if (!transformed.has(index)) {
      const value = pure(`transform of ${names[index]}`, () => transform(seen, contextAt(index, "transform")));
      transformed.set(index, jsonOf(value));
    }
    return transformed.get(index);
  };
  const view = (end: number) =>
    viewResults(
      {
        names,
        resultOf,
        idOf(index) {
          const id = run.idOf(index);
          const column = targets[index]?.request.entry.resource.spec.primaryKey ?? "";
          // Whether a step with a text condition runs is not known before it is tried out; nor is what a transform makes of it.
          const isCertain = operations[index]?.when === undefined && operations[index]?.transform === undefined;
          return id === null || !isCertain ? null : { column, id };
        },
      },
      end,
    );
  const contextAt = (index: number, member: string, results: object = view(index).results): TransactionContext => {
    let minted = 0;
    return {
      ...base,
      results: results as TransactionContext["results"],
      newId: () => mint(run.frame, ids, `${index}.${member}.${minted++}`),
    };
  };
  const call = async <V>(index: number, member: string, make: (ctx: TransactionContext) => V): Promise<V> => {
    for (;;) {
      const seen = view(index);
      let value: V | undefined;
      try {
        value = pure(`${member} of ${names[index] ?? "the transaction"}`, () =>
          make(contextAt(index, member, seen.results)),
        );
      } catch (error) {
        // It may have thrown on what an earlier step, not tried out yet, will refuse: then that is the answer.
        if (!seen.isShort() && run.isTried) throw error;
        transformed.clear();
        await run.tryOut();
        continue;
      }
      if (!seen.isShort()) return value as V;
      transformed.clear();
      await run.tryOut();
    }
  };

  for (const [index, operation] of operations.entries()) {
    const [target, known] = [targets[index], skeleton[index]];
    if (target === undefined || known === undefined || run.isFailing) break;
    const { condition, require } = operation;
    if (condition !== undefined && !(await call(index, "condition", condition))) {
      await run.add(target, known, { isSkipped: true });
      continue;
    }
    if (typeof require === "function" && !(await call(index, "require", require))) {
      run.refuse(target, known, new Fault({ slug: "precondition-failed", reason: "require" }));
      break;
    }
    const item = await itemOf(operation, target.place, (member, make) =>
      call(index, member, make as (ctx: TransactionContext) => never),
    );
    await run.add(target, readItem(operation, item, index, names));
  }
  if (run.isFailing) return { effects: [], shown: {}, value: null };
  const effects =
    spec.effects === undefined
      ? []
      : effectsOf(run, await call(operations.length, "effects", (ctx) => spec.effects?.(ctx.results, ctx) ?? []));
  if (operations.some(({ transform }) => transform !== undefined)) {
    await run.tryOut();
    operations.forEach((_, index) => void resultOf(index));
  }
  return { effects, shown: Object.fromEntries(transformed), value: null };
}

async function sequentially(
  { operations, skeleton, names }: Declared,
  origin: Origin,
  base: TransactionContext,
  targets: readonly Target[],
  key: WriteKey,
): Promise<DeclaredOutcome> {
  const ids = new Map<string, string>();
  const frame = openFrame({ origin, key, keeper: null, isolation: "serializable" });
  const contextAt = (index: number, member: string, results: readonly StepResult[]): TransactionContext => {
    const named = Object.fromEntries(
      results.flatMap(({ value }, at) => [
        [names[at] ?? "", value],
        [String(at), value],
      ]),
    );
    let minted = 0;
    return { ...base, results: named, newId: () => mint(frame, ids, `${index}.${member}.${minted++}`) };
  };
  let last: readonly StepResult[] = [];
  const items = await Promise.all(
    operations.map(async (operation, index) => {
      const target = targets[index];
      const known = skeleton[index];
      if (target === undefined || known === undefined) throw new Error("every operation has its table");
      const { condition, require, transform } = operation;
      return {
        target,
        operation: async (results: readonly StepResult[]) => {
          last = results;
          const call = <V>(member: string, make: (ctx: TransactionContext) => V) =>
            pure(`${member} of ${known.as}`, () => make(contextAt(index, member, results)));
          if (condition !== undefined && !call("condition", condition)) return null;
          if (typeof require === "function" && !call("require", require))
            throw new Fault({ slug: "precondition-failed", reason: "require" });
          const item = await itemOf(operation, target.place, async (member, make) =>
            call(member, make as (ctx: TransactionContext) => never),
          );
          return readItem(operation, item, index, names);
        },
        ...(transform === undefined
          ? {}
          : {
              transform: (value: Json) =>
                jsonOf(pure(`transform of ${known.as}`, () => transform(value, contextAt(index, "transform", last)))),
            }),
      };
    }),
  );
  const outcome: SequentialOutcome = await runSequentially(origin, items, (_, index) => stepKey(key, index));
  if (!outcome.ok) throw new SequentialError(outcome);
  return { results: outcome.results, ctx: { ...base, results: outcome.results }, body: null, answer: null };
}

async function openTargets(
  { operations, skeleton }: Declared,
  origin: Origin,
  ctx: TransactionContext,
): Promise<Target[]> {
  const targets: Target[] = [];
  for (const [index, { op, resource, as }] of skeleton.entries()) {
    const given = operations[index]?.partition;
    const partition = typeof given === "function" ? pure("partition", () => given(ctx)) : (given ?? null);
    targets.push(await openTarget(origin, { op, resource, partition }, { index, as }));
  }
  const objects = new Set(targets.map(({ request }) => request.object));
  const max = TRANSACTION_LIMITS.objects;
  if (objects.size > max) throw limitExceeded("objects", objects.size, max);
  return targets;
}

function mint({ facts }: RunFrame, ids: Map<string, string>, place: string): string {
  const id = ids.get(place) ?? uuidv7(facts.nowMs, crypto.getRandomValues(new Uint8Array(10)));
  ids.set(place, id);
  return id;
}

function effectsOf(
  { frame }: TransactionRun,
  given: readonly { readonly task: string; readonly input?: unknown }[],
): NamedEffect[] {
  const { effects } = frame.origin.exchange.edge.definition;
  return given.map(({ task, input }) => {
    if (!effects.has(task)) throw new TypeError(`no effect is called "${task}": declare it in defineApp({ effects })`);
    return { name: task, payload: jsonOf(input) };
  });
}

function jsonOf(value: unknown): Json {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json);
}
