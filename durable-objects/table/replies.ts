/**
 * Stored replies of idempotent requests ([HT41]–[HT44]): written in the transaction of the write, found again by principal and
 * key. Only successes are stored. Old ones go by a timer.
 */

import { isSameRequest } from "../../src/core/commit/transaction-message.ts";
import { Fault } from "../../src/core/fault.ts";
import type { Idempotency, ObjectReply } from "../../src/core/protocol/object-call.ts";
import type { Sql } from "../sql/port.ts";

export type Answer = Extract<ObjectReply, { kind: "answer" }>;

/** A reply above this, in bytes, is stored in minimal form ([HT44]). */
const MAX_STORED_BODY = 1_000_000;

/** The stored reply under this key, or null; the same key with another request is 422. */
export function findReply(sql: Sql, idempotency: Idempotency, now: number): Answer | null {
  const row = sql.all("SELECT * FROM _replies WHERE key = ? AND expires_at > ?", [idempotency.key, now])[0];
  if (row === undefined) return null;
  if (!isSameRequest(String(row.fingerprint), idempotency)) throw new Fault({ slug: "idempotency-mismatch" });
  return {
    kind: "answer",
    status: Number(row.status) as Answer["status"],
    headers: JSON.parse(String(row.headers)) as Record<string, string>,
    body: row.body === null ? null : String(row.body),
    position: String(row.position),
    isReplay: true,
  };
}

/** Stores a success under its key. `minimalBody` replaces a body that is too large to keep. */
export function storeReply(sql: Sql, idempotency: Idempotency, answer: Answer, minimalBody: string, now: number): void {
  const body = keptBody(answer.body, minimalBody);
  sql.run(
    `INSERT INTO _replies (key, fingerprint, status, headers, body, position, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,
       body = excluded.body, position = excluded.position, expires_at = excluded.expires_at`,
    [
      idempotency.key,
      idempotency.fingerprint,
      answer.status,
      JSON.stringify(answer.headers),
      body,
      answer.position,
      now + idempotency.ttlMs,
    ],
  );
}

/** What is kept of a body: a minimal form of one that is too large. */
export function keptBody(body: string | null, minimalBody: string): string | null {
  return body !== null && isAboveLimit(body) ? minimalBody : body;
}

function isAboveLimit(body: string): boolean {
  // Three bytes a code unit at most: below a third of the limit the exact size need not be known.
  return body.length * 3 > MAX_STORED_BODY && new TextEncoder().encode(body).byteLength > MAX_STORED_BODY;
}

/** Replies removed in one turn: so many take some milliseconds, in which nobody is served. */
export const MAX_PRUNED = 2000;
const PRUNE_EVERY_MS = 3_600_000;

/** Removes what has expired, or as much of it as one turn may. */
export function pruneReplies(sql: Sql, now: number): void {
  sql.run("DELETE FROM _replies WHERE key IN (SELECT key FROM _replies WHERE expires_at <= ? LIMIT ?)", [
    now,
    MAX_PRUNED,
  ]);
}

/**
 * When to prune again (ms): at once where something was left over, else as the next reply expires, an hour apart at least; null when
 * nothing is stored.
 */
export function nextPruning(sql: Sql, now: number): number | null {
  const next = sql.all("SELECT min(expires_at) AS at FROM _replies", [])[0]?.at;
  if (typeof next !== "number") return null;
  return next <= now ? now : Math.max(next, now + PRUNE_EVERY_MS);
}
