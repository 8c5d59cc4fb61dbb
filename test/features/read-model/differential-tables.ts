/**
 * Tables of the differential tests: one with a column of every kind, read in its object and through a view; and two worlds that differ only
 * in what Mallory may not see, each with a view and a search of its own.
 */

import { blob, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { fullyPublic, resource, rsql } from "ledge";
import { view } from "../../../src/features/read-model/read-model.ts";

const samplesTable = sqliteTable("samples", {
  id: text("id").primaryKey(),
  title: text("title"),
  status: text("status").notNull(),
  count: integer("count"),
  rank: integer("rank").notNull(),
  price: real("price"),
  big: text("big"),
  done: integer("done", { mode: "boolean" }),
  madeAt: integer("made_at", { mode: "timestamp_ms" }),
  dueAt: integer("due_at", { mode: "timestamp" }),
  seenAt: text("seen_at"),
  bornAt: integer("born_at", { mode: "timestamp_ms" }).notNull(),
  tags: text("tags", { mode: "json" }),
  bytes: blob("bytes", { mode: "buffer" }),
  goneAt: integer("gone_at", { mode: "timestamp_ms" }),
});

export const samples = resource(samplesTable, {
  ...fullyPublic(),
  id: "text",
  columns: { big: { type: "bigint" }, seenAt: { type: "time" } },
  softDelete: { field: "goneAt" },
  search: { fields: [{ name: "title", weight: 2 }, "status"] },
  computed: { length: (row) => row.title?.length ?? -1 },
  readModel: true,
});

/** The owner's rows; the scope of moll is one that SQL cannot finish. */
const read = (user: { readonly id: string }) => (user.id === "moll" ? 'ownerId%="m_ll"' : rsql`ownerId==${user.id}`);

function world(name: "world_a" | "world_b") {
  return resource(
    sqliteTable(name, {
      id: text("id").primaryKey(),
      ownerId: text("owner_id").notNull(),
      title: text("title").notNull(),
      rank: integer("rank"),
      quiet: text("quiet"),
      secret: text("secret"),
      pin: integer("pin"),
      deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
    }),
    {
      id: "text",
      auth: { read, create: "*", delete: "*" },
      columns: { secret: { returned: false }, pin: { returned: false } },
      fields: { filterable: ["id", "ownerId", "title", "rank", "deletedAt"], sortable: ["id", "title", "rank"] },
      computed: { initial: (row) => row.title.slice(0, 1) },
      search: { fields: [{ name: "title", weight: 2 }, "quiet"] },
      softDelete: { field: "deletedAt" },
      // By name, so that what is hidden lies there and must not show.
      readModel: ["ownerId", "title", "rank", "quiet", "secret", "pin"],
    },
  );
}
const worldA = world("world_a");
const worldB = world("world_b");

export const differentialTables = [samples, worldA, worldB];
export const differentialViews = [
  view("all_samples", { of: samples, ...fullyPublic() }),
  view("mine_a", { of: worldA, auth: { read } }),
  view("mine_b", { of: worldB, auth: { read } }),
];
