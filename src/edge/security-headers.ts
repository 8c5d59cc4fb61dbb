/**
 * Security headers ([Y2]). On by default; the Content-Security-Policy that allows nothing is opt-in, because pages of an
 * application may live under the same Worker.
 */

export interface SecurityHeaderOptions {
  /** Seconds of Strict-Transport-Security on https; 0 leaves the header out. Default: one year. */
  readonly hstsMaxAgeS?: number;
}

const API_CSP = "default-src 'none'; frame-ancestors 'none'";

/** Two fixed sets, made once: for https and for http. */
export function securityHeaders(options: SecurityHeaderOptions | false | undefined): {
  readonly https: Readonly<Record<string, string>>;
  readonly http: Readonly<Record<string, string>>;
} {
  if (options === false) return { https: {}, http: {} };
  const http = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
  };
  const maxAgeS = options?.hstsMaxAgeS ?? 31_536_000;
  const https =
    maxAgeS === 0 ? http : { ...http, "strict-transport-security": `max-age=${maxAgeS}; includeSubDomains` };
  return { https, http };
}

/** The opt-in policy for replies under the base path (`STRICT_API_CSP=true`). */
export const STRICT_API_CSP: Readonly<Record<string, string>> = { "content-security-policy": API_CSP };
