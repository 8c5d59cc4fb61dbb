/**
 * The session behind a token, with its person: one statement by an index, so one read of D1 for a request. Read from the primary, so
 * that a session that has ended is refused by the next request, wherever it arrives.
 */

import { USER_COLUMNS, type UserRow } from "./user-principal.ts";

interface SessionRow extends UserRow {
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

const SELECT = `SELECT s.id AS session_id, s.expires_at AS session_expires_at, s.created_at AS session_created_at, ${USER_COLUMNS}
FROM auth_sessions AS s JOIN auth_users AS u ON u.id = s.user_id WHERE`;

/** By the hash of the cookie's token, or by id; null when there is none. It may have expired. */
export async function findSession(
  database: D1Database,
  by: { readonly tokenHash: string } | { readonly id: string },
): Promise<LiveSession | null> {
  const [column, value] = "id" in by ? ["s.id", by.id] : ["s.token_hash", by.tokenHash];
  const row = await database.prepare(`${SELECT} ${column} = ?`).bind(value).first<SessionRow>();
  if (row === null) return null;
  const { session_id, session_expires_at, session_created_at, ...user } = row;
  return { id: session_id, expiresAtMs: session_expires_at, createdAtMs: session_created_at, user };
}
