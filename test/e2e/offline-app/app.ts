/** The application that the outbox is tried on in a browser. */

import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { defineApp, fullyPublic, resource } from "ledge";

const notes = resource(
  sqliteTable("notes", { id: text("id").primaryKey(), title: text("title", { length: 20 }), body: text("body") }),
  { ...fullyPublic() },
);

export const app = defineApp({ name: "offline", resources: { notes } });
