/**
 * A batch of items, in the client's order: each takes the path of the single write; the first that fails undoes all, and its
 * fault tells which it was ([HT45] [HT48]).
 */

import { admitItem } from "../../src/core/change/admit-item.ts";
import { placeFault } from "../../src/core/change/place-fault.ts";
import { isSoftDeleted, type WriteFacts } from "../../src/core/change/plan-write.ts";
import { Fault, unreachable } from "../../src/core/fault.ts";
import type { RowId } from "../../src/core/ids.ts";
import type { BatchCall, BatchItem, BatchItems } from "../../src/core/protocol/batch-call.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import type { BatchOutcome } from "./batch.ts";
import { type BatchRows, batchRows } from "./batch-rows.ts";
import { checkCollection } from "./collection-condition.ts";
import type { Commit } from "./commit.ts";
import { findRows } from "./find-rows.ts";
import type { TableStore } from "./table-store.ts";
import type { Committed } from "./transact.ts";
import { type AppliedWrite, applyWrite, checkSeenVersion } from "./write.ts";
import { callerFacts } from "./write-facts.ts";

export function runItems(commit: Commit, table: TableStore, call: BatchCall, { items }: BatchItems): BatchOutcome {
  const { store } = commit;
  const { operation, scopes, conditions } = call;
  const ids = operation === "create" ? [] : idsOf(items);
  if (commit.reads !== null) for (const id of ids) commit.reads.row(table.spec.name, id, 0);
  if (operation === "delete" && ids.length > 0) {
    const named = new Set<unknown>(ids);
    checkCollection(store, table, {
      operation,
      scopes,
      conditions,
      names: (row) => named.has(row[table.spec.primaryKey]),
      isRequired: true,
    });
  }
  const rows = batchRows(commit, table, findRows(store.sql, table, ids));
  store.failPoint?.("batch.found");
  const facts = callerFacts(store, table, call, [], commit.nowMs);
  const done: Row[] = [];
  const created: RowId[] = [];
  items.forEach((item, index) => {
    const id = idOf(item);
    try {
      const applied = applyItem(commit, table, item, rows, facts);
      rows.itemDone(id);
      store.failPoint?.("batch.item-done");
      if (applied === null) return;
      done.push(applied.row);
      if (applied.kind === "insert") created.push(applied.row[table.spec.primaryKey] as RowId);
    } catch (error) {
      throw error instanceof Fault && item.kind !== "refused" ? new Fault(placeFault(error.data, index, id)) : error;
    }
  });
  return operation === "delete" ? { kind: "count", count: done.length } : { kind: "rows", rows: done, created };
}

/** Null: passed over. */
function applyItem(
  commit: Commit,
  table: TableStore,
  item: BatchItem,
  rows: BatchRows,
  shared: WriteFacts,
): AppliedWrite | null {
  switch (item.kind) {
    case "refused":
      throw new Fault(item.fault);
    case "upsert": {
      const stored = rows.now(item.id);
      const facts = { ...shared, conditions: item.conditions };
      const target = admitItem({ op: "upsert", id: item.id, mayCreate: item.absent !== null }, stored, facts);
      const { intent, invalid } = target === null && item.absent !== null ? item.absent : item.present;
      return applyWrite(commit, table, intent, stored, { ...facts, invalid });
    }
    case "write": {
      const { intent, invalid } = item.write;
      const facts = { ...shared, conditions: item.conditions, invalid };
      if (item.expectVersion !== null && intent.id !== null)
        checkSeenVersion(rows.before(intent.id), item.expectVersion);
      if (intent.op === "delete") return deleteItem(commit, table, intent.id, rows, facts);
      return applyWrite(
        commit,
        table,
        intent,
        intent.id === null || intent.op === "create" ? null : rows.now(intent.id),
        facts,
      );
    }
    default:
      return unreachable(item);
  }
}

/** A row that is not there for the caller is passed over; one that went with an earlier item of the batch counts. */
function deleteItem(
  commit: Commit,
  table: TableStore,
  id: RowId,
  rows: BatchRows,
  facts: WriteFacts,
): AppliedWrite | null {
  const before = rows.before(id);
  if (before === null || admitItem({ op: "delete", id, mayCreate: false }, before, facts) === null) return null;
  const stored = rows.now(id);
  if (stored === null || isSoftDeleted(table.spec, stored.row))
    return { kind: "nothing", row: before.row, version: before.version };
  return applyWrite(commit, table, { op: "delete", id, hard: false }, stored, facts);
}

/**
 * What the reply of an earlier attempt told: rows from its ledger entry; what it left unchanged, as it stands. Ids that the object
 * made, or that another Worker made for the same request, are those of the rows it created, in order.
 */
export function rebuildItems(
  table: TableStore,
  { operation }: BatchCall,
  { items }: BatchItems,
  { changes }: Committed,
): BatchOutcome {
  const own = changes.filter((change) => change.table === table.spec.name);
  const byId = new Map(own.map((change) => [change.id, change]));
  const named = idsOf(items);
  if (operation === "delete") return { kind: "count", count: named.filter((id) => byId.has(id)).length };
  const inserted = own.filter((change) => change.before === null).map((change) => change.id);
  const isNamed = operation !== "create" || (named.length === items.length && named.every((id) => byId.has(id)));
  const ids = isNamed ? named : inserted.slice(0, items.length);
  const rows = ids.map((id) => byId.get(id)?.after ?? table.find(id)?.row ?? null).filter((row) => row !== null);
  return { kind: "rows", rows, created: ids.filter((id) => byId.get(id)?.before === null) };
}

function idsOf(items: readonly BatchItem[]): RowId[] {
  return items.flatMap((item) => idOf(item) ?? []);
}

function idOf(item: BatchItem): RowId | null {
  switch (item.kind) {
    case "refused":
      return null;
    case "upsert":
      return item.id;
    case "write":
      return item.write.intent.id;
  }
}
