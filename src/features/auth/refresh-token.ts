/**
 * Refresh tokens ([A14]): `<session>.<secret>`, stored hashed, each good for one use. The next one is computed from the one it
 * replaces, so a client whose answer was lost may repeat for a moment and gets the same one again. Whoever comes with a used one
 * later ends the session for both: one of the two has stolen it.
 */

import { Fault } from "../../core/fault.ts";
import type { Logger } from "../../core/log.ts";
import type { AuthSettings } from "./auth-options.ts";
import type { Keyring } from "./keyring.ts";
import { hashToken, randomToken } from "./tokens.ts";

/** How long a used token may be repeated. */
const REPEAT_MS = 30_000;
const FORM = /^([A-Za-z0-9-]{1,64})\.([A-Za-z0-9_-]{43})$/;

interface Refreshing {
  readonly database: D1Database;
  readonly keyring: Keyring;
  readonly settings: AuthSettings;
  readonly nowMs: number;
  readonly log: Logger;
}

/** Gives a session its first refresh token; from then on it is carried by bearer tokens only. */
export async function beginRefresh(
  sessionId: string,
  { database, nowMs }: { readonly database: D1Database; readonly nowMs: number },
): Promise<string> {
  const token = `${sessionId}.${randomToken()}`;
  await database
    // The cookie's token was never sent to anybody; now it cannot be used either.
    .prepare("UPDATE auth_sessions SET refresh_hash = ?, token_hash = 'none:' || id, refreshed_at = ? WHERE id = ?")
    .bind(hashToken(token), nowMs, sessionId)
    .run();
  return token;
}

/** The next refresh token and its session; throws `unauthorized`. */
export async function useRefresh(
  given: string,
  { database, keyring, settings, nowMs, log }: Refreshing,
): Promise<{ readonly sessionId: string; readonly refreshToken: string }> {
  const [, sessionId] = FORM.exec(given) ?? [];
  if (sessionId === undefined) throw refused();
  const hash = hashToken(given);
  const next = `${sessionId}.${keyring.sign("refresh", given)}`;
  const { ttlMs, maxAgeMs } = settings.session;
  const moved = await database
    .prepare(
      `UPDATE auth_sessions SET refresh_hash = ?1, previous_refresh_hash = ?2, refreshed_at = ?3, updated_at = ?3,
      expires_at = min(?3 + ?4, created_at + ?5) WHERE id = ?6 AND refresh_hash = ?2 AND expires_at > ?3 RETURNING id`,
    )
    .bind(hashToken(next), hash, nowMs, ttlMs, maxAgeMs, sessionId)
    .first();
  if (moved !== null) return { sessionId, refreshToken: next };

  const session = await database
    .prepare("SELECT refresh_hash, previous_refresh_hash, refreshed_at, expires_at FROM auth_sessions WHERE id = ?")
    .bind(sessionId)
    .first<{
      refresh_hash: string | null;
      previous_refresh_hash: string | null;
      refreshed_at: number;
      expires_at: number;
    }>();
  // A stranger's guess must not end a session: only what was once good shows a theft.
  if (session === null || session.refresh_hash === null) throw refused();
  if (session.expires_at <= nowMs) throw new Fault({ slug: "unauthorized", reason: "expired" });
  if (session.previous_refresh_hash === hash && nowMs - session.refreshed_at < REPEAT_MS) {
    return { sessionId, refreshToken: next };
  }
  if (!isOfThisChain(given, session.refresh_hash, keyring)) throw refused();
  await database.prepare("DELETE FROM auth_sessions WHERE id = ?").bind(sessionId).run();
  log.warn("a used refresh token came again; its session is ended", { session: sessionId });
  throw refused();
}

/** How many uses back a stolen token is recognised. */
const CHAIN_LENGTH = 1000;

/** Whether following the chain from `given` leads to the present token: then `given` was good once. */
function isOfThisChain(given: string, presentHash: string, keyring: Keyring): boolean {
  const [sessionId = ""] = given.split(".");
  let token = given;
  for (let use = 0; use < CHAIN_LENGTH; use++) {
    token = `${sessionId}.${keyring.sign("refresh", token)}`;
    if (hashToken(token) === presentHash) return true;
  }
  return false;
}

function refused(): Fault {
  return new Fault({ slug: "unauthorized", reason: "invalid-credentials", detail: "The refresh token is not valid" });
}
