/** Tables for tests of the edge: what they do is done by the fake namespace, so only shapes and rules matter. */

import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { resource } from "../../src/define/resource.ts";

export const notes = resource(
  sqliteTable("notes", {
    id: text("id").primaryKey(),
    title: text("title", { length: 10 }).notNull(),
    body: text("body"),
    rank: integer("rank").notNull().default(1),
    data: text("data", { mode: "json" }),
    secret: text("secret"),
    stamp: text("stamp"),
    version: integer("version").notNull().default(1),
    removedAt: integer("removed_at", { mode: "timestamp_ms" }),
  }),
  {
    public: { read: "rank>0" },
    auth: { read: "*", create: "*", update: "*", delete: "*", readDeleted: "rank==1" },
    columns: { secret: { returned: false }, stamp: { input: false } },
    softDelete: { field: "removedAt" },
    etag: { versionField: "version" },
  },
);

export const strict = resource(
  sqliteTable("strict", {
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    hidden: text("hidden"),
    extra: text("extra"),
  }),
  {
    auth: { read: "*", create: "*", update: "*", delete: "*" },
    strictInput: true,
    fields: { writable: ["name", "extra"] },
    columns: { extra: { required: true } },
  },
);

export const rooms = resource(
  sqliteTable("rooms", { id: text("id").primaryKey(), room: text("room").notNull(), text: text("text").notNull() }),
  { auth: { read: "*", create: "*" }, partitionBy: "room", partition: { claim: "room" } },
);

export const slugs = resource(sqliteTable("slugs", { id: text("id").primaryKey(), name: text("name") }), {
  auth: { read: "*", create: "*", update: "*" },
  id: "text",
  capabilities: { update: true, delete: false, create: false },
});

export const numbers = resource(sqliteTable("numbers", { id: integer("id").primaryKey(), name: text("name") }), {
  auth: { read: "*", create: "*", update: "*" },
});

export const closed = resource(sqliteTable("closed", { id: text("id").primaryKey() }), {});
