/** What hooks are told of a change: what happened, and the key it is known by. Shared by the objects and the Worker's after-hooks. */

import type { RowChange } from "../protocol/object-call.ts";
import type { Row, TableSpec } from "../schema/table-spec.ts";
import { isSoftDeleted } from "./plan-write.ts";

/** Setting the soft-delete marker is a deletion to everyone but the ledger. */
export function hookOperation(table: TableSpec, before: Row | null, after: Row | null): RowChange["op"] {
  if (before === null) return "create";
  if (after === null) return "delete";
  return !isSoftDeleted(table, before) && isSoftDeleted(table, after) ? "delete" : "update";
}

/** `table:seq:index`, with `@partition` where there is one ([TX40]): with the epoch, what a handler de-duplicates by. */
export function effectKey(table: string, partition: string | null, seq: number, index: number): string {
  return `${partition === null ? table : `${table}@${partition}`}:${seq}:${index}`;
}
