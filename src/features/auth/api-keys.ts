/**
 * API keys ([A16]): `[<prefix>_]<id>.<secret>`, of which only a hash is stored. A key acts with the rights of the person who made it,
 * as long as they are there, and cannot make or end keys itself.
 */

import type { JsonObject } from "../../core/json.ts";
import { isSame } from "./keyring.ts";
import { hashToken, randomToken } from "./tokens.ts";
import { USER_COLUMNS, type UserRow } from "./user-principal.ts";

export type KeyRefusal = "not_found" | "expired" | "mismatch";

export interface ApiKeyRow {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly rotated_at: number | null;
}

export type KeyCheck =
  | { readonly kind: "good"; readonly key: ApiKeyRow; readonly user: UserRow }
  | { readonly kind: "refused"; readonly reason: KeyRefusal };

/** How many one answer lists. */
export const KEY_LIST_LIMIT = 100;

const FORM = /^(?:([a-z0-9-]{1,32})_)?([0-9a-f]{32})\.([A-Za-z0-9_-]{43})$/;
const COLUMNS = "k.id, k.name, k.prefix, k.created_at, k.expires_at, k.rotated_at";

/** One read. The reasons are for those who hold keys to ask about; a request with a bad key is told 401 and no more. */
export async function verifyApiKey(database: D1Database, text: string, nowMs: number): Promise<KeyCheck> {
  const [, prefix = "", id, secret] = FORM.exec(text) ?? [];
  if (id === undefined || secret === undefined) return { kind: "refused", reason: "not_found" };
  const row = await database
    .prepare(
      `SELECT k.id AS key_id, k.name AS key_name, k.prefix, k.secret_hash, k.created_at AS key_created_at, k.expires_at,
      k.rotated_at, ${USER_COLUMNS} FROM auth_api_keys AS k JOIN auth_users AS u ON u.id = k.user_id WHERE k.id = ?`,
    )
    .bind(id)
    .first<
      UserRow &
        Omit<ApiKeyRow, "id" | "name" | "created_at"> &
        Record<"key_id" | "key_name" | "secret_hash", string> & { key_created_at: number }
    >();
  if (row === null) return { kind: "refused", reason: "not_found" };
  if (!isSame(hashToken(secret), row.secret_hash) || prefix !== row.prefix)
    return { kind: "refused", reason: "mismatch" };
  if (row.expires_at !== null && row.expires_at <= nowMs) return { kind: "refused", reason: "expired" };
  const { key_id, key_name, prefix: __, secret_hash: _, key_created_at, expires_at, rotated_at, ...user } = row;
  const key = { id: key_id, name: key_name, prefix, created_at: key_created_at, expires_at, rotated_at };
  return { kind: "good", key, user };
}

export interface NewApiKey {
  readonly userId: string;
  /** Of whoever makes it: nothing is made once that has ended. */
  readonly sessionId: string;
  readonly name: string;
  readonly prefix: string;
  readonly expiresAtMs: number | null;
}

/** The key's text is shown once, here. Null when the person has `max` already, also when several are made at once, and when the session has ended. */
export async function createApiKey(
  database: D1Database,
  { userId, sessionId, name, prefix, expiresAtMs }: NewApiKey,
  { nowMs, max }: { readonly nowMs: number; readonly max: number },
): Promise<{ readonly key: string; readonly row: ApiKeyRow } | null> {
  const id = crypto.randomUUID().replaceAll("-", "");
  const secret = randomToken();
  const done = await database
    .prepare(
      `INSERT INTO auth_api_keys (id, user_id, name, prefix, secret_hash, expires_at, created_at)
      SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE (SELECT count(*) FROM auth_api_keys WHERE user_id = ?2) < ?8
      AND EXISTS (SELECT 1 FROM auth_sessions WHERE id = ?9)`,
    )
    .bind(id, userId, name, prefix, hashToken(secret), expiresAtMs, nowMs, max, sessionId)
    .run();
  if (done.meta.changes === 0) return null;
  const row = { id, name, prefix, created_at: nowMs, expires_at: expiresAtMs, rotated_at: null };
  return { key: keyText(prefix, id, secret), row };
}

/** A new secret under the same id; the old one ends at once. Null when the person has no such key. */
export async function rotateApiKey(
  database: D1Database,
  { id, userId, expiresAtMs }: { readonly id: string; readonly userId: string; readonly expiresAtMs: number | null },
  nowMs: number,
): Promise<{ readonly key: string; readonly row: ApiKeyRow } | "expired" | null> {
  const secret = randomToken();
  const row = await database
    .prepare(
      `UPDATE auth_api_keys SET secret_hash = ?1, rotated_at = ?2, expires_at = coalesce(?3, expires_at)
      WHERE id = ?4 AND user_id = ?5 AND (?3 IS NOT NULL OR expires_at IS NULL OR expires_at > ?2)
      RETURNING id, name, prefix, created_at, expires_at, rotated_at`,
    )
    .bind(hashToken(secret), nowMs, expiresAtMs, id, userId)
    .first<ApiKeyRow>();
  if (row !== null) return { key: keyText(row.prefix, row.id, secret), row };
  const own = "SELECT id FROM auth_api_keys WHERE id = ? AND user_id = ?";
  return (await database.prepare(own).bind(id, userId).first()) === null ? null : "expired";
}

/** Whether the person had such a key. */
export async function revokeApiKey(database: D1Database, id: string, userId: string): Promise<boolean> {
  const done = await database.prepare("DELETE FROM auth_api_keys WHERE id = ? AND user_id = ?").bind(id, userId).run();
  return done.meta.changes > 0;
}

/** A page; `cursor` as the one before gave it, null for the first. Null when the cursor is none. */
export async function listApiKeys(
  database: D1Database,
  userId: string,
  { limit, cursor }: { readonly limit: number; readonly cursor: string | null },
): Promise<{ readonly rows: readonly ApiKeyRow[]; readonly nextCursor: string | null } | null> {
  const [, time = "0", id = ""] = /^(\d{1,15})\.([0-9a-f]{32})$/.exec(cursor ?? "") ?? [];
  if (cursor !== null && id === "") return null;
  const { results } = await database
    .prepare(
      `SELECT ${COLUMNS} FROM auth_api_keys AS k WHERE k.user_id = ?1 AND (k.created_at, k.id) > (?2, ?3) ORDER BY k.created_at, k.id LIMIT ?4`,
    )
    .bind(userId, Number(time), id, limit + 1)
    .all<ApiKeyRow>();
  const rows = results.slice(0, limit);
  const last = rows.at(-1);
  return { rows, nextCursor: results.length > limit && last !== undefined ? `${last.created_at}.${last.id}` : null };
}

export function publicKey({ id, name, prefix, created_at, expires_at, rotated_at }: ApiKeyRow): JsonObject {
  const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return { id, name, prefix, createdAt: time(created_at), expiresAt: time(expires_at), rotatedAt: time(rotated_at) };
}

function keyText(prefix: string, id: string, secret: string): string {
  return `${prefix === "" ? "" : `${prefix}_`}${id}.${secret}`;
}
