/**
 * A promise kept: the images that a prepare has stored become rows, under the next seq, with one ledger row that names the transaction
 * and its parts ([TP6]). No hook, no scope and no validation runs again: all of it was decided when it was prepared.
 */

import type { PreparedRow, TransactionTag } from "../../src/core/commit/object-port.ts";
import type { RowChange } from "../../src/core/protocol/object-call.ts";
import type { Principal } from "../../src/core/scope/principal.ts";
import { appendPromised } from "./append-commit.ts";
import { beginCommit, type Commit } from "./commit.ts";
import type { Effect } from "./ledger.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";

/** What the commit needs beside the images; written and read by this room alone. */
export interface PreparedExtra {
  readonly principal: Principal;
  readonly nowMs: number;
  readonly effects: readonly Effect[];
}

/** Returns the seq; null when the part changed nothing. Moves the store's head. */
export function applyPrepared(store: Store, row: PreparedRow, tag: TransactionTag): number | null {
  const { changes } = row.footprint;
  const { principal, nowMs, effects } = row.extra as unknown as PreparedExtra;
  if (changes.length === 0) return null;
  const commit = beginCommit(store, principal, {
    txid: tag.txid,
    parts: tag.parts,
    nowMs,
    random: store.random,
    effects: [],
    isolation: "serializable",
  });
  commit.effects.push(...effects);
  commit.changes.push(...changes);
  // Parents and children may come in any order: the keys they need are all there in the end.
  store.sql.run("PRAGMA defer_foreign_keys = ON", []);
  try {
    writeImages(commit, inOrder(changes));
  } finally {
    // It lasts until the platform commits, at the end of the turn, and others may be served in it.
    store.sql.run("PRAGMA defer_foreign_keys = OFF", []);
  }
  store.head = appendPromised(commit, changes);
  return store.head.seq;
}

/** What gives values up goes before what takes them. */
function inOrder(changes: readonly RowChange[]): readonly RowChange[] {
  const removed = changes.filter((change) => change.after === null);
  return [...removed, ...changes.filter((change) => change.after !== null)];
}

/** Row by row; where values change places, so that each stands in the other's way, all give theirs up first. */
function writeImages(commit: Commit, changes: readonly RowChange[]): void {
  const { sql } = commit.store;
  try {
    sql.transaction(() => {
      for (const change of changes) writeImage(commit, change);
    });
  } catch (error) {
    if (!/UNIQUE constraint failed/.test(error instanceof Error ? error.message : "")) throw error;
    for (const { table, id, before } of changes) if (before !== null) tableOf(commit, table).remove(id);
    for (const change of changes) if (change.after !== null) writeImage(commit, { ...change, before: null });
  }
}

function writeImage(commit: Commit, { table: name, id, before, after }: RowChange): void {
  const { store, seq } = commit;
  const table = tableOf(commit, name);
  if (after === null) table.remove(id);
  else if (before === null) table.insert(after, seq);
  else table.update(before, after, seq);
  store.failPoint?.("row.written");
}

function tableOf({ store }: Commit, name: string): TableStore {
  const table = store.tables.get(name);
  if (table === undefined) throw new Error(`the prepared table "${name}" is gone`);
  return table;
}
