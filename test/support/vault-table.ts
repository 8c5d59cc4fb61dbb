/**
 * A table with everything that must not show: a hidden text, number and JSON column, columns that are readable but not
 * filterable or sortable, rows of other people, deleted rows. Partitioned, so that a test can hold two worlds side by side.
 */

import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { resource, rsql } from "ledge";

export const vault = resource(
  sqliteTable("vault", {
    id: text("id").primaryKey(),
    place: text("place").notNull(),
    ownerId: text("owner_id").notNull(),
    title: text("title").notNull(),
    rank: integer("rank"),
    quiet: text("quiet"),
    secret: text("secret"),
    pin: integer("pin"),
    dossier: text("dossier", { mode: "json" }),
    deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
  }),
  {
    partitionBy: "place",
    partition: { allow: () => true },
    auth: {
      // SQL cannot finish the scope of moll.
      read: (user) =>
        user.roles.includes("admin") ? "*" : user.id === "moll" ? 'ownerId%="m_ll"' : rsql`ownerId==${user.id}`,
      create: (user) => user.roles.includes("admin") && "*",
      update: (user) => rsql`ownerId==${user.id}`,
      delete: (user) => (user.roles.includes("admin") ? "*" : rsql`ownerId==${user.id}`),
      readDeleted: (user) => user.roles.includes("admin") && "*",
    },
    columns: { secret: { returned: false }, pin: { returned: false }, dossier: { returned: false } },
    fields: { filterable: ["id", "ownerId", "title", "rank", "deletedAt"], sortable: ["id", "title", "rank"] },
    computed: { initial: (row) => row.title.slice(0, 1) },
    search: { fields: [{ name: "title", weight: 2 }, "quiet"] },
    softDelete: { field: "deletedAt" },
  },
);
