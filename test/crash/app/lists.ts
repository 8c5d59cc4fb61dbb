/** The application of the test that kills transactions over several objects: lists that are appended to, one object a room. */

import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { defineApp, fullyPublic, resource } from "ledge";

export const lists = resource(
  sqliteTable("lists", {
    id: text("id").primaryKey(),
    room: text("room").notNull(),
    held: text("held", { mode: "json" }).notNull(),
  }),
  { ...fullyPublic(), id: "text", partitionBy: "room", partition: { allow: () => true } },
);

export const app = defineApp({ name: "lists", resources: [lists], transactions: { http: true } });
