/**
 * The ledger of an object: `_log`, one row a commit, gapless seq ([CL1]–[CL4]). Appends in the caller's transaction, prunes
 * by count, age and bytes, and answers what lies in it. The newest entry is always kept: it holds the seq.
 */

import { Fault } from "../../src/core/fault.ts";
import { type Seq, seqOf } from "../../src/core/ids.ts";
import type { Json } from "../../src/core/json.ts";
import type { RowChange } from "../../src/core/protocol/object-call.ts";
import { limitExceeded, TRANSACTION_LIMITS } from "../../src/core/transaction/limits.ts";
import { utf8Length } from "../../src/core/utf8-length.ts";
import type { Sql } from "../sql/port.ts";
import type { FailPoint } from "./fail-points.ts";
import { fedSeq } from "./feed-state.ts";
import { readMeta } from "./system-tables.ts";

/** An effect as the ledger row records it; performed after the commit by the outbox. */
export type Effect = { readonly kind: "hook"; readonly change: number } | NamedEntry;

export interface NamedEntry {
  readonly kind: "named";
  readonly name: string;
  readonly payload: Json;
  /** ms since 1970; absent: at once. */
  readonly notBeforeMs?: number;
}

export interface LedgerEntry {
  readonly at: number;
  readonly actor: string | null;
  readonly changes: readonly RowChange[];
  readonly effects: readonly Effect[];
  /** Id of a write attempt whose key the Worker made ([HT71]). */
  readonly attempt: string | null;
  /** The transaction that the commit is, or is a part of; and the objects of all its parts, where there are several. */
  readonly txid: string | null;
  readonly parts: readonly string[] | null;
  /** Its reply, where an attempt may ask for it again and its changes cannot tell it. */
  readonly reply: string | null;
  /** Counted when it was promised: whatever it has become, it is written. */
  readonly isPromised: boolean;
}

export interface Retention {
  readonly maxCommits: number;
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/** Where the ledger stands: last seq and the running byte total. In memory it follows a commit, never leads it. */
export interface LedgerHead {
  readonly seq: Seq;
  readonly total: number;
}

export const DEFAULT_RETENTION: Retention = { maxCommits: 10_000, maxAgeMs: 7 * 86_400_000, maxBytes: 256 * 2 ** 20 };

/** An entry must fit into a row (2 MB) with room for the rest ([CL2]). */
const MAX_ENTRY_BYTES = 1_900_000;
/** Pruning runs every so many commits: the same deletes, fewer statements. */
const PRUNE_EVERY = 64;

export function readHead(sql: Sql): LedgerHead {
  const last = sql.all("SELECT seq, total FROM _log ORDER BY seq DESC LIMIT 1", [])[0];
  return last === undefined ? { seq: seqOf(0), total: 0 } : { seq: seqOf(Number(last.seq)), total: Number(last.total) };
}

/** Writes the entry under the next seq and prunes when it is time. Called inside the transaction of the rows. */
export function appendEntry(
  sql: Sql,
  head: LedgerHead,
  entry: LedgerEntry,
  retention: Retention,
  failPoint?: FailPoint,
): LedgerHead {
  const changes = JSON.stringify(entry.changes);
  const effects = entry.effects.length === 0 ? null : JSON.stringify(entry.effects);
  const bytes = utf8Length(changes) + (effects === null ? 0 : utf8Length(effects));
  if (!entry.isPromised) checkBytes(entry, bytes);
  const next: LedgerHead = { seq: seqOf(head.seq + 1), total: head.total + bytes + (entry.reply?.length ?? 0) };
  const { txid, parts, reply } = entry;
  if (txid === null) {
    sql.run("INSERT INTO _log (seq, at, actor, changes, effects, attempt, total) VALUES (?, ?, ?, ?, ?, ?, ?)", [
      next.seq,
      entry.at,
      entry.actor,
      changes,
      effects,
      entry.attempt,
      next.total,
    ]);
  } else {
    sql.run(
      "INSERT INTO _log (seq, at, actor, txid, parts, changes, effects, attempt, reply, total) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [
        next.seq,
        entry.at,
        entry.actor,
        txid,
        parts === null ? null : JSON.stringify(parts),
        changes,
        effects,
        entry.attempt,
        reply,
        next.total,
      ],
    );
  }
  if (next.seq % PRUNE_EVERY === 0) prune(sql, next, entry.at, retention, failPoint);
  return next;
}

function checkBytes({ txid }: LedgerEntry, bytes: number): void {
  if (txid !== null && bytes > TRANSACTION_LIMITS.bytes) throw limitExceeded("bytes", bytes, TRANSACTION_LIMITS.bytes);
  if (bytes > MAX_ENTRY_BYTES) throw new Fault({ slug: "batch-limit-exceeded", limit: "bytes", requested: bytes });
}

/**
 * Removes the oldest entries beyond any limit. Entries that the outbox or the feed of a search engine has not taken stay up to ten times
 * the limits ([CL4]); then their effects move to `_retries` first, so that none is lost, and the feed begins anew with the rows. Looks
 * at the oldest few only: what a call leaves over, the next one takes.
 */
function prune(sql: Sql, head: LedgerHead, now: number, retention: Retention, failPoint: FailPoint | undefined): void {
  const isBeyond = (row: Record<string, unknown>, factor: number) =>
    head.seq - Number(row.seq) >= retention.maxCommits * factor ||
    now - Number(row.at) > retention.maxAgeMs * factor ||
    head.total - Number(row.total) >= retention.maxBytes * factor;
  const oldest = (limit: number) =>
    sql.all("SELECT seq, at, total, effects IS NOT NULL AS held FROM _log ORDER BY seq LIMIT ?", [limit]);
  // Most ledgers are far from full: one row read tells.
  if (!oldest(1).some((row) => isBeyond(row, 1))) return;
  const outbox = readOutboxCursor(sql);
  const fed = fedSeq(sql);
  let cut = 0;
  for (const row of oldest(PRUNE_EVERY * 4)) {
    const seq = Number(row.seq);
    const isHeld = row.held === 1 && seq > outbox;
    if (seq >= head.seq || !isBeyond(row, isHeld || seq > fed ? 10 : 1)) break;
    if (isHeld) rescueEffects(sql, seq);
    if (isHeld) failPoint?.("ledger.rescued");
    cut = seq;
  }
  if (cut > 0) sql.run("DELETE FROM _log WHERE seq <= ?", [cut]);
  if (cut > 0) failPoint?.("ledger.pruned");
}

/** Seq up to which the outbox has delivered, or set aside, every effect. */
export function readOutboxCursor(sql: Sql): number {
  return Number(readMeta(sql, "outbox") ?? 0);
}

/** Moves the effects of one entry into `_retries`, each with the change it is about. */
function rescueEffects(sql: Sql, seq: number): void {
  for (const row of sql.all("SELECT at, changes, effects FROM _log WHERE seq = ?", [seq])) {
    const changes = JSON.parse(String(row.changes)) as RowChange[];
    (JSON.parse(String(row.effects)) as Effect[]).forEach((effect, slot) => {
      const nextAt = dueAtMs(effect, Number(row.at));
      setAside(sql, { seq, slot, effect: heldEffect(effect, changes, Number(row.at)), tries: 0, nextAt, error: null });
    });
  }
}

/** One effect on its own row, to be tried again at `nextAt` (ms), or given up (null). */
export interface SetAside {
  readonly seq: number;
  readonly slot: number;
  readonly effect: HeldEffect;
  readonly tries: number;
  readonly nextAt: number | null;
  readonly error: string | null;
}

/** Writes an effect to `_retries`, over an earlier try of the same one. */
export function setAside(sql: Sql, held: SetAside): void {
  sql.run(
    `INSERT INTO _retries (seq, slot, effect, tries, next_at, error) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (seq, slot) DO UPDATE SET tries = excluded.tries, next_at = excluded.next_at, error = excluded.error`,
    [held.seq, held.slot, JSON.stringify(held.effect), held.tries, held.nextAt, held.error],
  );
}

/** An effect that stands on its own, with the change it is about. */
export type HeldEffect = { readonly kind: "hook"; readonly change: RowChange; readonly at: number } | NamedEntry;

/** When an effect is due: at once, or when its delay has passed. */
export function dueAtMs(effect: Effect | HeldEffect, committedAtMs: number): number {
  return effect.kind === "named" ? (effect.notBeforeMs ?? committedAtMs) : committedAtMs;
}

/** Joins an effect with its change; a hook effect whose change is missing is a defect. */
export function heldEffect(effect: Effect, changes: readonly RowChange[], at: number): HeldEffect {
  if (effect.kind === "named") return effect;
  const change = changes[effect.change];
  if (change === undefined) throw new Error(`ledger entry has no change ${effect.change}`);
  return { kind: "hook", change, at };
}
