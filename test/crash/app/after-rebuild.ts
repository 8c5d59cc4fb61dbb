/**
 * Version B: a shelf's name is no longer NULL and must not be empty, which rebuilds the table that books refer to; books get a
 * column, and there is a table more.
 */

import { sql } from "drizzle-orm";
import { check, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { defineApp, fullyPublic, resource } from "ledge";

const shelvesTable = sqliteTable(
  "shelves",
  { id: text("id").primaryKey(), name: text("name").notNull().default("no name"), load: text("load").notNull() },
  (table) => [check("shelves_named", sql`length(${table.name}) > 0`)],
);
const shelves = resource(shelvesTable, { ...fullyPublic(), group: "library", id: "text" });
const books = resource(
  sqliteTable("books", {
    id: text("id").primaryKey(),
    shelfId: text("shelf_id")
      .notNull()
      .references(() => shelvesTable.id),
    title: text("title").notNull(),
    pages: integer("pages").notNull().default(0),
  }),
  { ...fullyPublic(), group: "library", id: "text" },
);
const lenders = resource(sqliteTable("lenders", { id: text("id").primaryKey(), name: text("name").notNull() }), {
  ...fullyPublic(),
  group: "library",
  id: "text",
});

export const app = defineApp({ name: "crash", resources: [shelves, books, lenders] });
