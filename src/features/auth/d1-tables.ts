/**
 * The tables of sign-in in D1, whose migrations are in migrations/d1. People, their ways to sign in, sessions, keys. Secrets are stored as
 * hashes (passwords: scrypt; tokens: SHA-256), so that a copy of the database signs nobody in. The library sees the first four
 * under its own names (library/database-adapter.ts).
 */

import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

const time = (name: string) => integer(name, { mode: "timestamp_ms" });
const owner = () =>
  text("user_id")
    .notNull()
    .references(() => users.id, { onDelete: "cascade" });

export const users = sqliteTable(
  "auth_users",
  {
    id: text("id").primaryKey(),
    /** In lower case. */
    email: text("email").notNull(),
    emailVerified: integer("email_verified", { mode: "boolean" }).notNull().default(false),
    /** A sign-up whose mail must be followed first: it has never been used, and the next sign-up with the address takes its place. */
    isPending: integer("is_pending", { mode: "boolean" }).notNull().default(false),
    name: text("name").notNull().default(""),
    image: text("image"),
    /** JSON that the person may write: shown, never trusted. */
    userMetadata: text("user_metadata").notNull().default("{}"),
    /** JSON that servers alone write: `{ "roles": ["admin"], "orgId": "acme" }`. Its members become claims. */
    appMetadata: text("app_metadata").notNull().default("{}"),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  },
  (table) => [
    uniqueIndex("auth_users_by_email").on(table.email),
    index("auth_users_pending").on(table.createdAt).where(sql`is_pending = 1`),
  ],
);

/** One way to sign in: a password (`credential`), later an identity provider. */
export const accounts = sqliteTable(
  "auth_accounts",
  {
    id: text("id").primaryKey(),
    userId: owner(),
    providerId: text("provider_id").notNull(),
    accountId: text("account_id").notNull(),
    /** `scrypt$…` */
    password: text("password"),
    accessToken: text("access_token"),
    refreshToken: text("refresh_token"),
    idToken: text("id_token"),
    accessTokenExpiresAt: time("access_token_expires_at"),
    refreshTokenExpiresAt: time("refresh_token_expires_at"),
    scope: text("scope"),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  },
  (table) => [
    uniqueIndex("auth_accounts_by_provider").on(table.providerId, table.accountId),
    index("auth_accounts_by_user").on(table.userId),
  ],
);

export const sessions = sqliteTable(
  "auth_sessions",
  {
    id: text("id").primaryKey(),
    userId: owner(),
    /** SHA-256 of the token in the cookie; of one that nobody holds when the session is carried by bearer tokens. */
    tokenHash: text("token_hash").notNull(),
    /** SHA-256 of the refresh token that may be used next; null for cookies. */
    refreshHash: text("refresh_hash"),
    /** Of the one before: it may be repeated for a moment, and then ends the session. */
    previousRefreshHash: text("previous_refresh_hash"),
    /** When the token, of either kind, was last replaced by the next. */
    refreshedAt: time("refreshed_at"),
    expiresAt: time("expires_at").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  },
  (table) => [
    uniqueIndex("auth_sessions_by_token").on(table.tokenHash),
    index("auth_sessions_by_user").on(table.userId),
    index("auth_sessions_by_expiry").on(table.expiresAt),
  ],
);

/** What a mail's link proves; `identifier` is a hash, `value` the id of the person. */
export const verifications = sqliteTable(
  "auth_verifications",
  {
    id: text("id").primaryKey(),
    identifier: text("identifier").notNull(),
    value: text("value").notNull(),
    expiresAt: time("expires_at").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  },
  (table) => [
    index("auth_verifications_by_identifier").on(table.identifier),
    index("auth_verifications_by_value").on(table.value),
    index("auth_verifications_by_expiry").on(table.expiresAt),
  ],
);

export const apiKeys = sqliteTable(
  "auth_api_keys",
  {
    id: text("id").primaryKey(),
    userId: owner(),
    name: text("name").notNull(),
    /** What stands before the id in the key, for people: `board` of `board_<id>.<secret>`; may be empty. */
    prefix: text("prefix").notNull(),
    secretHash: text("secret_hash").notNull(),
    expiresAt: time("expires_at"),
    createdAt: time("created_at").notNull(),
    rotatedAt: time("rotated_at"),
  },
  (table) => [index("auth_api_keys_by_user").on(table.userId)],
);

/** Keys that sign access tokens. */
export const signingKeys = sqliteTable("auth_signing_keys", {
  /** The `kid`: `ledge.<uuid>`. */
  id: text("id").primaryKey(),
  alg: text("alg").notNull(),
  publicKey: text("public_key").notNull(),
  /** JWK, encrypted with a key derived from LEDGE_SECRET. */
  sealedPrivateKey: text("sealed_private_key").notNull(),
  createdAt: time("created_at").notNull(),
});

/** Tries that count against a limit, by a keyed hash of what is limited. */
export const attempts = sqliteTable(
  "auth_attempts",
  {
    id: text("id").primaryKey(),
    count: integer("count").notNull(),
    /** Of these, how many are still being tried. */
    undecided: integer("undecided").notNull().default(0),
    resetsAt: time("resets_at").notNull(),
  },
  (table) => [index("auth_attempts_by_reset").on(table.resetsAt)],
);

/** Never holds a row: a statement that tries to insert NULL makes the batch it stands in fail as a whole. */
export const guards = sqliteTable("auth_guards", { held: text("held").notNull() });
