/**
 * What happens to a batch before it writes: the rows for asynchronous before-hooks, with their versions, and the dry run
 * ([HT31] [HT32]). Both decide everything up to the hook, in the order of a write, and write nothing.
 */

import { admitItem } from "../../src/core/change/admit-item.ts";
import { placeFault } from "../../src/core/change/place-fault.ts";
import { Fault, invalid as invalidInput } from "../../src/core/fault.ts";
import { positionToken, type RowId } from "../../src/core/ids.ts";
import type { LoadBatchCall, LoadedItem, PreviewBatchCall } from "../../src/core/protocol/batch-call.ts";
import type { ObjectReply } from "../../src/core/protocol/object-call.ts";
import { namedBy } from "./batch-filter.ts";
import { checkCollection } from "./collection-condition.ts";
import { findRows } from "./find-rows.ts";
import { nameOperation } from "./name-operation.ts";
import { type Answer, findReply } from "./replies.ts";
import { checkRowsFit } from "./reply-size.ts";
import { selectBatch } from "./select-batch.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";
import { callerFacts } from "./write-facts.ts";

const SAMPLE_ROWS = 10;

export function loadBatch(store: Store, table: TableStore, call: LoadBatchCall): ObjectReply {
  const known = call.idempotency === null ? null : findReply(store.sql, call.idempotency, store.clock());
  if (known !== null) return known;
  const items = nameOperation(call.operation, () => {
    const loaded = call.work.kind === "items" ? loadItems(store, table, call) : loadFiltered(store, table, call);
    checkRowsFit(loaded.flatMap((item) => (item.kind === "row" && item.row !== null ? [item.row] : [])));
    return loaded;
  });
  return { kind: "loaded-batch", items, position: positionToken(store.epoch, store.head.seq) };
}

/** Ends with the first item that fails: no hook is to run for those after it. */
function loadItems(store: Store, table: TableStore, call: LoadBatchCall): LoadedItem[] {
  if (call.work.kind !== "items") return [];
  const { operation, scopes, conditions } = call;
  const targets = call.work.items;
  const ids = targets.flatMap(({ op, id }) => (op === "create" ? [] : (id ?? [])));
  if (operation === "delete") {
    const named = new Set<unknown>(ids);
    checkCollection(store, table, {
      operation,
      scopes,
      conditions,
      names: (row) => named.has(row[table.spec.primaryKey]),
      isRequired: true,
    });
  }
  const rows = findRows(store.sql, table, ids);
  const facts = callerFacts(store, table, call, [], store.clock());
  const loaded: LoadedItem[] = [];
  for (const [index, target] of targets.entries()) {
    const stored = target.id === null ? null : (rows.get(target.id) ?? null);
    try {
      const admitted = admitItem(target, stored, { ...facts, conditions: target.conditions });
      loaded.push({ kind: "row", id: target.id, row: admitted?.row ?? null, version: stored?.version ?? 0 });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      loaded.push({ kind: "refused", fault: placeFault(error.data, index, target.id) });
      break;
    }
  }
  return loaded;
}

function loadFiltered(store: Store, table: TableStore, call: LoadBatchCall): LoadedItem[] {
  const { operation, work, conditions, scopes } = call;
  if (work.kind !== "filter" || (operation !== "update" && operation !== "delete")) return [];
  checkCollection(store, table, {
    operation,
    conditions,
    scopes,
    names: namedBy(table, work.filter),
    isRequired: true,
  });
  return selectBatch(store, table, { operation, rows: work, scopes }).map(({ row, version }) => ({
    kind: "row",
    id: row[table.spec.primaryKey] as RowId,
    row,
    version,
  }));
}

export function previewBatch(store: Store, table: TableStore, call: PreviewBatchCall): Answer {
  const { operation, rows, scopes, conditions } = call;
  checkCollection(store, table, {
    operation,
    conditions,
    scopes,
    names: namedBy(table, rows.filter),
    isRequired: false,
  });
  const selected = selectBatch(store, table, { operation, rows, scopes });
  if (call.invalid.length > 0) throw invalidInput(call.invalid);
  const sample = selected.slice(0, SAMPLE_ROWS).map(({ row }) => row[table.spec.primaryKey]);
  return {
    kind: "answer",
    status: 200,
    headers: {},
    body: JSON.stringify({ count: selected.length, sample, confirm: null }),
    position: positionToken(store.epoch, store.head.seq),
  };
}
