/** The application whose watchers the crash test counts: one table, followed by everybody who is signed in. */

import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { authenticated, defineApp, resource } from "ledge";

export const items = resource(
  sqliteTable("items", {
    id: text("id").primaryKey(),
    /** Never changes, so that a row stays where it is watched. */
    bucket: integer("bucket").notNull(),
    value: integer("value").notNull(),
  }),
  { ...authenticated(), changelog: { maxCommits: 200_000 } },
);

export const app = defineApp({ name: "live", resources: { items } });
