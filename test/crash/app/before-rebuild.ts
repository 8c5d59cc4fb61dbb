/** Version A of the application whose deployment is killed: shelves, and the books that stand on them. */

import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { defineApp, fullyPublic, resource } from "ledge";

const shelvesTable = sqliteTable("shelves", {
  id: text("id").primaryKey(),
  name: text("name"),
  load: text("load").notNull(),
});
const shelves = resource(shelvesTable, { ...fullyPublic(), group: "library", id: "text" });
const books = resource(
  sqliteTable("books", {
    id: text("id").primaryKey(),
    shelfId: text("shelf_id")
      .notNull()
      .references(() => shelvesTable.id),
    title: text("title").notNull(),
  }),
  { ...fullyPublic(), group: "library", id: "text" },
);

export const app = defineApp({ name: "crash", resources: [shelves, books] });
