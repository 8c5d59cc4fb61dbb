/**
 * Who asks. The same shape however the caller proved it (JWT, development token, session cookie, API key),
 * so that scopes, hooks and the ledger never ask how.
 */

import type { JsonObject } from "../json.ts";

export interface User {
  readonly kind: "user";
  /** Stable id of the person or service: the `sub` claim. */
  readonly id: string;
  readonly roles: readonly string[];
  /** All claims of the verified token. */
  readonly claims: JsonObject;
  /** Seconds since 1970 at which the proof expires, if it does. */
  readonly expiresAtS?: number;
  /** Names the proof where it can be ended before that: `session:<id>`, `key:<id>`. No secret. */
  readonly credential?: string;
}

export interface Anonymous {
  readonly kind: "anonymous";
}

export type Principal = User | Anonymous;

export const ANONYMOUS: Anonymous = { kind: "anonymous" };

/** Whether the principal holds the role. */
export function hasRole(principal: Principal, role: string): boolean {
  return principal.kind === "user" && principal.roles.includes(role);
}

/** The role that may see how an application is made; applications may give it more. */
export const ADMINISTRATOR = "admin";

export function isAdmin(principal: Principal): boolean {
  return hasRole(principal, ADMINISTRATOR);
}
