/**
 * Answers a consumer of the read model: the next commits behind its cursor and, while it takes over the rows there were, the next of these
 * as they stand. Both of one instant: rows are added only to a page that reaches the head of the ledger, so that a page is exact
 * (`src/core/read-model/pull.ts`). Reads only; what the consumer has is its own affair.
 */

import type { RowId } from "../../src/core/ids.ts";
import type { RowChange } from "../../src/core/protocol/object-call.ts";
import { completeOrder } from "../../src/core/query/order.ts";
import { foldPage, type LedgerCommit, pickColumns, sizeOf } from "../../src/core/read-model/fold-page.ts";
import {
  type ObjectFacts,
  type Place,
  type PulledRow,
  type PullReply,
  type PullRequest,
  whyElsewhere,
} from "../../src/core/read-model/pull.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import { appliedMigration } from "./registration.ts";
import { selectPage } from "./select-rows.ts";
import type { Store } from "./store.ts";

/** Entries read from the ledger at once: a few large ones are all that memory should hold. */
const COMMITS_AT_ONCE = 50;
const EVERY_ROW = { kind: "all" } as const;

export function pull(store: Store, request: PullRequest): PullReply {
  const { tables, from, limits } = request;
  const facts = factsOf(store);
  if (store.health.kind !== "ready") return { kind: "unready" };
  if (from === null) return { kind: "facts", facts };
  const reason = whyElsewhere(from, facts, oldestSeq(store));
  if (reason !== null) return { kind: "elsewhere", reason, facts };
  const folded = foldPage(commitsBehind(store, from.seq, limits.commits), from.seq, request);
  const isAtHead = folded.seq === facts.head;
  const filled =
    isAtHead && from.place !== null
      ? backFill(store, from.place, tables, limits.size - folded.size, limits.rows - folded.rows.length)
      : { rows: [], place: from.place };
  return {
    kind: "page",
    facts,
    seq: folded.seq,
    place: filled.place,
    rows: merged(folded.rows, filled.rows),
    asOfMs: isAtHead || folded.atMs === null ? facts.atMs : folded.atMs,
  };
}

/** What the register and a consumer know an object by. */
export function factsOf({ epoch, head, sql, clock }: Store): ObjectFacts {
  return { epoch, migration: appliedMigration(sql), head: head.seq, sizeBytes: sql.sizeBytes(), atMs: clock() };
}

function* commitsBehind(store: Store, seq: number, limitCommits: number): Generator<LedgerCommit> {
  let after = seq;
  for (let taken = 0; taken <= limitCommits; taken += COMMITS_AT_ONCE) {
    const entries = store.sql.all("SELECT seq, at, changes FROM _log WHERE seq > ? ORDER BY seq LIMIT ?", [
      after,
      COMMITS_AT_ONCE,
    ]);
    for (const { seq: next, at, changes } of entries) {
      after = Number(next);
      yield { seq: after, at: Number(at), changes: JSON.parse(String(changes)) as RowChange[] };
    }
    if (entries.length < COMMITS_AT_ONCE) return;
  }
}

/** The next rows behind the place, through as many tables as there is room for; the first row always fits. */
function backFill(
  store: Store,
  from: Place,
  tables: PullRequest["tables"],
  room: number,
  limitRows: number,
): { readonly rows: PulledRow[]; readonly place: Place | null } {
  const rows: PulledRow[] = [];
  const names = Object.keys(tables);
  let size = 0;
  let place: Place | null = from;
  while (place !== null) {
    const name: string = place.table;
    const after: RowId | null = place.after;
    const next: string | undefined = names[names.indexOf(name) + 1];
    const table = store.tables.get(name);
    const page =
      table === undefined
        ? null
        : selectPage(store, table, {
            where: EVERY_ROW,
            orderBy: completeOrder([], table.spec),
            after: after === null ? null : [after],
            limit: Math.max(1, limitRows - rows.length),
            offset: 0,
          });
    let last: RowId | null = after;
    for (const { row, version } of page?.rows ?? []) {
      const pulled = {
        table: name,
        id: keyOf(row, table?.spec.primaryKey),
        version,
        row: pickColumns(row, tables[name] ?? []),
      };
      size += sizeOf(pulled);
      if (rows.length > 0 && (size > room || rows.length >= limitRows))
        return { rows, place: { table: name, after: last } };
      rows.push(pulled);
      last = pulled.id;
    }
    if (page?.hasMore === true) return { rows, place: { table: name, after: last } };
    place = next === undefined ? null : { table: next, after: null };
  }
  return { rows, place };
}

/** A row that stands is newer than, or the same as, what a commit made of it. */
function merged(committed: readonly PulledRow[], standing: readonly PulledRow[]): PulledRow[] {
  const rows = new Map<string, PulledRow>();
  for (const each of [...committed, ...standing]) rows.set(`${each.table}\u0000${each.id}`, each);
  return [...rows.values()];
}

function oldestSeq(store: Store): number | null {
  const seq = store.sql.all("SELECT min(seq) AS seq FROM _log", [])[0]?.seq;
  return typeof seq === "number" ? seq : null;
}

function keyOf(row: Row, primaryKey = ""): RowId {
  return row[primaryKey] as RowId;
}
