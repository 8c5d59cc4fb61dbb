/**
 * The session as such: who am I ([A4]), renew it ([A5]), end it here or everywhere ([A3]), a token of it for other services ([A14]),
 * and the keys by which those verify it.
 */

import { Fault, invalidField } from "../../../core/fault.ts";
import { issueAccessToken } from "../access-token.ts";
import { type AuthCall, answer, requireIdentity, requireSession } from "../auth-call.ts";
import type { Identity } from "../identify.ts";
import { findSession } from "../live-session.ts";
import { own } from "../read-input.ts";
import { useRefresh } from "../refresh-token.ts";
import { goneCookies, readSessionCookie, sessionCookies } from "../session-cookie.ts";
import { publishedKeys } from "../signing-keys.ts";
import { hashToken, randomToken } from "../tokens.ts";
import { publicUser } from "../user-principal.ts";
import { accessTokenOf, shown } from "./begin-session.ts";

/**
 * `{ user: null }` for strangers, and for a cookie that is good no longer, which it takes back. Callers by a token of another issuer
 * are told by its claims.
 */
export async function me(call: AuthCall): Promise<Response> {
  const { context } = call;
  let identity: Identity;
  try {
    identity = await requireIdentity(call);
  } catch (error) {
    const isStale = readSessionCookie(context.request.headers, context.url) !== null;
    if (!(error instanceof Fault) || error.data.slug !== "unauthorized") throw error;
    if (context.user.kind === "user") return answer({ user: publicUser(context.user), session: null });
    // A bearer token or key that is no good is told: its holder must know.
    if (context.request.headers.has("authorization") || context.request.headers.has("x-api-key")) throw refused();
    return answer({ user: null, session: null }, { cookies: isStale ? goneCookies(context.url) : [] });
  }
  if (identity.via === "key") return answer({ user: publicUser(identity.user), session: null });
  const { session } = identity;
  const expiresAt = new Date(session.expiresAtMs).toISOString();
  return answer({ user: shown(session), session: { id: session.id, expiresAt } });
}

function refused(): Fault {
  return new Fault({ slug: "unauthorized", reason: "invalid-credentials" });
}

/** A new token for the same session; the one that came is worth nothing from then on. */
export async function refresh(call: AuthCall): Promise<Response> {
  const { context, settings, database, keyring, values, nowMs } = call;
  const given = own(values, "refreshToken");
  if (given !== undefined) {
    if (typeof given !== "string") throw invalidField("refreshToken", "must be text", "type");
    const refreshing = { database, keyring, settings, nowMs, log: context.log };
    const { sessionId, refreshToken } = await useRefresh(given, refreshing);
    const session = await findSession(database, { id: sessionId });
    if (session === null) throw new Fault({ slug: "unauthorized", reason: "invalid-credentials" });
    return answer({ user: shown(session), refreshToken, ...(await accessTokenOf(call, session)) });
  }
  const identity = await requireSession(call);
  if (identity.via !== "cookie") throw invalidField("refreshToken", "is needed, as text", "required");
  const token = randomToken();
  const { ttlMs, maxAgeMs } = settings.session;
  const moved = await database
    .prepare(
      "UPDATE auth_sessions SET token_hash = ?1, updated_at = ?2, expires_at = min(?2 + ?3, created_at + ?4) WHERE token_hash = ?5 RETURNING expires_at",
    )
    .bind(hashToken(token), nowMs, ttlMs, maxAgeMs, hashToken(identity.token))
    .first<{ expires_at: number }>();
  if (moved === null) throw new Fault({ slug: "unauthorized", reason: "invalid-credentials" });
  const cookies = sessionCookies(token, { url: context.url, keyring, ttlMs: moved.expires_at - nowMs });
  return answer({ user: shown(identity.session), sessionId: identity.session.id }, { cookies });
}

/** Ends the session; with `everywhere: true` all of the person's. Without a session there is nothing to end, which is fine. */
export async function signOut(call: AuthCall): Promise<Response> {
  const { context, database, values } = call;
  const everywhere = own(values, "everywhere");
  const cookies = goneCookies(context.url);
  let identity: Identity;
  try {
    identity = await requireSession(call);
  } catch (error) {
    const isEnded = error instanceof Fault && error.data.slug === "unauthorized";
    if (isEnded && readSessionCookie(context.request.headers, context.url) !== null)
      return answer(null, { status: 204, cookies });
    throw error;
  }
  await (everywhere === true || everywhere === "true"
    ? database.prepare("DELETE FROM auth_sessions WHERE user_id = ?").bind(identity.user.id)
    : database.prepare("DELETE FROM auth_sessions WHERE id = ?").bind(identity.session.id)
  ).run();
  return answer(null, { status: 204, cookies });
}

export async function accessToken(call: AuthCall): Promise<Response> {
  const { context, settings, database, keyring, nowMs } = call;
  const { session } = await requireSession(call);
  return answer({ ...(await issueAccessToken(session, { database, keyring, settings, url: context.url, nowMs })) });
}

export async function jwks({ database }: AuthCall): Promise<Response> {
  const headers = { "content-type": "application/jwk-set+json", "cache-control": "public, max-age=300" };
  return new Response(JSON.stringify(await publishedKeys(database)), { headers });
}
