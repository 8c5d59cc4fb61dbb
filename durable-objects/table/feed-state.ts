/**
 * How far the feed of a search engine has come, table by table: rows of `_meta` named `feed:<table>`. First all rows in order of id, then
 * the ledger from where it stood when that began. Read by the feed itself and by the ledger, which keeps what a feed has yet to take.
 */

import type { RowId } from "../../src/core/ids.ts";
import type { Sql } from "../sql/port.ts";
import { writeMeta } from "./system-tables.ts";

export interface FeedState {
  /** What the engine is fed by; where it differs from what is wanted, the feed begins anew. */
  readonly form: string;
  /** While rows are fed: the last id that was; null at the beginning. Absent: all were. */
  readonly after?: RowId | null;
  /** Commits up to here are fed, or will be with the rows. */
  readonly seq: number;
  /** Failures in a row, and when it is to be tried again (ms). */
  readonly tries: number;
  readonly nextAtMs: number;
}

const PREFIX = "feed:";

export function readFeeds(sql: Sql): ReadonlyMap<string, FeedState> {
  // A range, which the table's key serves: read at every commit of an object that feeds an engine.
  const rows = sql.all("SELECT name, value FROM _meta WHERE name >= ? AND name < ?", [PREFIX, "feed;"]);
  return new Map(
    rows.map(({ name, value }) => [String(name).slice(PREFIX.length), JSON.parse(String(value)) as FeedState]),
  );
}

export function writeFeed(sql: Sql, table: string, state: FeedState): void {
  writeMeta(sql, PREFIX + table, JSON.stringify(state));
}

export function dropFeed(sql: Sql, table: string): void {
  sql.run("DELETE FROM _meta WHERE name = ?", [PREFIX + table]);
}

/** The seq up to which every feed has taken the ledger; infinite where there is none. */
export function fedSeq(sql: Sql): number {
  return Math.min(Number.POSITIVE_INFINITY, ...[...readFeeds(sql).values()].map(({ seq }) => seq));
}
