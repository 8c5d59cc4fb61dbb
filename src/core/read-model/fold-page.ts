/**
 * Commits → one page: each row once, as the last of them left it. Ends before the commit that would make it too large, so a page holds
 * whole commits; the first always fits. Called by the object with its ledger's entries in order.
 */

import type { Json } from "../json.ts";
import type { RowChange } from "../protocol/object-call.ts";
import type { Row } from "../schema/table-spec.ts";
import type { PulledRow, PullRequest } from "./pull.ts";

export interface LedgerCommit {
  readonly seq: number;
  readonly at: number;
  readonly changes: readonly RowChange[];
}

export interface FoldedPage {
  readonly rows: readonly PulledRow[];
  readonly seq: number;
  /** Of the last commit taken; null when there was none. */
  readonly atMs: number | null;
  /** UTF-16 units of the rows, about. */
  readonly size: number;
  /** The page is full: commits may be left. */
  readonly isFull: boolean;
}

/** `tables` are the columns wanted, by table; changes of other tables only move `seq`. */
export function foldPage(
  commits: Iterable<LedgerCommit>,
  fromSeq: number,
  { tables, limits }: Pick<PullRequest, "tables" | "limits">,
): FoldedPage {
  const rows = new Map<string, PulledRow>();
  let size = 0;
  let seq = fromSeq;
  let atMs: number | null = null;
  let taken = 0;
  for (const commit of commits) {
    const changed = commit.changes.flatMap((change) => pulledOf(change, commit.seq, tables));
    const more = changed.reduce((sum, row) => sum + sizeOf(row), 0);
    const isOver = size + more > limits.size || taken >= limits.commits || rows.size + changed.length > limits.rows;
    if (isOver && taken > 0) return { rows: [...rows.values()], seq, atMs, size, isFull: true };
    for (const row of changed) rows.set(`${row.table}\u0000${row.id}`, row);
    size += more;
    seq = commit.seq;
    atMs = commit.at;
    taken++;
  }
  return { rows: [...rows.values()], seq, atMs, size, isFull: false };
}

/** UTF-16 units of a row as JSON, about: for most values by their kind, since each row is written as JSON once more with its page. */
export function sizeOf({ row }: Pick<PulledRow, "row">): number {
  let size = 64;
  for (const name in row) size += name.length + 4 + sizeOfValue(row[name] ?? null);
  return size;
}

function sizeOfValue(value: Json): number {
  if (typeof value === "string") return value.length + 2;
  return typeof value === "object" && value !== null ? JSON.stringify(value).length : 8;
}

/** The columns wanted; one that the row does not have is null. */
export function pickColumns(row: Row, columns: readonly string[]): Row {
  const picked: Record<string, Json> = {};
  for (const name of columns) picked[name] = row[name] ?? null;
  return picked;
}

function pulledOf({ table, id, after }: RowChange, version: number, tables: PullRequest["tables"]): PulledRow[] {
  const columns = Object.hasOwn(tables, table) ? tables[table] : undefined;
  if (columns === undefined) return [];
  return [{ table, id, version, row: after === null ? null : pickColumns(after, columns) }];
}
