/**
 * The tables of the test application: each shows one corner of the specification. `hookLog` records what hooks ran, in order;
 * tests read and clear it (Worker, objects and tests share one isolate under the Workers test plugin).
 */

import { sql } from "drizzle-orm";
import { blob, check, index, integer, real, sqliteTable, text, unique } from "drizzle-orm/sqlite-core";
import {
  authenticated,
  ConflictError,
  composeHooks,
  fullyPublic,
  orgBased,
  ownerOnly,
  ownerOrAdmin,
  publicReadOwnerWrite,
  resource,
  rsql,
  timestampHooks,
  ValidationError,
} from "ledge";
import { z } from "zod";

export const hookLog: string[] = [];
/** Keys of effects delivered, with the attempt; `failEffects` makes that many deliveries fail. */
export const delivered: { readonly key: string; readonly attempt: number; readonly payload: unknown }[] = [];
export const failing = { effects: 0 };
/** Runs inside `onBeforeUpdate` of `hooked`: what others do to the row while its hook waits. */
export const meanwhile: { run: ((id: string) => Promise<void>) | null } = { run: null };
/** While it is on, the effect `ping` waits, and so does the outbox behind it. */
export const holding = { effects: false };

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
export const strict = resource(
  sqliteTable("strict", { id: id(), name: text("name").notNull(), fixed: text("fixed") }),
  {
    ...fullyPublic(),
    fields: { writable: ["name"] },
    strictInput: true,
    etag: { required: true },
  },
);

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
        if (draft.title === "reject") throw new ValidationError("No", { fieldErrors: { title: "is rejected" } });
        if (draft.title === "boom") throw new Error("secret detail of a defect");
        return { ...draft, stamp: "before" };
      },
      async onBeforeUpdate(_context, { before, patch }) {
        hookLog.push(`beforeUpdate ${before.title}`);
        await meanwhile.run?.(before.id);
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
        if (title === "promise") return Promise.resolve({ inner: "late" }) as never;
        if (title === "look" && change.after !== null)
          return { inner: `saw ${tx.get("hooked", change.after.id)?.title}` };
        if (title === "look and undo" && change.before !== null)
          return {
            title: String(change.before.title),
            inner: tx.get("audits", "none") === null ? change.before.inner : "seen",
          };
        if (title === "undo" && change.before !== null) return { title: change.before.title };
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
        if (change.after?.title === "boom after") throw new Error("secret detail of a defect");
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
export const audits = resource(sqliteTable("audits", { id: id(), note: text("note").notNull() }), {
  ...fullyPublic(),
  group: "hooked",
});

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
export const guests = resource(
  sqliteTable("guests", { id: id(), hostId: text("host_id").references(() => parentsTable.id) }),
  {
    ...fullyPublic(),
    group: "family",
  },
);
export const bonds = resource(
  sqliteTable("bonds", {
    id: id(),
    parentId: text("parent_id")
      .notNull()
      .references(() => parentsTable.id),
  }),
  { ...fullyPublic(), group: "family" },
);

/** Its hook removes a parent if that can be, and goes on either way. */
export const evictions = resource(
  sqliteTable("evictions", { id: id(), parentId: text("parent_id").notNull(), outcome: text("outcome") }),
  {
    ...fullyPublic(),
    group: "family",
    hooks: {
      onWrite(tx, { after }) {
        if (after === null) return undefined;
        try {
          tx.delete("parents", after.parentId);
          return { outcome: "gone" };
        } catch {
          return { outcome: "stays" };
        }
      },
    },
  },
);

/** Integer ids made by the object. */
export const counters = resource(
  sqliteTable("counters", { id: integer("id").primaryKey(), name: text("name").notNull() }),
  fullyPublic(),
);

/** Text ids; unique and check constraints. */
export const slugs = resource(
  sqliteTable(
    "slugs",
    {
      id: id(),
      slug: text("slug").notNull().unique(),
      org: text("org"),
      level: integer("level").notNull().default(1),
      hidden: text("hidden").unique(),
    },
    (table) => [
      unique("slugs_org_level").on(table.org, table.level),
      check("slugs_level_positive", sql`${table.level} > 0`),
    ],
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
export const itemsGrouped = resource(sqliteTable("items_grouped", itemColumns()), {
  ...fullyPublic(),
  group: "family",
});
export const itemsSplit = resource(sqliteTable("items_split", itemColumns()), {
  ...fullyPublic(),
  partitionBy: "place",
  partition: { allow: async (_principal, place) => place !== "forbidden" },
});

/** Ordered by a column that is often NULL, with an index that serves it. */
export const nullable = resource(
  sqliteTable("nullable", { id: id(), rank: integer("rank") }, (table) => [
    index("nullable_by_rank").on(table.rank, table.id),
  ]),
  fullyPublic(),
);

/** Partitioned by a claim of the token. */
export const papers = resource(
  sqliteTable("papers", { id: id(), org: text("org").notNull(), title: text("title").notNull() }),
  {
    ...orgBased("org", { claim: "org" }),
    partitionBy: "org",
    partition: { claim: "org" },
  },
);

/** Only the owner, whatever the operation. */
export const diaries = resource(
  sqliteTable("diaries", { id: id(), ownerId: text("owner_id").notNull(), entry: text("entry") }),
  ownerOnly("ownerId"),
);

/** Rules that fail: one throws, one rejects, one gives no filter; which one, the caller's id says. */
export const faulty = resource(sqliteTable("faulty", { id: id(), name: text("name") }), {
  auth: {
    read: (user) => {
      if (user.id === "thrower") throw new Error("scope secret message");
      if (user.id === "rejecter") return Promise.reject(new Error("scope secret message"));
      if (user.id === "garbler") return "name==(";
      if (user.id === "emptier") return "";
      if (user.id === "waiter") return Promise.resolve("*");
      return user.id === "reader" && "*";
    },
    create: "*",
  },
});

/** The presets that no other table uses. */
export const posts = resource(
  sqliteTable("posts", { id: id(), ownerId: text("owner_id").notNull(), title: text("title") }),
  publicReadOwnerWrite("ownerId"),
);
export const cards = resource(
  sqliteTable("cards", { id: id(), ownerId: text("owner_id").notNull(), title: text("title") }),
  ownerOrAdmin("ownerId"),
);
export const notices = resource(sqliteTable("notices", { id: id(), title: text("title") }), authenticated());
export const offices = resource(
  sqliteTable("offices", { id: id(), orgId: text("org_id").notNull(), title: text("title") }),
  orgBased("orgId"),
);

/** Lists that narrow what may be read, filtered and sorted; columns that only the server fills. */
export const narrow = resource(
  sqliteTable("narrow", {
    id: id(),
    shown: text("shown"),
    filtered: text("filtered"),
    sorted: text("sorted"),
    hiddenToken: text("hidden_token").default("hush-hush"),
    stamped: text("stamped"),
    must: text("must").default("given"),
  }),
  {
    ...fullyPublic(),
    fields: {
      readable: ["id", "shown", "filtered", "sorted", "stamped", "must"],
      filterable: ["filtered"],
      sortable: ["sorted"],
    },
    generatedFields: ["stamped"],
    columns: { must: { required: true } },
  },
);

/** A schema of its own, computed fields, shared caching for anonymous readers. */
export const letters = resource(
  sqliteTable("letters", {
    id: id(),
    email: text("email").notNull(),
    data: text("data", { mode: "json" }),
    size: integer("size").notNull().default(0),
  }),
  {
    ...fullyPublic(),
    schema: z.object({
      email: z.string().trim().email(),
      data: z.object({ deep: z.object({ age: z.number() }) }).nullish(),
      size: z.number().optional(),
    }),
    computed: { filler: (row) => (row.email.startsWith("wide") ? "語" : "x").repeat(row.size) },
    cache: { public: true },
  },
);

/** Composed hooks and timestamps; onWrite fills the owner. */
export const stamped = resource(
  sqliteTable("stamped", {
    id: id(),
    title: text("title").notNull(),
    ownerId: text("owner_id"),
    createdAt: integer("created_at", { mode: "timestamp_ms" }),
    updatedAt: integer("updated_at", { mode: "timestamp_ms" }),
  }),
  {
    ...fullyPublic(),
    generatedFields: ["createdAt", "updatedAt", "ownerId"],
    hooks: composeHooks(
      {
        onBeforeCreate(_context, draft) {
          hookLog.push("first");
          return { ...draft, title: `${draft.title}-1` };
        },
      },
      {
        onBeforeCreate(_context, draft) {
          hookLog.push(`second ${draft.title}`);
          return { ...draft, title: `${draft.title}-2` };
        },
      },
      timestampHooks({ owner: "ownerId" }),
    ),
  },
);

/** A ledger of ten commits, where every title leaves an effect. */
export const shortlog = resource(sqliteTable("shortlog", { id: id(), title: text("title").notNull() }), {
  ...fullyPublic(),
  changelog: { maxCommits: 10 },
  hooks: {
    onWrite(tx, change) {
      if (change.after?.title !== "quiet") tx.effect("ping", { title: change.after?.title ?? null });
      return undefined;
    },
  },
});

/** A ledger of ten thousand bytes. */
export const heavylog = resource(sqliteTable("heavylog", { id: id(), title: text("title").notNull() }), {
  ...fullyPublic(),
  changelog: { maxBytes: 10_000 },
});

/** A soft-delete marker with a value of its own. */
export const archived = resource(
  sqliteTable("archived", { id: id(), name: text("name").notNull().unique(), state: text("state") }),
  {
    ...fullyPublic(),
    softDelete: { field: "state", value: "gone" },
  },
);

/** Scopes that differ by operation: who may read is not who may write. */
export const ledgers = resource(
  sqliteTable("ledgers", { id: id(), state: text("state").notNull(), note: text("note") }),
  {
    auth: {
      read: (user) => (user.id === "blind" ? 'state=="seen"' : "*"),
      create: 'state!="locked"',
      update: 'state!="locked"',
      delete: 'state!="locked"',
      hardDelete: "*",
      readDeleted: "*",
    },
  },
);

/** Touched by one test only: one whose earlier home holds rows, one whose migration fails, one for each placement rule. */
const loner = (name: string) => sqliteTable(name, { id: id(), name: text("name") });
export const nomads = resource(loner("nomads"), fullyPublic());
export const settlers = resource(loner("settlers"), fullyPublic());
export const wrecks = resource(loner("wrecks"), fullyPublic());
export const untouched = resource(sqliteTable("untouched", { id: id(), place: text("place").notNull() }), {
  ...fullyPublic(),
  partitionBy: "place",
  partition: {
    allow: (_principal, place) => {
      if (place === "thrower") throw new Error("partition secret message");
      return place === "open";
    },
  },
});
