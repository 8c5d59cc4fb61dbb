/**
 * Tables of the crash campaign: every placement, every way an id is made, every way a row goes, hooks, effects, short ledgers, search.
 * Each row holds the key of the request that created it (`origin`) and of the last one that wrote it (`last`); `body` is
 * derived from `last` (`bodyOf`), so that a row can be told from a torn one.
 */

import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ConflictError, fullyPublic, resource } from "ledge";
import { tell } from "./tell.ts";

const traces = () => ({ origin: text("origin").notNull(), last: text("last").notNull(), body: text("body").notNull() });

/** Alone in its object; ids made by the Worker. */
export const notes = resource(
  sqliteTable(
    "notes",
    {
      id: text("id").primaryKey(),
      ...traces(),
      data: text("data", { mode: "json" }),
      done: integer("done", { mode: "boolean" }).notNull().default(false),
    },
    (table) => [index("notes_last").on(table.last)],
  ),
  { ...fullyPublic(), search: { fields: ["body", "last"] } },
);

const ordersTable = sqliteTable("orders", { id: text("id").primaryKey(), ...traces() });
export const orders = resource(ordersTable, {
  ...fullyPublic(),
  group: "shop",
  relations: { lines: { type: "hasMany", resource: "lines", foreignKey: "orderId", onDelete: "cascade" } },
});
export const lines = resource(
  sqliteTable("lines", {
    id: text("id").primaryKey(),
    orderId: text("order_id")
      .notNull()
      .references(() => ordersTable.id),
    ...traces(),
  }),
  { ...fullyPublic(), group: "shop", search: { fields: ["body"] } },
);

/** One object a place; ids made by the client; the ledger is pruned all the time. */
export const readings = resource(
  sqliteTable("readings", { id: text("id").primaryKey(), place: text("place").notNull(), ...traces() }),
  {
    ...fullyPublic(),
    id: "text",
    partitionBy: "place",
    partition: { allow: () => true },
    changelog: { maxCommits: 100 },
  },
);

/**
 * Ids made by the object; a before-hook, so that a write takes two calls; a durable hook, whose effects hold up the pruning and,
 * the ledger being so short, are moved out of it.
 */
export const tickets = resource(
  sqliteTable("tickets", {
    id: integer("id").primaryKey(),
    ...traces(),
    stamp: text("stamp"),
    looks: integer("looks").notNull().default(0),
  }),
  {
    ...fullyPublic(),
    changelog: { maxCommits: 8 },
    hooks: {
      async onBeforeCreate(_context, draft) {
        return { ...draft, stamp: `before ${draft.last}` };
      },
      async onBeforeUpdate(_context, { before, patch }) {
        return { ...patch, stamp: `before ${patch.last}`, looks: before.looks + 1 };
      },
      onAfterCreate: {
        durable: true,
        run: (change, { env, attempt }) => tell(env, { ...change, attempt, about: String(change.after?.origin) }),
      },
    },
  },
);

/** Removed softly, restored, removed for good; written in batches that change some rows and create others. */
export const papers = resource(
  sqliteTable("papers", {
    id: text("id").primaryKey(),
    ...traces(),
    goneAt: integer("gone_at", { mode: "timestamp_ms" }),
  }),
  {
    auth: { ...fullyPublic().auth, hardDelete: "*" },
    id: "text",
    softDelete: { field: "goneAt" },
    search: { fields: ["body"] },
    changelog: { maxCommits: 300 },
  },
);

/** Written by everyone at once. A write adds its `step` inside the transaction, leaves a mark beside it and an effect for later. */
export const tallies = resource(
  sqliteTable("tallies", {
    id: text("id").primaryKey(),
    ...traces(),
    step: integer("step").notNull().default(0),
    total: integer("total").notNull().default(0),
  }),
  {
    ...fullyPublic(),
    group: "tallies",
    id: "text",
    hooks: {
      onWrite(tx, { before, after }) {
        if (before === null || after === null) return;
        tx.create("marks", { origin: after.last });
        tx.effect("tell", { about: after.last });
        if (after.body === "refuse") throw new ConflictError("Refused after its mark and its effect");
        return { total: before.total + after.step };
      },
    },
  },
);
export const marks = resource(sqliteTable("marks", { id: text("id").primaryKey(), origin: text("origin").notNull() }), {
  ...fullyPublic(),
  group: "tallies",
});
