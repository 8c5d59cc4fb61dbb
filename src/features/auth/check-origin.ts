/**
 * Whether a request may act with a cookie ([Y1]): it comes from a page of ours, and proves that it could read our cookie. Other
 * sites' pages can send requests with cookies along, but neither hide their origin nor read ours.
 */

import { Fault } from "../../core/fault.ts";
import type { AuthSettings } from "./auth-options.ts";
import type { Keyring } from "./keyring.ts";
import { isCsrfToken } from "./session-cookie.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

interface Sent {
  readonly headers: Headers;
  readonly url: URL;
}

export function canChange({ method }: { readonly method: string }): boolean {
  return !SAFE_METHODS.has(method);
}

/** 403 `origin` for what a browser says comes from elsewhere. No browser, no origin: nothing to check. */
export function checkOrigin({ headers, url }: Sent, { trustedOrigins }: AuthSettings): void {
  const origin = headers.get("origin");
  if (origin === url.origin || (origin !== null && trustedOrigins.includes(origin))) return;
  const site = headers.get("sec-fetch-site");
  const isForeign = origin !== null || (site !== null && site !== "same-origin" && site !== "none");
  if (isForeign)
    throw new Fault({ slug: "forbidden", reason: "origin", detail: "The request comes from another site" });
}

/** 403 `csrf` unless the session's own CSRF token came along. `given`: from a form's field, where there is no header. */
export function checkCsrf(headers: Headers, given: string | null, sessionId: string, keyring: Keyring): void {
  const sent = headers.get("x-csrf-token") ?? given;
  if (sent !== null && isCsrfToken(sent, sessionId, keyring)) return;
  throw new Fault({
    slug: "forbidden",
    reason: "csrf",
    detail: "Send the value of the cookie csrf_token in the header X-CSRF-Token",
  });
}
