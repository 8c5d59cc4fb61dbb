/**
 * The ledger entry of a write attempt whose key the Worker made ([HT71]). The key says when the attempt began, and anyone may send any
 * such key, so a look costs what lies close to that time and not the ledger: its place is halved for, and only seq, time and
 * attempt of the entries there are read (`system-tables.ts` keeps them before the images, which may fill pages).
 */

import { type Seq, seqOf } from "../../src/core/ids.ts";
import type { RowChange } from "../../src/core/protocol/object-call.ts";
import type { Sql } from "../sql/port.ts";

/** The clock of another machine may differ by some seconds. */
const SKEW_MS = 10_000;
/** Callers give up within 15 s (`CALL_TIMEOUT_MS`); nothing waits in an object, or before it, for minutes. */
const LATEST_MS = 600_000;

/** The entry, if it was committed since the attempt began. */
export function findAttempt(
  sql: Sql,
  attempt: string,
  startedAtMs: number,
): { seq: Seq; changes: readonly RowChange[]; reply: string | null } | null {
  // Two questions: asked for both at once, SQLite reads them all.
  const ends = sql.all("SELECT (SELECT min(seq) FROM _log) AS first, (SELECT max(seq) FROM _log) AS last", [])[0];
  if (typeof ends?.first !== "number") return null;
  const last = Number(ends.last);
  const from = firstSince(sql, startedAtMs - SKEW_MS, ends.first, last + 1);
  const until = firstSince(sql, startedAtMs + LATEST_MS, from, last + 1);
  const found = sql.all("SELECT seq FROM _log WHERE seq >= ? AND seq < ? AND attempt = ? LIMIT 1", [
    from,
    until,
    attempt,
  ])[0];
  if (found === undefined) return null;
  const entry = sql.all("SELECT changes, reply FROM _log WHERE seq = ?", [Number(found.seq)])[0];
  return {
    seq: seqOf(Number(found.seq)),
    changes: JSON.parse(String(entry?.changes)) as RowChange[],
    reply: typeof entry?.reply === "string" ? entry.reply : null,
  };
}

/** The first seq from `low` on whose entry is not older than this; `high` when all are. Times rise with seq, seq has no gap. */
function firstSince(sql: Sql, atMs: number, low: number, high: number): number {
  let [from, until] = [low, high];
  while (from < until) {
    const middle = Math.floor((from + until) / 2);
    const at = Number(sql.all("SELECT at FROM _log WHERE seq = ?", [middle])[0]?.at);
    if (at < atMs) from = middle + 1;
    else until = middle;
  }
  return from;
}
