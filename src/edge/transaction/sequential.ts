/**
 * One operation after the other, each a commit of its own ([TX26]–[TX28] [HT60]): the first failure stops, nothing is undone. Each step
 * is recorded as `key#index` in its own object, so a repetition passes over those that were done and goes on at the one that failed.
 */

import { Fault, type FaultData } from "../../core/fault.ts";
import type { Json } from "../../core/json.ts";
import { errorFields } from "../../core/log.ts";
import type { CommittedStep, TransactionBody } from "../../core/protocol/transaction-call.ts";
import { holds, parseCondition } from "../../core/transaction/condition.ts";
import { TRANSACTION_LIMITS } from "../../core/transaction/limits.ts";
import type { Operation } from "../../core/transaction/operation.ts";
import { brokenReference, placeOperationFault } from "../../core/transaction/place-operation-fault.ts";
import type { StepResult } from "../../core/transaction/results.ts";
import { valueAt } from "../../core/transaction/results.ts";
import { fill, isTemplate, literally, TemplateError } from "../../core/transaction/template.ts";
import { HttpError } from "../../define/http-error.ts";
import type { WriteKey } from "../idempotency.ts";
import { openFrame, untilCommitted } from "./atomic.ts";
import { bodyOf } from "./body-of.ts";
import type { Target } from "./open-target.ts";
import type { Origin } from "./origin.ts";
import { PLAIN, type Submission, TransactionRun } from "./run.ts";

export interface SequentialStep extends Omit<CommittedStep, "status"> {
  readonly status: "done" | "skipped" | "failed" | "not-run";
  /** Of the step that failed. */
  readonly problem?: FaultData;
}

export interface SequentialOutcome {
  readonly ok: boolean;
  readonly results: { readonly [name: string]: Json };
  readonly steps: readonly SequentialStep[];
  /** The latest position of each object. */
  readonly seqs: TransactionBody["seqs"];
  /** What stopped it. */
  readonly error?: unknown;
}

/** One step on its way: its operation, once its functions are known to give what they give. */
export interface SequentialItem {
  readonly target: Target;
  /** Called in its turn, with the results so far. Null: its condition does not hold. */
  readonly operation: (results: readonly StepResult[]) => Operation | null | Promise<Operation | null>;
  /** Result for later steps and the reply. */
  readonly transform?: (value: Json) => Json;
  readonly submission?: Submission;
}

/** `keyOf` gives the key of a step: the key of the whole with its index. */
export async function runSequentially(
  origin: Origin,
  items: readonly SequentialItem[],
  keyOf: (target: Target, index: number) => Promise<WriteKey>,
): Promise<SequentialOutcome> {
  const names = items.map(({ target }) => target.place.as);
  const results: StepResult[] = [];
  const steps: SequentialStep[] = [];
  const seqs = new Map<string, TransactionBody["seqs"][number]>();
  let error: unknown;
  for (const item of items) {
    const { target } = item;
    const known = { ...target.place, op: target.op, resource: target.request.entry.path };
    if (error !== undefined) {
      steps.push({ ...known, status: "not-run" });
      continue;
    }
    try {
      const operation = await item.operation(results);
      if (operation === null || (operation.when !== undefined && !isTrue(operation.when, names, results))) {
        results.push({ isSkipped: true, value: null });
        steps.push({ ...known, status: "skipped" });
        continue;
      }
      if (operation.require !== undefined && !isTrue(operation.require, names, results))
        throw new Fault(placeOperationFault({ slug: "precondition-failed", reason: "require" }, target.place));
      const body = await commitAlone(origin, item, filledIn(operation, target, names, results), keyOf);
      const [step] = body.steps;
      const value = body.results[target.place.as] ?? null;
      results.push({ isSkipped: false, value: item.transform === undefined ? value : item.transform(value) });
      if (step !== undefined) steps.push(step);
      for (const seq of body.seqs) seqs.set(target.request.object, { ...seq, resource: known.resource });
    } catch (thrown) {
      error = thrown;
      steps.push({ ...known, status: "failed", problem: faultOf(origin, thrown, target) });
    }
  }
  const named = names
    .slice(0, results.length)
    .map((name, index): [string, Json] => [name, results[index]?.value ?? null]);
  return {
    ok: error === undefined,
    results: Object.fromEntries(named),
    steps,
    seqs: [...seqs.values()],
    ...(error === undefined ? {} : { error }),
  };
}

async function commitAlone(
  origin: Origin,
  { target, submission = PLAIN }: SequentialItem,
  operation: Operation,
  keyOf: (target: Target, index: number) => Promise<WriteKey>,
): Promise<TransactionBody> {
  const key = await keyOf(target, target.place.index);
  const frame = openFrame({ origin, key, keeper: target, isolation: "serializable" });
  const answer = await untilCommitted(frame, TRANSACTION_LIMITS.tries, async () => {
    const run = new TransactionRun(frame, new Set([target.request.object]));
    await run.add(target, { ...operation, when: undefined, require: undefined });
    return run.commit(submission);
  });
  return bodyOf(answer);
}

/** References filled with the results that there are; what came in for them is data and no template. */
function filledIn(
  operation: Operation,
  { place }: Target,
  names: readonly string[],
  results: readonly StepResult[],
): Operation {
  const put = <T extends Json | undefined>(member: string, value: T): T => {
    if (value === undefined || !isTemplate(value as Json)) return value;
    try {
      return literally(fill(value as Json, (path) => valueAt(path, names, results))) as T;
    } catch (error) {
      if (error instanceof TemplateError) throw brokenReference(place, member, error.message);
      throw error;
    }
  };
  const { where } = operation;
  return {
    ...operation,
    id: put("id", operation.id),
    data: put("data", operation.data),
    ifVersion: put("ifVersion", operation.ifVersion),
    where: typeof where === "object" ? put("where", where) : where,
  };
}

function isTrue(text: string, names: readonly string[], results: readonly StepResult[]): boolean {
  return holds(parseCondition(text, "when", null), names, results);
}

function faultOf({ exchange }: Origin, error: unknown, { place }: Target): FaultData {
  if (error instanceof Fault) {
    const data = placeOperationFault(error.data, place, "data");
    return error instanceof HttpError ? ({ detail: error.message, ...data } as FaultData) : data;
  }
  exchange.log.error("defect in a step", { ...place, ...errorFields(error) });
  return placeOperationFault({ slug: "internal-error" }, place);
}
