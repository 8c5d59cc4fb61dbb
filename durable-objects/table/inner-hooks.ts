/** The hooks of a table that run inside the transaction, `onWrite` and `onRemove`: called with what they may do, their answer checked. */

import { hookOperation } from "../../src/core/change/hook-operation.ts";
import type { Json } from "../../src/core/json.ts";
import type { Draft, Row } from "../../src/core/schema/table-spec.ts";
import { parseValue } from "../../src/core/schema/value.ts";
import type { Commit } from "./commit.ts";
import { hookTransaction } from "./hook-transaction.ts";
import type { TableStore } from "./table-store.ts";

export function runOnWrite(
  commit: Commit,
  table: TableStore,
  before: Row | null,
  after: Row | null,
  onTouch: () => void,
): Draft | null {
  const hook = table.resource.config.hooks?.onWrite;
  if (hook === undefined) return null;
  const change = { op: hookOperation(table.spec, before, after), before, after };
  const given: unknown = hook.call(table.resource.config.hooks, hookTransaction(commit, onTouch), change as never);
  if (given === undefined || given === null) return null;
  if (typeof (given as { then?: unknown }).then === "function") {
    throw new TypeError(`onWrite of "${table.spec.name}" returned a promise: nothing in a transaction can wait`);
  }
  return checkedPatch(table, given as Readonly<Record<string, Json>>);
}

export function runOnRemove(commit: Commit, table: TableStore, row: Row): void {
  const { hooks } = table.resource.config;
  const given: unknown = hooks?.onRemove?.(
    hookTransaction(commit, () => {}),
    row as never,
  );
  if (typeof (given as { then?: unknown } | undefined)?.then === "function")
    throw new TypeError(`onRemove of "${table.spec.name}" returned a promise: nothing in a transaction can wait`);
}

/** Columns that server code gave, checked by kind; a mistake there is a defect of the application. */
export function checkedPatch(table: TableStore, patch: Readonly<Record<string, Json>>): Draft {
  const checked: Record<string, Json> = {};
  for (const [name, value] of Object.entries(patch)) {
    const column = table.spec.columns.find((candidate) => candidate.name === name);
    if (column === undefined) throw new TypeError(`table "${table.spec.name}" has no column "${name}"`);
    if (value === undefined) continue;
    const parsed = parseValue(column, value);
    if (!parsed.ok) throw new TypeError(`column "${name}" of table "${table.spec.name}" ${parsed.message}`);
    checked[name] = parsed.value;
  }
  return checked;
}
