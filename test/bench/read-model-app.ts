/** The application of `npm run bench:read-model`: a table in partitions that is copied to D1, a view of it, and a table that is searched. */

import { index, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { defineApp, fullyPublic, resource } from "ledge";
import { readModel, view } from "ledge/read-model";

const boxItems = resource(
  sqliteTable(
    "box_items",
    {
      id: text("id").primaryKey(),
      box: text("box").notNull(),
      ownerId: text("owner_id").notNull(),
      title: text("title").notNull(),
      status: text("status").notNull(),
      rank: integer("rank").notNull(),
      score: real("score"),
      done: integer("done", { mode: "boolean" }).notNull(),
      createdAt: integer("created_at", { mode: "timestamp_ms" }).notNull(),
      note: text("note"),
    },
    (table) => [index("box_items_by_owner").on(table.ownerId)],
  ),
  {
    ...fullyPublic(),
    id: "text",
    partitionBy: "box",
    partition: { allow: () => true },
    batch: { create: 1000 },
    readModel: true,
  },
);
/** One object for all: its copies are searched for every caller. */
const pages = resource(sqliteTable("pages", { id: text("id").primaryKey(), title: text("title").notNull() }), {
  ...fullyPublic(),
  id: "text",
  batch: { create: 1000 },
  search: { fields: ["title"] },
  readModel: true,
});

export const app = defineApp({
  name: "bench",
  resources: [boxItems, pages],
  features: [readModel({ views: [view("all_items", { of: boxItems, ...fullyPublic() })] })],
  observability: { logLevel: "error" },
});
