/**
 * Development tokens: `Authorization: Bearer dev:alice,role=admin,orgId=acme`. They prove nothing, so they are read only
 * when `LEDGE_ENV` is `development` and the request came to this machine by a loopback name; anywhere else they are
 * credentials like any other, and wrong.
 */

import type { User } from "../core/scope/principal.ts";
import { isDevelopment, type LedgeEnv } from "./env.ts";
import { isSubject } from "./subject.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);
const PREFIX = "dev:";

export function admitsDevelopmentTokens(env: LedgeEnv, url: URL): boolean {
  return isDevelopment(env) && LOOPBACK.has(url.hostname);
}

export function isDevelopmentToken(token: string): boolean {
  return token.startsWith(PREFIX);
}

/** The user that the token names; null when it is malformed. A claim given twice is a list; `role` adds a role. */
export function parseDevelopmentToken(token: string): User | null {
  const [id = "", ...parts] = token.slice(PREFIX.length).split(",");
  if (!isSubject(id)) return null;
  const roles: string[] = [];
  const claims = new Map<string, string | string[]>([["sub", id]]);
  for (const part of parts) {
    const equals = part.indexOf("=");
    const name = part.slice(0, Math.max(equals, 0)).trim();
    const value = part.slice(equals + 1).trim();
    if (name === "" || name === "sub") return null;
    if (name === "role") roles.push(value);
    else {
      const earlier = claims.get(name);
      claims.set(name, earlier === undefined ? value : [earlier, value].flat());
    }
  }
  return { kind: "user", id, roles, claims: { ...Object.fromEntries(claims), roles } };
}
