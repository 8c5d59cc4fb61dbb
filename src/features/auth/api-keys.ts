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

const FORM = /^(?:[a-z0-9-]{1,32}_)?([0-9a-f]{32})\.([A-Za-z0-9_-]{43})$/;
const COLUMNS = "k.id, k.name, k.prefix, k.created_at, k.expires_at, k.rotated_at";

/** One read. The reasons are for those who hold keys to ask about; a request with a bad key is told 401 and no more. */
export async function verifyApiKey(database: D1Database, text: string, nowMs: number): Promise<KeyCheck> {
  const [, id, secret] = FORM.exec(text) ?? [];
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
  if (!isSame(hashToken(secret), row.secret_hash)) return { kind: "refused", reason: "mismatch" };
  if (row.expires_at !== null && row.expires_at <= nowMs) return { kind: "refused", reason: "expired" };
  const { key_id, key_name, prefix, secret_hash: _, key_created_at, expires_at, rotated_at, ...user } = row;
  const key = { id: key_id, name: key_name, prefix, created_at: key_created_at, expires_at, rotated_at };
  return { kind: "good", key, user };
}

export interface NewApiKey {
  readonly userId: string;
  readonly name: string;
  readonly prefix: string;
  readonly expiresAtMs: number | null;
}

/** The key's text is shown once, here. */
export async function createApiKey(
  database: D1Database,
  { userId, name, prefix, expiresAtMs }: NewApiKey,
  nowMs: number,
): Promise<{ readonly key: string; readonly row: ApiKeyRow }> {
  const id = crypto.randomUUID().replaceAll("-", "");
  const secret = randomToken();
  await database
    .prepare(
      "INSERT INTO auth_api_keys (id, user_id, name, prefix, secret_hash, expires_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id, userId, name, prefix, hashToken(secret), expiresAtMs, nowMs)
    .run();
  const row = { id, name, prefix, created_at: nowMs, expires_at: expiresAtMs, rotated_at: null };
  return { key: keyText(prefix, id, secret), row };
}

/** A new secret under the same id; the old one ends at once. Null when the person has no such key. */
export async function rotateApiKey(database: D1Database, id: string, userId: string, nowMs: number) {
  const secret = randomToken();
  const row = await database
    .prepare(
      "UPDATE auth_api_keys AS k SET secret_hash = ?, rotated_at = ? WHERE k.id = ? AND k.user_id = ? RETURNING id, name, prefix, created_at, expires_at, rotated_at",
    )
    .bind(hashToken(secret), nowMs, id, userId)
    .first<ApiKeyRow>();
  return row === null ? null : { key: keyText(row.prefix, row.id, secret), row };
}

/** Whether the person had such a key. */
export async function revokeApiKey(database: D1Database, id: string, userId: string): Promise<boolean> {
  const done = await database.prepare("DELETE FROM auth_api_keys WHERE id = ? AND user_id = ?").bind(id, userId).run();
  return done.meta.changes > 0;
}

export async function listApiKeys(database: D1Database, userId: string): Promise<readonly ApiKeyRow[]> {
  const statement = `SELECT ${COLUMNS} FROM auth_api_keys AS k WHERE k.user_id = ? ORDER BY k.created_at, k.id`;
  return (await database.prepare(statement).bind(userId).all<ApiKeyRow>()).results;
}

export function publicKey({ id, name, prefix, created_at, expires_at, rotated_at }: ApiKeyRow): JsonObject {
  const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return { id, name, prefix, createdAt: time(created_at), expiresAt: time(expires_at), rotatedAt: time(rotated_at) };
}

function keyText(prefix: string, id: string, secret: string): string {
  return `${prefix === "" ? "" : `${prefix}_`}${id}.${secret}`;
}
