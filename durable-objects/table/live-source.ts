/** The object as live queries read it (`src/core/live/live-source.ts`): rows at the head by SQL, commits out of the ledger. */

import { Fault } from "../../src/core/fault.ts";
import type { ObjectName } from "../../src/core/ids.ts";
import type { JsonScalar } from "../../src/core/json.ts";
import { LIVE_LIMITS } from "../../src/core/live/live-limits.ts";
import type { LiveTable } from "../../src/core/live/live-query.ts";
import type { LiveCommit, LiveRow, LiveSource } from "../../src/core/live/live-source.ts";
import type { RowChange } from "../../src/core/protocol/object-call.ts";
import { completeOrder, type OrderTerm } from "../../src/core/query/order.ts";
import type { Filter } from "../../src/core/query/tree.ts";
import { aggregateGroups } from "../sql/aggregate-groups.ts";
import { tooExpensive } from "../sql/list-rows.ts";
import { rowJson } from "./row-json.ts";
import { countMatching, selection, selectPage } from "./select-rows.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";

/** Rows that an aggregate tallies in memory at most; with more its groups are asked for each time. */
const MAX_TALLIED = 100_000;
const CHUNK = 1000;

/** `unsettled`: transactions that are prepared here and not decided. */
export function storeLiveSource(store: Store, unsettled: () => readonly string[]): LiveSource {
  const tables = new Map<string, LiveTable>(
    [...store.tables].map(([name, { spec, resource }]) => [name, { spec, operators: resource.operators }]),
  );
  const tableOf = (name: string): TableStore => {
    const table = store.tables.get(name);
    if (table === undefined) throw new Fault({ slug: "not-found", resource: name });
    return table;
  };
  const inOrderOfId = (name: string) => completeOrder([], tableOf(name).spec);
  return {
    object: store.name,
    epoch: store.epoch,
    head: () => store.head.seq,
    table: (name) => tables.get(name),
    find: (name, id) => tableOf(name).find(id),
    first: (name, where, { orderBy, limit }) => firstRows(store, tableOf(name), where, orderBy, limit),
    all(name, where) {
      const limit = LIVE_LIMITS.snapshotRows;
      const rows = firstRows(store, tableOf(name), where, inOrderOfId(name), limit + 1);
      if (rows.length > limit) throw new Fault({ slug: "query-too-expensive", examined: limit + 1, limit });
      return rows;
    },
    groups: (name, where, query) => aggregateGroups(store.sql, selection(store, tableOf(name), where), query),
    scan(name, where) {
      if (countMatching(store, tableOf(name), where, MAX_TALLIED + 1) > MAX_TALLIED) return null;
      return scanRows(store, tableOf(name), where, inOrderOfId(name));
    },
    commits: (after, limits) => commitsAfter(store, after, limits),
    settledAt(txid) {
      if (unsettled().includes(txid)) return undefined;
      const row = store.sql.all("SELECT seq FROM _log WHERE txid = ? AND parts IS NOT NULL", [txid])[0];
      return row === undefined ? null : Number(row.seq);
    },
    unsettled,
    show: (name, row, select) => rowJson(store, tableOf(name), row, select),
  };
}

/** So many rows of the list; large ones come in several reads. A filter that memory must finish may not take more than its budget. */
function firstRows(
  store: Store,
  table: TableStore,
  where: Filter,
  orderBy: readonly OrderTerm[],
  limit: number,
): LiveRow[] {
  const rows: LiveRow[] = [];
  let after: readonly JsonScalar[] | null = null;
  do {
    const page = selectPage(store, table, { where, orderBy, after, limit: limit - rows.length, offset: 0 });
    if (page.hasMore && page.rows.length < limit - rows.length && page.isCutBySize !== true) throw tooExpensive();
    rows.push(...page.rows);
    after = page.next;
  } while (after !== null && rows.length < limit);
  return rows;
}

function* scanRows(store: Store, table: TableStore, where: Filter, orderBy: readonly OrderTerm[]) {
  let after: readonly JsonScalar[] | null = null;
  do {
    const page = selectPage(store, table, { where, orderBy, after, limit: CHUNK, offset: 0 });
    for (const { row } of page.rows) yield row;
    after = page.next;
  } while (after !== null);
}

function commitsAfter(
  { sql, head }: Store,
  after: number,
  limits: { readonly commits: number; readonly bytes: number },
): LiveCommit[] | null {
  if (after >= head.seq) return [];
  if (head.seq - after > limits.commits) return null;
  const first = sql.all("SELECT seq, total FROM _log WHERE seq > ? ORDER BY seq LIMIT 1", [after])[0];
  // Pruned: what comes next is not the next one.
  if (first === undefined || Number(first.seq) !== after + 1) return null;
  if (head.total - Number(first.total) > limits.bytes) return null;
  return sql
    .all("SELECT seq, at, actor, txid, parts, changes FROM _log WHERE seq > ? ORDER BY seq", [after])
    .map((row) => ({
      seq: Number(row.seq),
      at: Number(row.at),
      actor: row.actor === null ? null : String(row.actor),
      txid: row.txid === null ? null : String(row.txid),
      parts: row.parts === null ? null : (JSON.parse(String(row.parts)) as ObjectName[]),
      changes: JSON.parse(String(row.changes)) as RowChange[],
      bytes: String(row.changes).length,
    }));
}
