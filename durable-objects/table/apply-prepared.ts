/**
 * A promise kept: the images that a prepare has stored become rows, under the next seq, with one ledger row that names the transaction
 * and its parts ([TP6]). No hook, no scope and no validation runs again: all of it was decided when it was prepared.
 */

import type { PreparedRow, TransactionTag } from "../../src/core/commit/object-port.ts";
import type { RowId } from "../../src/core/ids.ts";
import type { RowChange } from "../../src/core/protocol/object-call.ts";
import type { Principal } from "../../src/core/scope/principal.ts";
import { appendCommit } from "./append-commit.ts";
import { beginCommit, type Commit } from "./commit.ts";
import type { Effect } from "./ledger.ts";
import type { Store } from "./store.ts";

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
  });
  commit.effects.push(...effects);
  commit.changes.push(...changes);
  // Parents and children may come in any order: the keys they need are all there in the end.
  store.sql.run("PRAGMA defer_foreign_keys = ON", []);
  for (const change of inOrder(changes)) writeImage(commit, change);
  store.head = appendCommit(commit, changes, null);
  return store.head.seq;
}

/** What gives values up goes before what takes them. */
function inOrder(changes: readonly RowChange[]): readonly RowChange[] {
  const removed = changes.filter((change) => change.after === null);
  return [...removed, ...changes.filter((change) => change.after !== null)];
}

function writeImage({ store, seq }: Commit, { table: name, id, before, after }: RowChange): void {
  const table = store.tables.get(name);
  if (table === undefined) throw new Error(`the prepared table "${name}" is gone`);
  if (after === null) table.remove(id);
  else if (before === null) table.insert(after, seq);
  else table.update(before, after, seq);
  store.failPoint?.("row.written");
  void (id satisfies RowId);
}
