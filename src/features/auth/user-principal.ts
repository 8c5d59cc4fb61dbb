/**
 * A person's row → the `User` that scopes see. The one place that makes it, so that it is the same by cookie, bearer token and API
 * key. Members of `app_metadata` become claims, as an identity provider would put them; what the person wrote stays in `user_metadata`.
 */

import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { User } from "../../core/scope/principal.ts";

/** Columns of auth_users as the database has them. */
export interface UserRow {
  readonly id: string;
  readonly email: string;
  readonly email_verified: number;
  readonly name: string;
  readonly user_metadata: string;
  readonly app_metadata: string;
  readonly created_at: number;
}

/** The columns, for statements that join `auth_users AS u`. */
export const USER_COLUMNS = "u.id, u.email, u.email_verified, u.name, u.user_metadata, u.app_metadata, u.created_at";

/** By what a person was known. */
export interface Proof {
  readonly expiresAtMs: number | null;
  /** `session:<id>`, `key:<id>`. */
  readonly credential: string;
}

export const sessionCredential = (sessionId: string) => `session:${sessionId}`;
export const keyCredential = (keyId: string) => `key:${keyId}`;

export function userPrincipal(row: UserRow, proof: Proof | null): User {
  const appMetadata = parseObject(row.app_metadata);
  const roles = rolesOf(appMetadata);
  return {
    kind: "user",
    id: row.id,
    roles,
    claims: {
      ...appMetadata,
      sub: row.id,
      email: row.email,
      email_verified: row.email_verified === 1,
      name: row.name,
      roles,
      user_metadata: parseObject(row.user_metadata),
    },
    ...(proof === null ? {} : { credential: proof.credential }),
    ...(proof?.expiresAtMs == null ? {} : { expiresAtS: Math.floor(proof.expiresAtMs / 1000) }),
  };
}

/** What a person is shown of themselves. */
export function publicUser({ id, roles, claims }: User, createdAtMs: number | null = null): JsonObject {
  return {
    id,
    email: claims.email ?? null,
    emailVerified: claims.email_verified === true,
    name: claims.name ?? "",
    roles: [...roles],
    data: claims.user_metadata ?? {},
    ...(createdAtMs === null ? {} : { createdAt: new Date(createdAtMs).toISOString() }),
  };
}

function rolesOf({ roles }: JsonObject): string[] {
  return [roles].flat().filter((role): role is string => typeof role === "string");
}

function parseObject(text: string): JsonObject {
  try {
    const value = JSON.parse(text) as Json;
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
