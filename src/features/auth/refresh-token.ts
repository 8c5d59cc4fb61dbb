/**
 * Refresh tokens ([A14]): `<session>.<secret>.<tag>`, stored hashed, each good for one use. The tag shows that it was ours, so a guess costs one
 * keyed hash and no read. The next secret is computed from the one it replaces, so a client whose answer was lost may repeat for a
 * moment and gets the same one again. Whoever comes with a used one later ends the session for both: one of the two has stolen it.
 */

import { Fault } from "../../core/fault.ts";
import type { Logger } from "../../core/log.ts";
import { type AuthSettings, REPEAT_MS } from "./auth-options.ts";
import type { Keyring } from "./keyring.ts";
import { hashToken, randomToken } from "./tokens.ts";

const FORM = /^(([A-Za-z0-9-]{1,64})\.[A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/;

interface Refreshing {
  readonly database: D1Database;
  readonly keyring: Keyring;
  readonly settings: AuthSettings;
  readonly nowMs: number;
  readonly log: Logger;
  /** Called when a session was ended because a used token came again. */
  readonly onTheft: (ended: { readonly sessionId: string; readonly userId: string }) => void;
}

/** Gives a session its first refresh token; from then on it is carried by bearer tokens only. */
export async function beginRefresh(
  sessionId: string,
  { database, keyring, nowMs }: Pick<Refreshing, "database" | "keyring" | "nowMs">,
): Promise<string> {
  const body = `${sessionId}.${randomToken()}`;
  await database
    // The cookie's token was never sent to anybody; now it cannot be used either.
    .prepare("UPDATE auth_sessions SET refresh_hash = ?, token_hash = 'none:' || id, refreshed_at = ? WHERE id = ?")
    .bind(hashToken(body), nowMs, sessionId)
    .run();
  return tagged(body, keyring);
}

interface Stored {
  readonly user_id: string;
  readonly refresh_hash: string | null;
  readonly previous_refresh_hash: string | null;
  readonly refreshed_at: number;
  readonly expires_at: number;
}

/** The next refresh token and its session; throws `unauthorized`. */
export async function useRefresh(
  given: string,
  { database, keyring, settings, nowMs, log, onTheft }: Refreshing,
): Promise<{ readonly sessionId: string; readonly refreshToken: string }> {
  const [, body = "", sessionId = "", tag = ""] = FORM.exec(given) ?? [];
  // A stranger's guess must not end a session, nor cost the database anything.
  if (body === "" || !keyring.isSigned("refresh-tag", body, tag)) throw refused();
  const hash = hashToken(body);
  const [next = "", ...nextUnderOld] = keyring
    .signatures("refresh", body)
    .map((signature) => `${sessionId}.${signature}`);
  const { ttlMs, maxAgeMs } = settings.session;
  const moved = await database
    .prepare(
      `UPDATE auth_sessions SET refresh_hash = ?1, previous_refresh_hash = ?2, refreshed_at = ?3, updated_at = ?3,
      expires_at = min(?3 + ?4, created_at + ?5) WHERE id = ?6 AND refresh_hash = ?2 AND expires_at > ?3 RETURNING id`,
    )
    .bind(hashToken(next), hash, nowMs, ttlMs, maxAgeMs, sessionId)
    .first();
  if (moved !== null) return { sessionId, refreshToken: tagged(next, keyring) };

  const session = await database
    .prepare(
      "SELECT user_id, refresh_hash, previous_refresh_hash, refreshed_at, expires_at FROM auth_sessions WHERE id = ?",
    )
    .bind(sessionId)
    .first<Stored>();
  if (session === null || session.refresh_hash === null) throw refused();
  if (session.expires_at <= nowMs) throw new Fault({ slug: "unauthorized", reason: "expired" });
  if (session.previous_refresh_hash === hash && nowMs - session.refreshed_at < REPEAT_MS) {
    // The first use may have been under the former secret.
    const same = [next, ...nextUnderOld].find((each) => hashToken(each) === session.refresh_hash);
    if (same !== undefined) return { sessionId, refreshToken: tagged(same, keyring) };
  }
  // It is ours and not the present one, so it was good once.
  await database.prepare("DELETE FROM auth_sessions WHERE id = ?").bind(sessionId).run();
  log.warn("a used refresh token came again; its session is ended", { session: sessionId });
  onTheft({ sessionId, userId: session.user_id });
  throw refused();
}

function tagged(body: string, keyring: Keyring): string {
  return `${body}.${keyring.sign("refresh-tag", body)}`;
}

function refused(): Fault {
  return new Fault({ slug: "unauthorized", reason: "invalid-credentials", detail: "The refresh token is not valid" });
}
