/**
 * How much a write that has to wait keeps from others: its rows, and the memory its input takes, in one rough number. Asked for when a
 * write waits, never of one that an idle object takes at once. Pure.
 */

import type { BatchItem, FilterBatch } from "../../src/core/protocol/batch-call.ts";
import type { MutatingCall, WriteIntent } from "../../src/core/protocol/object-call.ts";
import type { StepAction, StepWork } from "../../src/core/protocol/transaction-call.ts";
import type { Draft } from "../../src/core/schema/table-spec.ts";

const CHARACTERS_A_UNIT = 1024;
/** Of a batch by filter, whose rows nobody has counted yet. */
const UNCOUNTED_ROWS = 50;

/** One a row, and one for each 1,024 characters of input. */
export function callWeight(call: MutatingCall): number {
  if (call.op === "write") return 1 + inputUnits(call.intent);
  if (call.op === "procedure") return 1 + Math.floor(JSON.stringify(call.input).length / CHARACTERS_A_UNIT);
  if (call.op === "transaction") return call.steps.reduce((sum, { action }) => sum + stepWeight(action), 1);
  const { work } = call;
  return work.kind === "items" ? 1 + work.items.reduce((sum, item) => sum + itemWeight(item), 0) : filterWeight(work);
}

function stepWeight(action: StepAction): number {
  switch (action.kind) {
    case "ready":
      return workWeight(action.work);
    case "open":
      return 1 + draftUnits(action.operation.data ?? {});
    case "skipped":
    case "refused":
      return 0;
  }
}

function workWeight(work: StepWork): number {
  switch (work.kind) {
    case "write":
      return 1 + inputUnits(work.write.intent);
    case "upsert":
      return itemWeight(work);
    case "filter":
      return filterWeight(work);
    case "read":
    case "count":
    case "list":
      return 1;
  }
}

function filterWeight({ hooked, patch }: Pick<FilterBatch, "hooked" | "patch">): number {
  if (hooked === null) return UNCOUNTED_ROWS + draftUnits(patch);
  return hooked.reduce((sum, row) => sum + 1 + (row.kind === "write" ? draftUnits(row.patch) : 0), 1);
}

function itemWeight(item: BatchItem): number {
  switch (item.kind) {
    case "refused":
      return 0;
    case "write":
      return 1 + inputUnits(item.write.intent);
    case "upsert":
      return 1 + inputUnits(item.present.intent) + (item.absent === null ? 0 : inputUnits(item.absent.intent));
  }
}

function inputUnits(intent: WriteIntent): number {
  return "input" in intent ? draftUnits(intent.input) : 0;
}

function draftUnits(draft: Draft): number {
  let characters = 0;
  for (const value of Object.values(draft)) {
    if (typeof value === "string") characters += value.length;
    else if (typeof value === "object" && value !== null) characters += JSON.stringify(value).length;
  }
  return Math.floor(characters / CHARACTERS_A_UNIT);
}
