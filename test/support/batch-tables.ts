/** Tables of the batch tests. All are partitioned, so that every test has an object, and a ledger, of its own. */

import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ConflictError, fullyPublic, type ResourceConfig, resource, rsql } from "ledge";
import { failing, hookLog } from "./test-tables.ts";

const id = () => text("id").primaryKey();
const room = () => text("room").notNull();
const anyRoom = { partitionBy: "room", partition: { allow: () => true } } as const;

const boxColumns = () => ({
  id: id(),
  room: room(),
  title: text("title", { length: 20 }).notNull(),
  rank: integer("rank").notNull().default(0),
  code: text("code").unique(),
  fixed: text("fixed"),
  secret: text("secret"),
});
const boxConfig = {
  ...fullyPublic(),
  ...anyRoom,
  columns: { secret: { returned: false }, fixed: { input: false } },
} as const;

/** Open to all; a unique code, a hidden and a protected column. */
export const boxes = resource(sqliteTable("boxes", boxColumns()), boxConfig);
/** The same, for the comparison of a batch with single requests. */
export const twins = resource(sqliteTable("twins", boxColumns()), boxConfig);
/** Small limits; no upsert at all. */
export const lots = resource(sqliteTable("lots", { id: id(), room: room(), title: text("title").notNull() }), {
  ...fullyPublic(),
  ...anyRoom,
  batch: { create: 3, update: 3, replace: 3, delete: 3, upsert: false },
});
/** Large limits, and confirmation of large filter batches. */
export const bulks = resource(
  sqliteTable("bulks", { id: id(), room: room(), rank: integer("rank").notNull().default(0), data: text("data") }),
  {
    ...fullyPublic(),
    ...anyRoom,
    batch: { create: 500, update: 500, delete: 500, confirm: true },
  },
);
/** No batches. */
export const singles = resource(sqliteTable("singles", { id: id(), room: room(), title: text("title") }), {
  ...fullyPublic(),
  ...anyRoom,
  capabilities: { batch: false },
});
/** Rows may not be created, so neither PUT nor upsert creates one. */
export const closed = resource(sqliteTable("closed", { id: id(), room: room(), title: text("title") }), {
  ...fullyPublic(),
  ...anyRoom,
  capabilities: { create: false },
});
/** Owner scopes, shared reading, soft delete. */
export const crates = resource(
  sqliteTable("crates", {
    id: id(),
    room: room(),
    ownerId: text("owner_id").notNull(),
    title: text("title").notNull(),
    shared: integer("shared", { mode: "boolean" }).notNull().default(false),
    deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
  }),
  {
    ...anyRoom,
    auth: {
      read: (user) => rsql`ownerId==${user.id},shared==true`,
      create: (user) => rsql`ownerId==${user.id}`,
      update: (user) => rsql`ownerId==${user.id}`,
      delete: (user) => rsql`ownerId==${user.id}`,
      readDeleted: (user) => rsql`ownerId==${user.id}`,
    },
    softDelete: { field: "deletedAt" },
  },
);
/** Changes need a condition. */
export const guarded = resource(sqliteTable("guarded", { id: id(), room: room(), title: text("title").notNull() }), {
  ...fullyPublic(),
  ...anyRoom,
  etag: { required: true },
});
/** Integer ids. */
export const tallies = resource(
  sqliteTable("tallies", { id: integer("id").primaryKey(), room: room(), title: text("title").notNull() }),
  {
    ...fullyPublic(),
    ...anyRoom,
  },
);

/** Work that a test gives the next before-hook to do in between, for races. */
export const between: { run: (() => Promise<void>) | null } = { run: null };

const hullsTable = sqliteTable("hulls", {
  id: id(),
  room: room(),
  title: text("title").notNull(),
  stamp: text("stamp"),
  inner: text("inner"),
});
/** Every hook; titles steer them. */
export const hulls = resource(hullsTable, {
  ...fullyPublic(),
  ...anyRoom,
  group: "hulls",
  hooks: {
    async onBeforeCreate(_context, draft) {
      hookLog.push(`beforeCreate ${draft.title}`);
      if (draft.title === "reject") throw new ConflictError("Rejected by the hook");
      if (draft.title === "boom") throw new Error("secret detail of a defect");
      return { ...draft, stamp: "created" };
    },
    async onBeforeUpdate(_context, { before, patch }) {
      hookLog.push(`beforeUpdate ${before.title}`);
      await between.run?.();
      if (before.title === "stubborn") throw new ConflictError("Rejected by the hook");
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
      if (title === "audit") tx.create("hull_notes", { note: title, room: change.after?.room ?? "" });
      // Touches another row of the same batch.
      const touched = /^touch (.+)$/.exec(title)?.[1];
      if (touched !== undefined) tx.update("hulls", touched, { inner: "touched" });
      const removed = /^remove (.+)$/.exec(title)?.[1];
      if (removed !== undefined && tx.get("hulls", removed) !== null) tx.delete("hulls", removed);
      return undefined;
    },
    onAfterCreate(change) {
      hookLog.push(`afterCreate ${change.after?.title}`);
    },
    onAfterUpdate: {
      durable: true,
      run(change) {
        if (failing.effects > 0) throw new Error("not now");
        hookLog.push(`durable ${change.after?.title} ${change.key.split(":").slice(1).join(":")}`);
      },
    },
  },
} satisfies ResourceConfig<typeof hullsTable>);
export const hullNotes = resource(sqliteTable("hull_notes", { id: id(), room: room(), note: text("note").notNull() }), {
  ...fullyPublic(),
  ...anyRoom,
  group: "hulls",
});

const nodesTable = sqliteTable("nodes", { id: id(), room: room(), parentId: text("parent_id"), name: text("name") });
/** A tree that goes with its root. */
export const nodes = resource(nodesTable, {
  ...fullyPublic(),
  ...anyRoom,
  relations: { children: { type: "hasMany", resource: "nodes", foreignKey: "parentId", onDelete: "cascade" } },
});
