/** A small application with sign-in: notes of one's own, and a route a guard. Mail is kept for the tests to read. */

import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import {
  type AccessEnded,
  defineApp,
  enforceAuth,
  type Feature,
  ownerOnly,
  requireAnyRole,
  requireRole,
  requireUser,
  requireVerifiedEmail,
  resource,
  timestampHooks,
  withAuth,
} from "ledge";
import { auth, type Mail, setAppMetadata } from "../../../src/features/auth/auth.ts";

const notesTable = sqliteTable("notes", {
  id: text("id").primaryKey(),
  ownerId: text("owner_id").notNull(),
  body: text("body").notNull(),
  createdAt: integer("created_at", { mode: "timestamp_ms" }),
  updatedAt: integer("updated_at", { mode: "timestamp_ms" }),
});

export const NOTES_SQL =
  "CREATE TABLE notes (id text PRIMARY KEY NOT NULL, owner_id text NOT NULL, body text NOT NULL, created_at integer, updated_at integer, _version integer DEFAULT 0 NOT NULL)";

export const notes = resource(notesTable, {
  ...ownerOnly("ownerId"),
  generatedFields: ["ownerId", "createdAt", "updatedAt"],
  hooks: timestampHooks({ owner: "ownerId" }),
});

/** Every mail sent since the tests began. */
export const mails: Mail[] = [];
/** While true, mail cannot be sent. */
export const mailbox = { isBroken: false };

/** Access that ended since the tests began, as features are told. */
export const ended: AccessEnded[] = [];

const mailer = async (mail: Mail) => {
  if (mailbox.isBroken) throw new Error("the mail server is down");
  mails.push(mail);
};

const options = { name: "test", resources: [notes] } as const;

const listening: Feature = { name: "listening", onAccessEnded: (told) => void ended.push(told) };

export const app = defineApp({ ...options, features: [auth({ mailer, maxKeys: 5 }), listening] })
  .route("GET", "/whoami", ({ user }) => user)
  .route("POST", "/roles/:role", (context) => {
    const { id } = requireUser(context);
    const { LEDGE_D1 } = context.env as unknown as { readonly LEDGE_D1: D1Database };
    return setAppMetadata(LEDGE_D1, id, { roles: [context.params.role ?? ""] }, context);
  })
  .route("GET", "/page", ({ user }) => ({ kind: user.kind }), { credentials: "forgiven" })
  .route("GET", "/guard/role", (context) => ({ id: requireRole(context, "admin").id }))
  .route("GET", "/guard/any", (context) => ({ id: requireAnyRole(context, ["editor", "admin"]).id }))
  .route("GET", "/guard/verified", (context) => ({ id: requireVerifiedEmail(context).id }))
  .route(
    "GET",
    "/guard/with",
    withAuth((_context, user) => ({ id: user.id })),
  );

/** Sign-up signs in at once, and everything else needs a signed-in caller. */
export const openApp = defineApp({
  ...options,
  middleware: [enforceAuth],
  features: [auth({ mailer, signUp: { verification: "later" } })],
}).route("GET", "/api/whoami", ({ user }) => user);
