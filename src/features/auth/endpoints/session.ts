/**
 * The session as such: who am I ([A4]), renew it ([A5]), end it here or everywhere ([A3]), a token of it for other services ([A14]),
 * and the keys by which those verify it.
 */

import { Fault, invalidField } from "../../../core/fault.ts";
import type { JsonObject } from "../../../core/json.ts";
import { type AuthCall, answer, requireIdentity, requireSession } from "../auth-call.ts";
import type { Identity } from "../identify.ts";
import { findSession } from "../live-session.ts";
import { own } from "../read-input.ts";
import { useRefresh } from "../refresh-token.ts";
import { goneCookies, readSessionCookie, sessionCookies } from "../session-cookie.ts";
import { publishedKeys } from "../signing-keys.ts";
import { hashToken } from "../tokens.ts";
import { publicUser, sessionCredential } from "../user-principal.ts";
import { accessTokenOf, shown } from "./begin-session.ts";

/**
 * `{ user: null }` for strangers, and for a cookie that is good no longer. That cookie is left alone: the answer may come late, when
 * the browser has a better one. Callers by a token of another issuer are told by its claims.
 */
export async function me(call: AuthCall): Promise<Response> {
  const { context } = call;
  let identity: Identity;
  try {
    identity = await requireIdentity(call);
  } catch (error) {
    if (!(error instanceof Fault) || error.data.slug !== "unauthorized") throw error;
    if (context.user.kind === "user") return answer({ user: publicUser(context.user), session: null });
    // A bearer token or key that is no good is told: its holder must know.
    if (context.request.headers.has("authorization") || context.request.headers.has("x-api-key"))
      throw error.data.reason === undefined ? refused() : error;
    return answer({ user: null, session: null });
  }
  if (identity.via === "key") return answer({ user: publicUser(identity.user), session: null });
  const { session } = identity;
  const expiresAt = new Date(session.expiresAtMs).toISOString();
  return answer({ user: shown(session), session: { id: session.id, expiresAt } });
}

function refused(): Fault {
  return new Fault({ slug: "unauthorized", reason: "invalid-credentials" });
}

/** A new token for the same session; the one that came is worth nothing a moment later. */
export async function refresh(call: AuthCall): Promise<Response> {
  const { values } = call;
  const given = own(values, "refreshToken");
  if (given !== undefined && typeof given !== "string") throw invalidField("refreshToken", "must be text", "type");
  return given === undefined ? refreshCookie(call) : refreshTokens(call, given);
}

async function refreshTokens(call: AuthCall, given: string): Promise<Response> {
  const { context, settings, database, keyring, nowMs } = call;
  const onTheft = ({ sessionId, userId }: { readonly sessionId: string; readonly userId: string }) =>
    context.accessEnded({ kind: "credential", userId, credential: sessionCredential(sessionId) });
  const refreshing = { database, keyring, settings, nowMs, log: context.log, onTheft };
  const { sessionId, refreshToken } = await useRefresh(given, refreshing);
  const session = await findSession(database, { id: sessionId });
  if (session === null) throw refused();
  return answer({ user: shown(session), refreshToken, ...(await accessTokenOf(call, session)) });
}

/** Those at the same time, and one whose answer was lost, get the same cookie. */
async function refreshCookie(call: AuthCall): Promise<Response> {
  const { context, settings, database, keyring, nowMs } = call;
  const identity = await requireSession(call);
  if (identity.via !== "cookie") throw invalidField("refreshToken", "is needed, as text", "required");
  const isReplaced = identity.token !== identity.given;
  const token = isReplaced ? identity.token : keyring.sign("rotate", identity.given);
  if (!isReplaced) {
    const { ttlMs, maxAgeMs } = settings.session;
    await database
      .prepare(
        "UPDATE auth_sessions SET token_hash = ?1, refreshed_at = ?2, updated_at = ?2, expires_at = min(?2 + ?3, created_at + ?4) WHERE token_hash = ?5",
      )
      .bind(hashToken(token), nowMs, ttlMs, maxAgeMs, hashToken(identity.given))
      .run();
  }
  // Also found when somebody else was faster: the next token is the same.
  const session = await findSession(database, { tokenHash: hashToken(token) });
  if (session === null) throw refused();
  const ttlMs = session.expiresAtMs - nowMs;
  const cookies = sessionCookies({ token, sessionId: session.id }, { url: context.url, keyring, ttlMs });
  return answer({ user: shown(session), sessionId: session.id }, { cookies });
}

/**
 * Ends the session; with `everywhere: true` all of the person's, with `keys: true` also their API keys. Without a session there is nothing to
 * end, which is fine; its cookie then stays, since the browser may have a better one when the answer comes.
 */
export async function signOut(call: AuthCall): Promise<Response> {
  const { context, database, values } = call;
  let identity: Identity;
  try {
    identity = await requireSession(call);
  } catch (error) {
    const isEnded = error instanceof Fault && error.data.slug === "unauthorized";
    if (isEnded && readSessionCookie(context.request.headers, context.url) !== null)
      return answer(null, { status: 204 });
    throw error;
  }
  const userId = identity.user.id;
  if (!isYes(values, "everywhere")) {
    await database.prepare("DELETE FROM auth_sessions WHERE id = ?").bind(identity.session.id).run();
    context.accessEnded({ kind: "credential", userId, credential: sessionCredential(identity.session.id) });
  } else {
    const withKeys = isYes(values, "keys");
    const tables = withKeys ? ["auth_sessions", "auth_api_keys"] : ["auth_sessions"];
    await database.batch(
      tables.map((table) => database.prepare(`DELETE FROM ${table} WHERE user_id = ?`).bind(userId)),
    );
    context.accessEnded(withKeys ? { kind: "everything", userId } : { kind: "sessions", userId, except: null });
  }
  return answer(null, { status: 204, cookies: goneCookies(context.url) });
}

/** Forms have texts only. */
function isYes(values: JsonObject, name: string): boolean {
  const value = own(values, name);
  return value === true || value === "true";
}

export async function accessToken(call: AuthCall): Promise<Response> {
  return answer(await accessTokenOf(call, (await requireSession(call)).session));
}

export async function jwks({ database, nowMs }: AuthCall): Promise<Response> {
  const headers = { "content-type": "application/jwk-set+json", "cache-control": "public, max-age=300" };
  return new Response(JSON.stringify(await publishedKeys(database, nowMs)), { headers });
}
