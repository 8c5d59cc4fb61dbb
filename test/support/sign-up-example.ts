/**
 * The sign-up of docs/transactions.md, as it stands there: a member, a profile, settings, and a subscription only when the plan is not
 * free. The tables share an object, so it is one local commit.
 */

import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { mapRoute, ownerOnly, resource } from "ledge";
import { z } from "zod";

const DAY_MS = 86_400_000;
const id = () => text("id").primaryKey();
const memberId = () => text("member_id").notNull().unique();
const group = "members";

export const members = resource(
  sqliteTable("members", {
    id: id(),
    email: text("email").notNull().unique(),
    passwordHash: text("password_hash").notNull(),
  }),
  { ...ownerOnly("id"), group, columns: { passwordHash: { returned: false } } },
);
export const memberProfiles = resource(
  sqliteTable("member_profiles", { id: id(), memberId: memberId(), name: text("name", { length: 80 }).notNull() }),
  { ...ownerOnly("memberId"), group },
);
export const memberSettings = resource(
  sqliteTable("member_settings", { id: id(), memberId: memberId(), theme: text("theme").notNull() }),
  { ...ownerOnly("memberId"), group },
);
export const memberSubscriptions = resource(
  sqliteTable("member_subscriptions", {
    id: id(),
    memberId: memberId(),
    plan: text("plan", { enum: ["team", "company"] }).notNull(),
    expiresAt: integer("expires_at", { mode: "timestamp_ms" }).notNull(),
  }),
  { ...ownerOnly("memberId"), group },
);

/** PBKDF2 with a salt of its own, as `salt:hash` in hex. A real application takes the sign-in feature. */
async function hashPassword(password: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(password), "PBKDF2", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: 10_000 }, key, 256);
  const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex(salt)}:${hex(new Uint8Array(bits))}`;
}

export const signUp = mapRoute({
  path: "/sign-up",
  method: "POST",
  description: "Creates a member with all that belongs to it",
  auth: "public",
  scopes: "system",
  validate: z.object({
    email: z.email(),
    password: z.string().min(8).max(256),
    name: z.string().trim().min(1).max(80),
    plan: z.enum(["free", "team", "company"]).default("free"),
  }),
  prepare: async ({ body }) => ({ passwordHash: await hashPassword(body.password) }),
  operations: [
    {
      op: "create",
      resource: "members",
      as: "member",
      data: ({ body, prepared }) => ({ email: body.email, passwordHash: prepared.passwordHash }),
    },
    {
      op: "create",
      resource: "member_profiles",
      as: "profile",
      data: ({ body, results }) => ({ memberId: results.member.id, name: body.name }),
    },
    { op: "create", resource: "member_settings", as: "settings", data: { memberId: "{{member.id}}", theme: "light" } },
    {
      op: "create",
      resource: "member_subscriptions",
      as: "subscription",
      condition: ({ body }) => body.plan !== "free",
      data: ({ body, results, now }) => ({
        memberId: results.member.id,
        plan: body.plan,
        expiresAt: new Date(now + 30 * DAY_MS),
      }),
    },
  ],
  effects: ({ member }) => [{ task: "welcome-mail", input: { memberId: member.id } }],
  response: {
    transform: ({ member, subscription }) => ({ id: member.id, plan: subscription?.plan ?? "free" }),
    status: 201,
  },
});
