/**
 * The rows of a batch while it runs. Conditions are about the versions before the batch; a row is read again once hooks or
 * relations have written more than the item at hand, so that a later item works on what an earlier one left.
 */

import type { StoredRow } from "../../src/core/change/plan-write.ts";
import type { RowId } from "../../src/core/ids.ts";
import type { Commit } from "./commit.ts";
import type { TableStore } from "./table-store.ts";

export interface BatchRows {
  /** As it was before the batch. */
  before(id: RowId): StoredRow | null;
  /** As it stands, under its version from before the batch. */
  now(id: RowId): StoredRow | null;
  /** To be called after each item. */
  itemDone(id: RowId | null): void;
}

export function batchRows(commit: Commit, table: TableStore, before: ReadonlyMap<RowId, StoredRow>): BatchRows {
  let seen = commit.changes.length;
  let isAlone = true;
  return {
    before: (id) => before.get(id) ?? null,
    now(id) {
      const known = before.get(id) ?? null;
      if (isAlone) return known;
      const current = table.find(id);
      return current === null || known === null ? current : { row: current.row, version: known.version };
    },
    itemDone(id) {
      const { changes } = commit;
      for (; seen < changes.length; seen++) {
        const change = changes[seen];
        if (change?.table !== table.spec.name || (id !== null && change.id !== id)) isAlone = false;
      }
    },
  };
}
