/**
 * The steps of a transaction inside one object, in order, each seeing what the earlier ones changed ([TX5]): condition, work, expectation.
 * The first that fails undoes all, and its fault tells which it was ([HT59]). Called for a commit and for a trial alike.
 */

import { Fault, unreachable } from "../../src/core/fault.ts";
import type { RowId } from "../../src/core/ids.ts";
import type { Json } from "../../src/core/json.ts";
import type { Drawn, TransactionStep } from "../../src/core/protocol/transaction-call.ts";
import { type DraftKind, validateDraft } from "../../src/core/schema/validate-draft.ts";
import { holds, parseCondition } from "../../src/core/transaction/condition.ts";
import { placeOperationFault } from "../../src/core/transaction/place-operation-fault.ts";
import { type StepResult, valueAt } from "../../src/core/transaction/results.ts";
import { draftKinds, finishWork, shapeOperation, type Validated } from "../../src/core/transaction/shape-operation.ts";
import { requiredColumns } from "../../src/define/required-columns.ts";
import type { Commit } from "./commit.ts";
import { runWork, type WorkContext } from "./run-work.ts";
import type { TableStore } from "./table-store.ts";

export interface StepRun {
  readonly step: TransactionStep;
  readonly status: "done" | "skipped";
  readonly value: Json;
  readonly full: Json;
  /** Of the row that it was about, where there is just one. */
  readonly id: RowId | null;
  readonly drawn: Drawn | null;
}

/** Results of all steps together, in characters: a reply above 32 MiB does not cross to the Worker. */
const MAX_RESULT_CHARS = 8 * 2 ** 20;

export function runSteps(commit: Commit, steps: readonly TransactionStep[]): StepRun[] {
  const names = steps.map((step) => step.as);
  const runs: StepRun[] = [];
  const results: StepResult[] = [];
  const context: WorkContext = { commit, versions: new Map(), rowsByFilter: 0 };
  let chars = 0;
  for (const [position, step] of steps.entries()) {
    try {
      const run = runStep(context, step, names, results);
      runs.push(run);
      results.push({ isSkipped: run.status === "skipped", value: run.value });
      if (Array.isArray(run.value)) chars += JSON.stringify(run.value).length;
      if (chars > MAX_RESULT_CHARS)
        throw new Fault({ slug: "batch-limit-exceeded", operation: "read", limit: "bytes", requested: chars });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      throw new Fault(placeOperationFault(error.data, { index: step.index, as: names[position] ?? "" }, "data"));
    }
  }
  return runs;
}

function runStep(
  context: WorkContext,
  step: TransactionStep,
  names: readonly string[],
  results: readonly StepResult[],
): StepRun {
  const { action, when } = step;
  if (action.kind === "refused") throw new Fault(action.fault);
  if (action.kind === "skipped" || (when !== null && !holds(conditionOf(when), names, results)))
    return { step, status: "skipped", value: null, full: null, id: null, drawn: null };
  if (step.require !== null && !holds(conditionOf(step.require), names, results))
    throw new Fault({ slug: "precondition-failed", reason: "require" });
  const table = tableOf(context.commit, step);
  const work = action.kind === "ready" ? action.work : makeReady(context.commit, table, step, names, results);
  const done = runWork(context, table, step, work);
  const { expect } = step;
  if (expect !== null && (expect === "some" ? done.rows === 0 : done.rows !== (expect === "one" ? 1 : expect)))
    throw new Fault({ slug: "conflict", reason: "expect" });
  return { step, status: "done", ...done };
}

function makeReady(
  { store }: Commit,
  table: TableStore,
  step: TransactionStep,
  names: readonly string[],
  results: readonly StepResult[],
) {
  if (step.action.kind !== "open") return unreachable(step.action as never);
  const { spec, resource } = table;
  const { config, operators } = resource;
  const shaped = shapeOperation(
    step.action.operation,
    { spec, operators, allowedOperators: config.query?.operators, partition: store.partition },
    { index: step.index, as: step.as },
    (path) => valueAt(path, names, results),
  );
  const required = requiredColumns(resource);
  const drafts = new Map<DraftKind, Validated>();
  if (shaped.kind !== "ready")
    for (const kind of draftKinds(shaped)) drafts.set(kind, validateDraft(spec, shaped.draft, kind, required));
  return finishWork(shaped, (kind) => drafts.get(kind) as Validated);
}

/** The Worker has checked the names in it. */
function conditionOf(text: string) {
  return parseCondition(text, "when", null);
}

function tableOf({ store }: Commit, { table: name }: TransactionStep): TableStore {
  const table = store.tables.get(name);
  if (table === undefined)
    throw new Fault({ slug: "unavailable", retryAfter: 5, detail: "The table has not been migrated yet." });
  return table;
}
