/** A batch over the rows under a filter: the same patch, or removal, for each ([HT46]–[HT48]). Rows go in order of id. */

import { isSoftDeleted } from "../../src/core/change/plan-write.ts";
import { Fault, invalid as invalidInput } from "../../src/core/fault.ts";
import type { RowId } from "../../src/core/ids.ts";
import type { BatchCall, FilterBatch, HookedRow } from "../../src/core/protocol/batch-call.ts";
import type { Preconditions, WriteIntent } from "../../src/core/protocol/object-call.ts";
import type { ListedRow } from "../sql/list-rows.ts";
import type { BatchOutcome } from "./batch.ts";
import { batchRows } from "./batch-rows.ts";
import { checkCollection } from "./collection-condition.ts";
import type { Commit } from "./commit.ts";
import { scopeTest } from "./scope-test.ts";
import { selectBatch } from "./select-batch.ts";
import type { TableStore } from "./table-store.ts";
import type { Committed } from "./transact.ts";
import { applyWrite } from "./write.ts";
import { callerFacts } from "./write-facts.ts";

/** The rows answer the condition on the collection together, so none of them needs one. */
const ANSWERED: Preconditions = { ifMatch: { kind: "any" } };

export function runFilterBatch(
  commit: Commit,
  table: TableStore,
  call: Pick<BatchCall, "conditions" | "scopes">,
  work: FilterBatch,
): { readonly kind: "count"; readonly count: number; readonly ids: readonly RowId[] } {
  const { store } = commit;
  const { conditions, scopes } = call;
  const { op: operation, hooked } = work;
  commit.reads?.range(table.spec.name, work.filter);
  checkCollection(store, table, {
    operation,
    conditions,
    scopes,
    names: namedBy(table, work.filter),
    isRequired: true,
  });
  const selected = selectBatch(store, table, { operation, rows: work, scopes });
  if (work.invalid.length > 0) throw invalidInput(work.invalid);
  if (hooked !== null) checkHooked(selected, hooked, table);
  const rows = batchRows(
    commit,
    table,
    new Map(selected.map((listed) => [listed.row[table.spec.primaryKey] as RowId, listed])),
  );
  store.failPoint?.("batch.found");
  const facts = callerFacts(store, table, { scopes, conditions: ANSWERED }, [], commit.nowMs);
  selected.forEach(({ row }, index) => {
    const id = row[table.spec.primaryKey] as RowId;
    const own = hooked?.[index];
    if (own?.kind === "refused") throw new Fault(own.fault);
    const stored = rows.now(id);
    // Gone with an earlier row of the batch, by a hook or a relation.
    if (stored === null || isSoftDeleted(table.spec, stored.row)) return;
    const intent: WriteIntent =
      operation === "delete"
        ? { op: "delete", id, hard: false }
        : { op: "update", id, input: own?.patch ?? work.patch };
    applyWrite(commit, table, intent, stored, facts);
    rows.itemDone(id);
    store.failPoint?.("batch.item-done");
  });
  return {
    kind: "count",
    count: selected.length,
    ids: selected.map(({ row }) => row[table.spec.primaryKey] as RowId),
  };
}

/** Hooks must have seen just the rows that match now, up to the one they refused ([HT31]). */
function checkHooked(selected: readonly ListedRow[], hooked: readonly HookedRow[], table: TableStore): void {
  const isWhole =
    hooked.at(-1)?.kind === "refused" ? hooked.length <= selected.length : hooked.length === selected.length;
  const isSame = hooked.every(({ id, version }, index) => {
    const listed = selected[index];
    return listed?.row[table.spec.primaryKey] === id && listed.version === version;
  });
  if (!isWhole || !isSame) throw new Fault({ slug: "conflict", reason: "contended" });
}

/** The number that an earlier attempt told: rows that matched before its commit, as far as they changed. */
export function rebuildFilterBatch(
  table: TableStore,
  { scopes }: BatchCall,
  work: FilterBatch,
  { changes }: Committed,
): BatchOutcome {
  const isNamed = namedBy(table, work.filter);
  const isOpen = scopeTest(table, scopes[work.op] ?? "");
  const matched = changes.filter(
    ({ table: name, before }) =>
      name === table.spec.name &&
      before !== null &&
      !isSoftDeleted(table.spec, before) &&
      isNamed(before) &&
      isOpen(before),
  );
  return { kind: "count", count: matched.length };
}

export function namedBy(table: TableStore, filter: string): ReturnType<typeof scopeTest> {
  return scopeTest(table, filter === "" ? "*" : filter);
}
