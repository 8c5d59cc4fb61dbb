/**
 * Conditions on the rows of a batch as a collection ([HT39]): does a tag that the caller read still hold? The ledger answers, by
 * the images of what was written since. Reads only.
 */

import { isSoftDeleted } from "../../src/core/change/plan-write.ts";
import { Fault } from "../../src/core/fault.ts";
import { collectionSince } from "../../src/core/protocol/collection-since.ts";
import type { Preconditions, RowChange, WriteScopes } from "../../src/core/protocol/object-call.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import { scopeTest } from "./scope-test.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";

export interface BatchCondition {
  readonly operation: "update" | "delete";
  readonly conditions: Preconditions;
  readonly scopes: WriteScopes;
  /** The rows that the caller names, by filter or by id. */
  readonly names: (row: Row) => boolean;
  /** A table that requires conditions requires one here; not for a dry run. */
  readonly isRequired: boolean;
}

/** Entries are read in pieces, so that a long way back does not lie in memory at once. */
const ENTRIES_A_STEP = 64;
/** A tag further back than this many bytes of ledger counts as outdated: finding out would hold up everyone else. */
const MAX_BYTES_BACK = 32 * 2 ** 20;

export function checkCollection(store: Store, table: TableStore, condition: BatchCondition): void {
  const { ifMatch, ifNoneMatch } = condition.conditions;
  if (ifMatch === undefined && condition.isRequired && table.spec.etagRequired) {
    throw new Fault({ slug: "precondition-required", header: "If-Match" });
  }
  const isUnchanged = (tags: NonNullable<Preconditions["ifMatch"]>): boolean => {
    if (tags.kind === "any") return true;
    const since = collectionSince(tags, store.epoch);
    return since !== null && isUntouchedSince(store, table, since, watched(table, condition));
  };
  if (ifMatch !== undefined && !isUnchanged(ifMatch)) throw new Fault({ slug: "precondition-failed" });
  if (ifNoneMatch !== undefined && isUnchanged(ifNoneMatch)) throw new Fault({ slug: "precondition-failed" });
}

/**
 * Rows whose change matters: those named that the caller may read or write. What happens to rows out of sight does not show.
 */
function watched(table: TableStore, { operation, scopes, names }: BatchCondition): (row: Row) => boolean {
  const mayRead = scopeTest(table, scopes.read);
  const mayWrite = scopeTest(table, scopes[operation] ?? "");
  return (row) => !isSoftDeleted(table.spec, row) && (mayRead(row) || mayWrite(row)) && names(row);
}

/** Whether no commit after `since` wrote a row that matched before or after. What the ledger no longer tells counts as a change. */
export function isUntouchedSince(
  store: Store,
  table: TableStore,
  since: number,
  matches: (row: Row) => boolean,
): boolean {
  const { seq, total } = store.head;
  if (since > seq) return false;
  if (since === seq) return true;
  // The entry right after the tag must still be there; `total` is the running sum of bytes up to and with it.
  const next = store.sql.all("SELECT total FROM _log WHERE seq = ?", [since + 1])[0];
  if (next === undefined || total - Number(next.total) > MAX_BYTES_BACK) return false;
  const isMatch = (row: Row | null) => row !== null && matches(row);
  // Most entries are about other tables: their text is told apart without reading it.
  const named = `"table":${JSON.stringify(table.spec.name)}`;
  for (let top = since; top < seq; top += ENTRIES_A_STEP) {
    const entries = store.sql.all("SELECT changes FROM _log WHERE seq > ? AND seq <= ? AND instr(changes, ?) > 0", [
      top,
      top + ENTRIES_A_STEP,
      named,
    ]);
    for (const entry of entries) {
      const changes = JSON.parse(String(entry.changes)) as RowChange[];
      if (
        changes.some((change) => change.table === table.spec.name && (isMatch(change.before) || isMatch(change.after)))
      )
        return false;
    }
  }
  return true;
}
