/**
 * The session's cookie and the CSRF cookie beside it ([A13] [Y1]). The value is `<token>.<signature>`: a made-up one is refused without
 * asking the database. The CSRF token is a keyed hash of the session's id: a planted cookie cannot match, and a page that is
 * open stays good when the session's token is replaced. Pure but for keys.
 */

import type { Keyring } from "./keyring.ts";

const TOKEN = /^([A-Za-z0-9_-]{32,64})\.([A-Za-z0-9_-]{43})$/;
const CSRF_COOKIE = "csrf_token";

/** With the prefix that binds a cookie to its host where it can be used: browsers take it over https only. */
function sessionCookieName(url: URL): string {
  return url.protocol === "https:" ? "__Host-ledge_session" : "ledge_session";
}

/** The cookie's raw value; null without one. */
export function readSessionCookie(headers: Headers, url: URL): string | null {
  const header = headers.get("cookie");
  return header === null ? null : readCookie(header, sessionCookieName(url));
}

/** The token that a cookie holds; null when its form or signature is wrong. */
export function openSessionCookie(value: string, keyring: Keyring): string | null {
  const [, token, signature] = TOKEN.exec(value) ?? [];
  if (token === undefined || signature === undefined) return null;
  return keyring.isSigned("session", token, signature) ? token : null;
}

export function isCsrfToken(given: string, sessionId: string, keyring: Keyring): boolean {
  return keyring.isSigned("csrf", sessionId, given);
}

/** `Set-Cookie` values that begin a session in the browser. */
export function sessionCookies(
  { token, sessionId }: { readonly token: string; readonly sessionId: string },
  { url, keyring, ttlMs }: { readonly url: URL; readonly keyring: Keyring; readonly ttlMs: number },
): string[] {
  const maxAge = Math.floor(ttlMs / 1000);
  const common = `Path=/; SameSite=Lax; Max-Age=${maxAge}${url.protocol === "https:" ? "; Secure" : ""}`;
  return [
    `${sessionCookieName(url)}=${token}.${keyring.sign("session", token)}; ${common}; HttpOnly`,
    // Read by the page's script, which sends it back in a header: another site's script can do neither.
    `${CSRF_COOKIE}=${keyring.sign("csrf", sessionId)}; ${common}`,
  ];
}

/** `Set-Cookie` values that remove both. */
export function goneCookies(url: URL): string[] {
  const common = `Path=/; SameSite=Lax; Max-Age=0${url.protocol === "https:" ? "; Secure" : ""}`;
  return [`${sessionCookieName(url)}=; ${common}; HttpOnly`, `${CSRF_COOKIE}=; ${common}`];
}

function readCookie(header: string, name: string): string | null {
  for (const part of header.split(";")) {
    const equals = part.indexOf("=");
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim();
  }
  return null;
}
