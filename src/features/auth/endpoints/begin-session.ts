/**
 * What a sign-in gives: a session of its own, never one that was there before, so that nobody can be made to use a session that somebody
 * else knows. Carried by cookies, or by bearer tokens where the caller asks for them.
 */

import { Fault, invalidField } from "../../../core/fault.ts";
import type { JsonObject } from "../../../core/json.ts";
import { errorFields } from "../../../core/log.ts";
import { issueAccessToken } from "../access-token.ts";
import { type AuthCall, answer } from "../auth-call.ts";
import { VERIFY_TTL_MS } from "../auth-options.ts";
import { findCookieSession, findSession, type LiveSession } from "../live-session.ts";
import { originOf } from "../mailer.ts";
import { own } from "../read-input.ts";
import { beginRefresh } from "../refresh-token.ts";
import { openSessionCookie, readSessionCookie, sessionCookies } from "../session-cookie.ts";
import { hashToken } from "../tokens.ts";
import { publicUser, sessionCredential, userPrincipal } from "../user-principal.ts";

export type Carrier = "cookie" | "token";

/** `session` of the body: `cookie` (the default) or `token`. */
export function readCarrier(values: JsonObject): Carrier {
  const given = own(values, "session") ?? "cookie";
  if (given !== "cookie" && given !== "token") throw invalidField("session", "must be cookie or token", "enum");
  return given;
}

/** The answer to a sign-in whose session was just made; `token` is the one of its cookie. */
export async function beginSession(call: AuthCall, token: string, carrier: Carrier, status = 200): Promise<Response> {
  const { context, settings, database, keyring, nowMs } = call;
  const session = await findSession(database, { tokenHash: hashToken(token) });
  if (session === null) throw new Fault({ slug: "unavailable", retryAfter: 1 });
  await endFormer(call);
  context.waitUntil(sweep(call));
  if (carrier === "token") {
    const refreshToken = await beginRefresh(session.id, { database, keyring, nowMs });
    return answer({ user: shown(session), refreshToken, ...(await accessTokenOf(call, session)) }, { status });
  }
  const cookies = sessionCookies(
    { token, sessionId: session.id },
    { url: context.url, keyring, ttlMs: settings.session.ttlMs },
  );
  return answer({ user: shown(session), sessionId: session.id }, { status, cookies });
}

export async function accessTokenOf({ context, settings, database, keyring, nowMs }: AuthCall, session: LiveSession) {
  const issuer = settings.accessToken.issuer ?? originOf(settings, context);
  const issued = await issueAccessToken(session, { database, keyring, settings, issuer, nowMs });
  return { ...issued };
}

export function shown(session: LiveSession): JsonObject {
  return publicUser(userPrincipal(session.user, null), session.user.created_at);
}

/** The session that the browser had until now ends with the new one. */
async function endFormer({ context, keyring, database, nowMs }: AuthCall): Promise<void> {
  const cookie = readSessionCookie(context.request.headers, context.url);
  const former = cookie === null ? null : openSessionCookie(cookie, keyring);
  if (former === null) return;
  const found = await findCookieSession(database, former, { keyring, nowMs });
  if (found === null) return;
  const { session } = found;
  await database.prepare("DELETE FROM auth_sessions WHERE id = ?").bind(session.id).run();
  context.accessEnded({ kind: "credential", userId: session.user.id, credential: sessionCredential(session.id) });
}

/** Expired sessions are kept for a day, so that their holders are told why they are refused. */
const KEEP_EXPIRED_MS = 86_400_000;

/** Takes away what has expired, a little at each sign-in. What it cannot do now the next one does. */
async function sweep({ context, database, nowMs }: AuthCall): Promise<void> {
  const some = (table: string, condition: string) =>
    `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE ${condition} < ? LIMIT 100)`;
  try {
    await database.batch([
      database.prepare(some("auth_sessions", "expires_at")).bind(nowMs - KEEP_EXPIRED_MS),
      database.prepare(some("auth_attempts", "resets_at")).bind(nowMs),
      database.prepare(some("auth_verifications", "expires_at")).bind(nowMs),
      // Their links have expired as well.
      database.prepare(some("auth_users", "is_pending = 1 AND created_at")).bind(nowMs - 2 * VERIFY_TTL_MS),
    ]);
  } catch (error) {
    context.log.warn("what has expired was not removed", errorFields(error));
  }
}
