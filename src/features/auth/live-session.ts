/**
 * The session behind a token, with its person: one statement by an index, so one read of D1 for a request. Read from the primary, so
 * that a session that has ended is refused by the next request, wherever it arrives.
 */

import { REPEAT_MS } from "./auth-options.ts";
import type { Keyring } from "./keyring.ts";
import { hashToken } from "./tokens.ts";
import { USER_COLUMNS, type UserRow } from "./user-principal.ts";

interface SessionRow extends UserRow {
  readonly token_hash: string;
  readonly refreshed_at: number | null;
  readonly session_id: string;
  readonly session_expires_at: number;
  readonly session_created_at: number;
}

export interface LiveSession {
  readonly id: string;
  readonly expiresAtMs: number;
  readonly createdAtMs: number;
  readonly user: UserRow;
}

const SELECT = `SELECT s.id AS session_id, s.token_hash, s.refreshed_at, s.expires_at AS session_expires_at, s.created_at AS session_created_at, ${USER_COLUMNS}
FROM auth_sessions AS s JOIN auth_users AS u ON u.id = s.user_id WHERE`;

/** By the hash of the cookie's token, or by id; null when there is none. It may have expired. */
export async function findSession(
  database: D1Database,
  by: { readonly tokenHash: string } | { readonly id: string },
): Promise<LiveSession | null> {
  const [column, value] = "id" in by ? ["s.id", by.id] : ["s.token_hash", by.tokenHash];
  const row = await database.prepare(`${SELECT} ${column} = ?`).bind(value).first<SessionRow>();
  return row === null ? null : sessionOf(row);
}

/** A session by the token of a cookie. */
export interface CookieSession {
  readonly session: LiveSession;
  /** The one that counts now: the cookie's, or the one that has just replaced it. */
  readonly token: string;
}

/**
 * The token that replaces one of a cookie is computed from it, so requests that were on their way with the former one, and refreshes
 * at the same time, lead to the same session and the same next token, for a moment.
 */
export async function findCookieSession(
  database: D1Database,
  given: string,
  { keyring, nowMs }: { readonly keyring: Keyring; readonly nowMs: number },
): Promise<CookieSession | null> {
  const tokens = [given, ...keyring.signatures("rotate", given)];
  const hashes = tokens.map(hashToken);
  const statement = `${SELECT} s.token_hash IN (${hashes.map(() => "?").join(", ")})`;
  const row = await database
    .prepare(statement)
    .bind(...hashes)
    .first<SessionRow>();
  const token = row === null ? undefined : tokens[hashes.indexOf(row.token_hash)];
  if (row === null || token === undefined) return null;
  if (token !== given && nowMs - (row.refreshed_at ?? 0) >= REPEAT_MS) return null;
  return { session: sessionOf(row), token };
}

function sessionOf(row: SessionRow): LiveSession {
  const { token_hash: _, refreshed_at: __, session_id, session_expires_at, session_created_at, ...user } = row;
  return { id: session_id, expiresAtMs: session_expires_at, createdAtMs: session_created_at, user };
}
