/**
 * The object's own tables, all prefixed `_`, and the small facts in `_meta`. Created once, when an object first wakes.
 * WITHOUT ROWID where the key is text: such a row costs one row written instead of two.
 */

import type { Sql } from "../sql/port.ts";
import { TRANSACTION_TABLES } from "./transaction-tables.ts";

const STATEMENTS = [
  // Facts by name: epoch, registered, outbox.
  `CREATE TABLE IF NOT EXISTS _meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`,
  // The ledger: one row a commit. `total` is the running sum of entry sizes in bytes, so that retention needs no scan. What is looked
  // at in many rows stands before what is large: SQLite reads a row from its beginning, page by page.
  `CREATE TABLE IF NOT EXISTS _log (
     seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, total INTEGER NOT NULL, attempt TEXT, actor TEXT, txid TEXT,
     parts TEXT, changes TEXT NOT NULL, effects TEXT, reply TEXT)`,
  // Only commits with effects are in it: a commit without them pays nothing.
  `CREATE INDEX IF NOT EXISTS _log_effects ON _log (seq) WHERE effects IS NOT NULL`,
  // Replies stored for Idempotency-Key, in the transaction of the write they answer. In the same order, for those that have expired.
  `CREATE TABLE IF NOT EXISTS _replies (
     key TEXT PRIMARY KEY, expires_at INTEGER NOT NULL, fingerprint TEXT NOT NULL, status INTEGER NOT NULL,
     position TEXT NOT NULL, headers TEXT NOT NULL, body TEXT) WITHOUT ROWID`,
  // Effects that failed: retried apart, so that they do not hold up the rest. `next_at` NULL: given up, kept for an operator.
  `CREATE TABLE IF NOT EXISTS _retries (
     seq INTEGER NOT NULL, slot INTEGER NOT NULL, effect TEXT NOT NULL, tries INTEGER NOT NULL, next_at INTEGER, error TEXT,
     PRIMARY KEY (seq, slot)) WITHOUT ROWID`,
  // What is due when: the heap behind the object's single alarm.
  `CREATE TABLE IF NOT EXISTS _timers (name TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID`,
  // Highest integer id ever given to a table, written only when the row that held it is removed, so that none is used twice.
  `CREATE TABLE IF NOT EXISTS _ids (name TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID`,
  ...TRANSACTION_TABLES,
];

/** Creates what is missing. Returns whether the object is new. */
export function createSystemTables(sql: Sql): { isNew: boolean } {
  const found = sql.all(
    "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name IN ('_log', '_decided')",
    [],
  );
  const log = found.find(({ name }) => name === "_log");
  if (log !== undefined) {
    // Of an object that was made before transactions, or before those over several objects.
    if (!String(log.sql).includes("reply")) sql.run("ALTER TABLE _log ADD COLUMN reply TEXT", []);
    if (found.length < 2) for (const statement of TRANSACTION_TABLES) sql.run(statement, []);
    return { isNew: false };
  }
  sql.transaction(() => {
    for (const statement of STATEMENTS) sql.run(statement, []);
  });
  return { isNew: true };
}

export function readMeta(sql: Sql, name: string): string | null {
  const row = sql.all("SELECT value FROM _meta WHERE name = ?", [name])[0];
  return row === undefined ? null : String(row.value);
}

export function writeMeta(sql: Sql, name: string, value: string): void {
  sql.run("INSERT INTO _meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", [
    name,
    value,
  ]);
}
