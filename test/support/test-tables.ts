/**
 * The tables of the test application: each shows one corner of the specification. `hookLog` records what hooks ran, in order;
 * tests read and clear it (Worker, objects and tests share one isolate under the Workers test plugin).
 */

import { sql } from "drizzle-orm";
import { blob, check, index, integer, real, sqliteTable, text, unique } from "drizzle-orm/sqlite-core";
import { ConflictError, fullyPublic, orgBased, ownerOnly, resource, rsql, ValidationError } from "ledge";

export const hookLog: string[] = [];
/** Keys of effects delivered, with the attempt; `failEffects` makes that many deliveries fail. */
export const delivered: { readonly key: string; readonly attempt: number; readonly payload: unknown }[] = [];
export const failing = { effects: 0 };

const id = () => text("id").primaryKey();

/** Every column kind, open to all. */
export const kinds = resource(
  sqliteTable("kinds", {
    id: id(),
    title: text("title", { length: 20 }).notNull(),
    color: text("color", { enum: ["red", "green"] }),
    count: integer("count").notNull().default(7),
    ratio: real("ratio"),
    big: text("big"),
    done: integer("done", { mode: "boolean" }).notNull().default(false),
    at: integer("at", { mode: "timestamp_ms" }),
    atSeconds: integer("at_seconds", { mode: "timestamp" }),
    atIso: text("at_iso"),
    data: text("data", { mode: "json" }),
    bytes: blob("bytes", { mode: "buffer" }),
    made: text("made").default(sql`('db' || '-made')`),
    random: text("random").$defaultFn(() => "fixed"),
  }),
  { ...fullyPublic(), columns: { big: { type: "bigint" }, atIso: { type: "time" } } },
);

/** Owner scopes, hidden and protected columns, computed fields, soft delete, a version counter. */
export const articles = resource(
  sqliteTable("articles", {
    id: id(),
    ownerId: text("owner_id").notNull(),
    title: text("title").notNull(),
    body: text("body"),
    published: integer("published", { mode: "boolean" }).notNull().default(false),
    secret: text("secret"),
    score: integer("score").notNull().default(0),
    version: integer("version").notNull().default(1),
    deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
  }),
  {
    auth: {
      read: (user) => rsql`ownerId==${user.id},published==true`,
      create: (user) => rsql`ownerId==${user.id}`,
      update: (user) => rsql`ownerId==${user.id}`,
      delete: (user) => rsql`ownerId==${user.id}`,
      readDeleted: (user) => rsql`ownerId==${user.id}`,
      hardDelete: (user) => user.roles.includes("admin") && "*",
    },
    public: { read: "published==true" },
    columns: { secret: { returned: false }, score: { input: false } },
    computed: {
      shout: (row) => row.title.toUpperCase(),
      broken: () => {
        throw new Error("computed secret message");
      },
    },
    softDelete: { field: "deletedAt" },
    etag: { versionField: "version" },
  },
);

/** Input outside the writable columns is refused, and writes need If-Match. */
export const strict = resource(sqliteTable("strict", { id: id(), name: text("name").notNull(), fixed: text("fixed") }), {
  ...fullyPublic(),
  fields: { writable: ["name"] },
  strictInput: true,
  etag: { required: true },
});

/** Every hook. A title steers it: `reject`, `conflict`, `boom`, `throw-inside`, `touch` … */
export const hooked = resource(
  sqliteTable("hooked", { id: id(), title: text("title").notNull(), stamp: text("stamp"), inner: text("inner") }),
  {
    ...fullyPublic(),
    group: "hooked",
    hooks: {
      async onBeforeCreate(_context, draft) {
        hookLog.push(`beforeCreate ${draft.title}`);
        await Promise.resolve();
        if (draft.title === "reject") throw new ValidationError("No", { fieldErrors: [{ field: "title", message: "is rejected" }] });
        if (draft.title === "boom") throw new Error("secret detail of a defect");
        return { ...draft, stamp: "before" };
      },
      async onBeforeUpdate(_context, { before, patch }) {
        hookLog.push(`beforeUpdate ${before.title}`);
        if (patch.title === "conflict") throw new ConflictError("No");
        return patch;
      },
      onBeforeDelete(_context, row) {
        hookLog.push(`beforeDelete ${row.title}`);
        if (row.title === "undeletable") throw new ConflictError("Stays");
      },
      onWrite(tx, change) {
        const title = change.after?.title ?? change.before?.title ?? "";
        hookLog.push(`onWrite ${change.op} ${title}`);
        if (title === "throw-inside") throw new ConflictError("Rolled back");
        if (title === "boom-inside") throw new Error("secret detail of a defect");
        if (title === "audit") tx.create("audits", { note: `${change.op} ${title}` });
        if (title === "effect") tx.effect("ping", { title });
        if (title === "audit-then-throw") {
          tx.create("audits", { note: "must vanish" });
          tx.effect("ping", { title });
          throw new ConflictError("Rolled back");
        }
        if (change.after !== null && title === "touch") return { inner: "touched" };
        return undefined;
      },
      onAfterCreate(change) {
        hookLog.push(`afterCreate ${change.after?.title}`);
      },
      onAfterUpdate: {
        durable: true,
        run(change, { attempt }) {
          if (failing.effects > 0) {
            failing.effects -= 1;
            throw new Error("not now");
          }
          delivered.push({ key: change.key, attempt, payload: change.after?.title });
        },
      },
    },
  },
);

/** Written by hooks of `hooked`, in the same object. */
export const audits = resource(sqliteTable("audits", { id: id(), note: text("note").notNull() }), { ...fullyPublic(), group: "hooked" });

const parentsTable = sqliteTable("parents", { id: id(), name: text("name").notNull() });
export const parents = resource(parentsTable, {
  ...fullyPublic(),
  group: "family",
  relations: {
    children: { type: "hasMany", resource: "children", foreignKey: "parentId", onDelete: "cascade" },
    guests: { type: "hasMany", resource: "guests", foreignKey: "hostId", onDelete: "set null" },
    bonds: { type: "hasMany", resource: "bonds", foreignKey: "parentId", onDelete: "restrict" },
  },
});
export const children = resource(
  sqliteTable("children", {
    id: id(),
    parentId: text("parent_id")
      .notNull()
      .references(() => parentsTable.id),
    name: text("name"),
  }),
  { ...fullyPublic(), group: "family" },
);
export const guests = resource(sqliteTable("guests", { id: id(), hostId: text("host_id").references(() => parentsTable.id) }), {
  ...fullyPublic(),
  group: "family",
});
export const bonds = resource(
  sqliteTable("bonds", {
    id: id(),
    parentId: text("parent_id")
      .notNull()
      .references(() => parentsTable.id),
  }),
  { ...fullyPublic(), group: "family" },
);

/** Integer ids made by the object. */
export const counters = resource(sqliteTable("counters", { id: integer("id").primaryKey(), name: text("name").notNull() }), fullyPublic());

/** Text ids; unique and check constraints. */
export const slugs = resource(
  sqliteTable(
    "slugs",
    { id: id(), slug: text("slug").notNull().unique(), org: text("org"), level: integer("level").notNull().default(1), hidden: text("hidden").unique() },
    (table) => [unique("slugs_org_level").on(table.org, table.level), check("slugs_level_positive", sql`${table.level} > 0`)],
  ),
  { ...fullyPublic(), id: "text", columns: { hidden: { returned: false } } },
);

/** No scopes at all: everything is denied. */
export const denied = resource(sqliteTable("denied", { id: id(), name: text("name") }), {});

/** Reads only. */
export const fixed = resource(sqliteTable("fixed", { id: id(), name: text("name") }), {
  ...fullyPublic(),
  capabilities: { create: false, update: false, delete: false },
});

/** One table, three placements: the same requests work on each. */
const itemColumns = () => ({
  id: id(),
  place: text("place").notNull().default("p1"),
  name: text("name").notNull(),
  rank: integer("rank").notNull().default(0),
});
export const itemsAlone = resource(
  sqliteTable("items_alone", itemColumns(), (table) => [index("items_alone_rank").on(table.rank)]),
  fullyPublic(),
);
export const itemsGrouped = resource(sqliteTable("items_grouped", itemColumns()), { ...fullyPublic(), group: "family" });
export const itemsSplit = resource(sqliteTable("items_split", itemColumns()), {
  ...fullyPublic(),
  partitionBy: "place",
  partition: { allow: async (_principal, place) => place !== "forbidden" },
});

/** Partitioned by a claim of the token. */
export const papers = resource(sqliteTable("papers", { id: id(), org: text("org").notNull(), title: text("title").notNull() }), {
  ...orgBased("org", { claim: "org" }),
  partitionBy: "org",
  partition: { claim: "org" },
});

/** Only the owner, whatever the operation. */
export const diaries = resource(sqliteTable("diaries", { id: id(), ownerId: text("owner_id").notNull(), entry: text("entry") }), ownerOnly("ownerId"));
