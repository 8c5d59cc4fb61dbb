/**
 * Who sent a request, by what this feature has issued: an access token, an API key or the session's cookie, in that order; the first
 * that is there decides. One read of D1 at most, and none for what was never signed by us. Called at the edge before anything else
 * is done (authenticate), and by the endpoints that need the session itself.
 */

import { Fault } from "../../core/fault.ts";
import type { Logger } from "../../core/log.ts";
import type { User } from "../../core/scope/principal.ts";
import type { LedgeEnv } from "../../edge/env.ts";
import { claimsToBeOurs, openAccessToken } from "./access-token.ts";
import { verifyApiKey } from "./api-keys.ts";
import { databaseOf } from "./auth-env.ts";
import type { AuthSettings } from "./auth-options.ts";
import { canChange, checkCsrf, checkOrigin } from "./check-origin.ts";
import { keyringOf } from "./keyring.ts";
import { findCookieSession, findSession, type LiveSession } from "./live-session.ts";
import { openSessionCookie, readSessionCookie } from "./session-cookie.ts";
import { keyCredential, sessionCredential, userPrincipal } from "./user-principal.ts";

export interface Sent {
  readonly method: string;
  readonly headers: Headers;
  readonly url: URL;
  readonly env: LedgeEnv;
  readonly nowMs: number;
  readonly log: Logger;
  /** The CSRF token of a form, which can set no header. */
  readonly csrf?: string | null;
}

export type Identity =
  | { readonly via: "token"; readonly user: User; readonly session: LiveSession }
  | {
      readonly via: "cookie";
      readonly user: User;
      readonly session: LiveSession;
      readonly given: string;
      readonly token: string;
    }
  | { readonly via: "key"; readonly user: User };

/** Whose request it is, as its page knows: a cookie of somebody else, who has signed in in another tab, is not taken for theirs. */
const MEANT = "ledge-user";
const BEARER = /^bearer +(\S+)$/i;

/** Null when nothing of ours came along, at once. Otherwise the caller, or `unauthorized` or `forbidden`. */
export function identify(sent: Sent, settings: AuthSettings): Promise<Identity> | null {
  const { headers, url } = sent;
  const authorization = headers.get("authorization");
  if (authorization !== null) {
    const token = BEARER.exec(authorization)?.[1];
    // Another kind of token is for others to judge, whatever cookie came with it.
    return token !== undefined && claimsToBeOurs(token) ? byAccessToken(sent, token) : null;
  }
  const key = headers.get("x-api-key");
  if (key !== null) return byApiKey(sent, key);
  const cookie = readSessionCookie(headers, url);
  if (cookie !== null) return byCookie(sent, settings, cookie);
  return headers.has(MEANT) ? Promise.reject(ended("invalid-credentials")) : null;
}

async function byAccessToken({ env, log, nowMs }: Sent, token: string): Promise<Identity> {
  const database = databaseOf(env, log);
  const { sessionId, expiresAtMs } = await openAccessToken(token, { database, nowMs });
  const session = alive(await findSession(database, { id: sessionId }), nowMs);
  return { via: "token", user: principalOf(session, Math.min(expiresAtMs, session.expiresAtMs)), session };
}

async function byApiKey({ env, log, nowMs }: Sent, text: string): Promise<Identity> {
  const check = await verifyApiKey(databaseOf(env, log), text, nowMs);
  if (check.kind === "refused") {
    throw new Fault({
      slug: "unauthorized",
      reason: check.reason === "expired" ? "expired" : "invalid-credentials",
      detail: "The API key is not valid",
    });
  }
  const proof = { expiresAtMs: check.key.expires_at, credential: keyCredential(check.key.id) };
  return { via: "key", user: userPrincipal(check.user, proof) };
}

async function byCookie(sent: Sent, settings: AuthSettings, cookie: string): Promise<Identity> {
  const { headers, env, log, nowMs } = sent;
  const keyring = keyringOf(env);
  const given = openSessionCookie(cookie, keyring);
  if (given === null) throw ended("invalid-credentials");
  // A socket is opened by GET and can send no header, but its origin is told.
  if (canChange(sent) || headers.has("upgrade")) checkOrigin(sent, settings);
  const found = await findCookieSession(databaseOf(env, log), given, { keyring, nowMs });
  const session = alive(found?.session ?? null, nowMs);
  const meant = headers.get(MEANT);
  if (meant !== null && meant !== session.user.id) throw ended("invalid-credentials");
  if (canChange(sent)) checkCsrf(headers, sent.csrf ?? null, session.id, keyring);
  return {
    via: "cookie",
    user: principalOf(session, session.expiresAtMs),
    session,
    given,
    token: found?.token ?? given,
  };
}

function principalOf(session: LiveSession, expiresAtMs: number): User {
  return userPrincipal(session.user, { expiresAtMs, credential: sessionCredential(session.id) });
}

function alive(session: LiveSession | null, nowMs: number): LiveSession {
  if (session === null) throw ended("invalid-credentials");
  if (session.expiresAtMs <= nowMs) throw ended("expired");
  return session;
}

function ended(reason: "expired" | "invalid-credentials"): Fault {
  return new Fault({ slug: "unauthorized", reason, detail: "The session has ended. Sign in again" });
}
