/**
 * One commit, one change a row: several changes of one row are folded into one, and what cancels out disappears ([CL2]).
 * Pure; called by the object just before it writes the ledger row.
 */

import { type Json, jsonEquals } from "../json.ts";
import type { RowChange } from "../protocol/object-call.ts";
import type { Row } from "../schema/table-spec.ts";

/** The net changes, in the order in which each row was first touched. */
export function foldChanges(changes: readonly RowChange[]): RowChange[] {
  if (changes.length === 1) return changes.filter(isRealChange);
  const byRow = new Map<string, RowChange>();
  for (const change of changes) {
    const key = `${change.table}\u0000${change.id}`;
    const earlier = byRow.get(key);
    byRow.set(key, earlier === undefined ? change : follow(earlier, change));
  }
  return [...byRow.values()].filter(isRealChange);
}

function follow(earlier: RowChange, later: RowChange): RowChange {
  const before = earlier.before;
  const after = later.after;
  const op = before === null ? "create" : after === null ? "delete" : "update";
  const optimisticId = earlier.optimisticId ?? later.optimisticId;
  return {
    table: later.table,
    id: later.id,
    op,
    before,
    after,
    ...(optimisticId === undefined ? {} : { optimisticId }),
  };
}

function isRealChange(change: RowChange): boolean {
  if (change.before === null || change.after === null) return change.before !== change.after;
  return !rowsEqual(change.before, change.after);
}

function rowsEqual(a: Row, b: Row): boolean {
  return jsonEquals(a as Json, b as Json);
}
