/**
 * What work inside the object has touched ([TP9]), from what its commit recorded: rows and ranges that were looked at, changes, unique
 * values, foreign-key parents. And what a read touches, from its call, where that is known before it runs.
 */

import { foldChanges } from "../../src/core/change/fold-changes.ts";
import { type Footprint, type Predicate, rowKey, uniqueKey } from "../../src/core/commit/footprint.ts";
import type { ObjectCall, RowChange } from "../../src/core/protocol/object-call.ts";
import type { Seen } from "../../src/core/protocol/transaction-call.ts";
import { printFilter } from "../../src/core/query/print.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import type { Commit } from "./commit.ts";
import { visibleRows } from "./read.ts";
import { scopeTest } from "./scope-test.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";
import { type UniqueIndex, uniqueIndexes } from "./unique-indexes.ts";

/** Of a commit that recorded its reads; `seen` is what its caller had looked at before. */
export function commitFootprint({ store, reads, changes }: Commit, seen: Seen | null = null): Footprint {
  const own = reads?.seen(store) ?? null;
  const net = foldChanges(changes);
  const keys = new Set<string>();
  const ranges: Predicate[] = [];
  const uniques = new Set<string>();
  for (const looked of [own, seen]) {
    for (const { table, id } of looked?.rows ?? []) keys.add(rowKey(table, id));
    ranges.push(...(looked?.ranges ?? []));
  }
  for (const change of net) {
    const table = store.tables.get(change.table);
    if (table === undefined) continue;
    for (const image of [change.before, change.after])
      if (image !== null) noteUniques(uniqueIndexes(store.sql, table.spec), table, image, uniques, ranges);
    if (change.after !== null) noteParents(store, table, change.after, keys, ranges);
  }
  for (const tried of reads?.tried() ?? []) noteTried(store, tried, keys, ranges, uniques);
  return { reads: [...keys], ranges, changes: net, uniques: [...uniques] };
}

/** A write that a constraint refused: what the constraint looked at. */
function noteTried(
  store: Store,
  { table: name, row, op }: { readonly table: string; readonly row: Row; readonly op: "write" | "remove" },
  keys: Set<string>,
  ranges: Predicate[],
  uniques: Set<string>,
): void {
  const table = store.tables.get(name);
  if (table === undefined) return;
  keys.add(rowKey(name, row[table.spec.primaryKey] as string | number));
  if (op === "write") {
    noteUniques(uniqueIndexes(store.sql, table.spec), table, row, uniques, ranges);
    noteParents(store, table, row, keys, ranges);
    return;
  }
  // Some row points to it; which one SQLite does not tell.
  for (const other of store.tables.values())
    if (other.resource.foreignKeys.some((key) => key.targetTable === name))
      ranges.push({ table: other.spec.name, filter: "" });
}

function noteUniques(
  indexes: readonly UniqueIndex[],
  { spec }: TableStore,
  row: Row,
  uniques: Set<string>,
  ranges: Predicate[],
): void {
  for (const { columns } of indexes) {
    if (columns === null) {
      ranges.push({ table: spec.name, filter: "" });
      continue;
    }
    const values = columns.map(({ name, fold }) => fold(row[name] ?? null));
    if (values.includes(null)) continue;
    uniques.add(
      uniqueKey(
        spec.name,
        columns.map(({ name }) => name),
        values,
      ),
    );
  }
}

function noteParents(store: Store, table: TableStore, row: Row, keys: Set<string>, ranges: Predicate[]): void {
  for (const key of table.resource.foreignKeys) {
    const parent = store.tables.get(key.targetTable);
    const value = key.columns.length === 1 ? (row[key.columns[0] ?? ""] ?? null) : undefined;
    if (parent === undefined || value === null) continue;
    const target = parent.spec.columns.find((column) => column.sqlName === key.targetColumns[0]);
    if (value !== undefined && target?.primaryKey === true)
      keys.add(rowKey(parent.spec.name, value as string | number));
    else ranges.push({ table: parent.spec.name, filter: "" });
  }
}

/** What a read touches; null where only running it tells. */
export function readFootprint(store: Store, table: TableStore, call: ObjectCall): Footprint | null {
  const { name } = table.spec;
  switch (call.op) {
    case "get":
      return looking([rowKey(name, call.id)], []);
    case "load":
      return looking(call.intent.id === null ? [] : [rowKey(name, call.intent.id)], []);
    case "list":
    case "count": {
      const where = visibleRows(table, call);
      return looking([], where === null ? [] : [{ table: name, filter: printFilter(where) }]);
    }
    case "trial":
      return null;
    default:
      return looking(
        [],
        [...store.tables.keys()].map((each) => ({ table: each, filter: "" })),
      );
  }
}

export function looking(reads: readonly string[], ranges: readonly Predicate[]): Footprint {
  return { reads, ranges, changes: [], uniques: [] };
}

/** The rows of a change, as a reader who asks what became of them touches them. */
export function rowsOf(changes: readonly RowChange[]): Footprint {
  return looking(
    changes.map(({ table, id }) => rowKey(table, id)),
    [],
  );
}

export function isInRange(store: Store, { table: name, filter }: Predicate, row: Row): boolean {
  const table = store.tables.get(name);
  return table !== undefined && (filter === "" || scopeTest(table, filter)(row));
}
