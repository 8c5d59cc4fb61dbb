/** Tables of the transaction tests: one group in partitions, so that every test has an object, and a ledger, of its own. */

import { sql } from "drizzle-orm";
import { check, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ConflictError, fullyPublic, resource, rsql } from "ledge";
import { z } from "zod";
import { hookLog } from "./test-tables.ts";

const id = () => text("id").primaryKey();
const room = () => text("room").notNull();
const bank = {
  partitionBy: "room",
  partition: { allow: (_principal: unknown, name: string) => !name.startsWith("forbidden") },
  group: "bank",
} as const;

const walletsTable = sqliteTable(
  "wallets",
  {
    id: id(),
    room: room(),
    ownerId: text("owner_id").notNull(),
    name: text("name", { length: 20 }),
    balance: integer("balance").notNull().default(0),
    code: text("code").unique(),
    pin: text("pin").default("1234"),
    data: text("data", { mode: "json" }),
  },
  (table) => [check("wallets_not_negative", sql`${table.balance} >= 0`)],
);
/** Owners write their own and see those that have a code; a hidden column, a check, a unique code; a parent of `lines`. */
export const wallets = resource(walletsTable, {
  ...bank,
  auth: {
    read: (user) => rsql`ownerId==${user.id},code!=null`,
    create: (user) => rsql`ownerId==${user.id}`,
    update: (user) => rsql`ownerId==${user.id}`,
    delete: (user) => rsql`ownerId==${user.id}`,
  },
  columns: { pin: { returned: false } },
  relations: { lines: { type: "hasMany", resource: "lines", foreignKey: "walletId", onDelete: "cascade" } },
});

/** Open to all; soft delete, a random default, a foreign key. */
export const lines = resource(
  sqliteTable("lines", {
    id: id(),
    room: room(),
    walletId: text("wallet_id").references(() => walletsTable.id),
    text: text("text").notNull().default(""),
    rank: integer("rank").notNull().default(0),
    drawn: text("drawn").$defaultFn(() => crypto.randomUUID()),
    data: text("data", { mode: "json" }),
    gone: integer("gone", { mode: "timestamp_ms" }),
  }),
  { ...fullyPublic(), ...bank, softDelete: { field: "gone" }, computed: { loud: (row) => row.text.toUpperCase() } },
);

/** What a test does to the room while a before-hook waits. */
export const meanwhileIn: { run: (() => Promise<void>) | null } = { run: null };

/** Every hook, steered by the title. */
export const parcels = resource(
  sqliteTable("parcels", { id: id(), room: room(), title: text("title").notNull(), stamp: text("stamp") }),
  {
    ...fullyPublic(),
    ...bank,
    hooks: {
      async onBeforeCreate(_context, draft) {
        hookLog.push(`beforeCreate ${draft.title}`);
        if (draft.title === "reject") throw new ConflictError("Rejected by the hook");
        if (draft.title === "boom") throw new Error("secret detail of a defect");
        return { ...draft, stamp: "created" };
      },
      async onBeforeUpdate(_context, { before, patch }) {
        hookLog.push(`beforeUpdate ${before.title}`);
        await meanwhileIn.run?.();
        return { ...patch, stamp: `was ${before.title}` };
      },
      onBeforeDelete(_context, row) {
        hookLog.push(`beforeDelete ${row.title}`);
        if (row.title === "undeletable") throw new ConflictError("Stays");
      },
      onWrite(tx, change) {
        const title = change.after?.title ?? change.before?.title ?? "";
        hookLog.push(`onWrite ${change.op} ${title}`);
        if (title === "throw-inside") throw new ConflictError("Rolled back");
        if (title === "note") tx.create("lines", { text: `about ${title}`, room: change.after?.room ?? "" });
        if (title === "effect") tx.effect("ping", { title });
        return undefined;
      },
      onAfterCreate(change) {
        hookLog.push(`afterCreate ${change.after?.title}`);
      },
    },
  },
);

/** A schema of its own, which may be asynchronous. */
export const labelled = resource(sqliteTable("labelled", { id: id(), room: room(), email: text("email").notNull() }), {
  ...fullyPublic(),
  ...bank,
  schema: z.object({ email: z.string().trim().email() }),
});

/** Changes need a condition; input outside the writable columns is refused. */
export const sealed = resource(
  sqliteTable("sealed", { id: id(), room: room(), title: text("title").notNull(), fixed: text("fixed") }),
  { ...fullyPublic(), ...bank, etag: { required: true }, strictInput: true, columns: { fixed: { input: false } } },
);

/** Reads only; small batches. */
export const racks = resource(sqliteTable("racks", { id: id(), room: room(), title: text("title") }), {
  ...fullyPublic(),
  ...bank,
  capabilities: { update: false },
  batch: { delete: 2 },
});

/** Integer ids. */
export const stubs = resource(
  sqliteTable("stubs", { id: integer("id").primaryKey(), room: room(), title: text("title").notNull() }),
  { ...fullyPublic(), ...bank },
);
