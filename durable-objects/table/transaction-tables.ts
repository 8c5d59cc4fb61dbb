/**
 * `_prepared`, `_decided` and `_unsettled`: what an object must not forget of transactions over several objects. A promise is one row, gone
 * with its outcome; a decision is one row, kept a day; one that is not confirmed everywhere has a second row until it is.
 */

import { KEEP_MS } from "../../src/core/commit/commit-limits.ts";
import type { Decision, PreparedRow, Write } from "../../src/core/commit/object-port.ts";
import type { TransactionKey, Txid } from "../../src/core/commit/transaction-message.ts";
import { uuidv7 } from "../../src/core/ids.ts";
import type { Json } from "../../src/core/json.ts";
import type { Sql } from "../sql/port.ts";

export const TRANSACTION_TABLES = [
  `CREATE TABLE IF NOT EXISTS _prepared (txid TEXT PRIMARY KEY, row TEXT NOT NULL) WITHOUT ROWID`,
  // `parts` NULL: aborted. The reply lies under its key in `_replies`.
  `CREATE TABLE IF NOT EXISTS _decided (
     txid TEXT PRIMARY KEY, parts TEXT, reply_key TEXT, decided_at INTEGER NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS _unsettled (txid TEXT PRIMARY KEY, pending TEXT NOT NULL) WITHOUT ROWID`,
  // A transaction is found again in the ledger by its parts; commits of one object are not in this index.
  `CREATE INDEX IF NOT EXISTS _log_parts ON _log (txid) WHERE parts IS NOT NULL`,
];

/** Removed in one turn at most. */
const MAX_PRUNED = 2000;
/** A txid holds the time of its Worker, whose clock may be behind. */
const CLOCK_SLACK_MS = 3_600_000;
/** So long after a decision it may be removed. */
export const DECISION_KEPT_MS = KEEP_MS + CLOCK_SLACK_MS;

export function readPrepared(sql: Sql): PreparedRow[] {
  return sql.all("SELECT row FROM _prepared", []).map(({ row }) => JSON.parse(String(row)) as PreparedRow);
}

export function holdsPromises(sql: Sql): boolean {
  return sql.all("SELECT 1 AS found FROM _prepared LIMIT 1", []).length > 0;
}

type Committed = Extract<Decision, { kind: "committed" }>;

/** Decisions that some participants have not confirmed. */
export function readUnsettled(sql: Sql): Committed[] {
  return sql
    .all("SELECT txid FROM _unsettled", [])
    .map(({ txid }) => findDecision(sql, String(txid)))
    .filter((decision): decision is Committed => decision?.kind === "committed");
}

export function findDecision(sql: Sql, txid: Txid): Decision | null {
  const row = sql.all(
    `SELECT parts, decided_at, body, pending FROM _decided AS d LEFT JOIN _replies AS r ON r.key = d.reply_key
       LEFT JOIN _unsettled AS u ON u.txid = d.txid WHERE d.txid = ?`,
    [txid],
  )[0];
  if (row === undefined) return null;
  if (row.parts === null) return { kind: "aborted", txid };
  const list = (text: unknown) => (text === null ? [] : (JSON.parse(String(text)) as Committed["parts"]));
  return {
    kind: "committed",
    txid,
    parts: list(row.parts),
    pending: list(row.pending),
    reply: row.body === null ? null : (JSON.parse(String(row.body)) as Json),
    decidedAtMs: Number(row.decided_at),
  };
}

/** Where the ledger has a part of the transaction. */
export function findApplied(sql: Sql, txid: Txid): number | null {
  const seq = sql.all("SELECT seq FROM _log WHERE txid = ? AND parts IS NOT NULL", [txid])[0]?.seq;
  return typeof seq === "number" ? seq : null;
}

/** Every write of a turn but the reply, whose form is the host's. `key` is the one that the turn's decision is about. */
export function writeTransaction(
  sql: Sql,
  write: Exclude<Write, { kind: "put-reply" }>,
  key: TransactionKey | null,
  nowMs: number,
): void {
  switch (write.kind) {
    case "put-prepared":
      sql.run("INSERT INTO _prepared (txid, row) VALUES (?, ?)", [write.row.txid, JSON.stringify(write.row)]);
      return;
    case "drop-prepared":
      sql.run("DELETE FROM _prepared WHERE txid = ?", [write.txid]);
      return;
    case "put-decision": {
      const { decision } = write;
      const isCommitted = decision.kind === "committed";
      sql.run("INSERT OR IGNORE INTO _decided (txid, parts, reply_key, decided_at) VALUES (?, ?, ?, ?)", [
        decision.txid,
        isCommitted ? JSON.stringify(decision.parts) : null,
        isCommitted ? (key?.key ?? null) : null,
        nowMs,
      ]);
      if (isCommitted && decision.pending.length > 0)
        sql.run("INSERT INTO _unsettled (txid, pending) VALUES (?, ?)", [
          decision.txid,
          JSON.stringify(decision.pending),
        ]);
      return;
    }
    case "settle-decision":
      sql.run("DELETE FROM _unsettled WHERE txid = ?", [write.txid]);
      return;
  }
}

/** Removes decisions and fences that nobody can need any more: a day old, and confirmed ([TP8]). */
export function pruneDecisions(sql: Sql, nowMs: number): void {
  sql.run(
    `DELETE FROM _decided WHERE txid IN (
       SELECT txid FROM _decided WHERE txid < ? AND decided_at < ? AND txid NOT IN (SELECT txid FROM _unsettled) LIMIT ?)`,
    [oldestKept(nowMs), nowMs - KEEP_MS, MAX_PRUNED],
  );
}

/** When to prune again (ms), or null when there is nothing. */
export function nextDecisionPruning(sql: Sql, nowMs: number): number | null {
  const oldest = sql.all("SELECT decided_at FROM _decided ORDER BY txid LIMIT 1", [])[0]?.decided_at;
  return typeof oldest === "number" ? Math.max(oldest + DECISION_KEPT_MS, nowMs + CLOCK_SLACK_MS) : null;
}

function oldestKept(nowMs: number): Txid {
  return uuidv7(Math.max(nowMs - KEEP_MS, 0), new Uint8Array(10));
}
