/** Tables of the aggregate and search tests. All are partitioned, so that every test has an object, and a ledger, of its own. */

import { blob, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ConflictError, fullyPublic, memorySearchAdapter, resource, rsql, type SearchAdapter } from "ledge";

const id = () => text("id").primaryKey();
const room = () => text("room").notNull();
const anyRoom = { partitionBy: "room", partition: { allow: () => true } } as const;

/** A column of every kind to group by and to sum up; rows of other people, hidden columns, soft delete, an operator without SQL. */
export const sales = resource(
  sqliteTable("sales", {
    id: id(),
    room: room(),
    ownerId: text("owner_id").notNull(),
    region: text("region"),
    amount: integer("amount"),
    price: real("price"),
    serial: text("serial"),
    paid: integer("paid", { mode: "boolean" }),
    soldAt: integer("sold_at", { mode: "timestamp_ms" }),
    tags: text("tags", { mode: "json" }),
    photo: blob("photo", { mode: "buffer" }),
    margin: integer("margin"),
    /** Named like the alias of the number of rows. */
    count: integer("count"),
    deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
  }),
  {
    ...anyRoom,
    auth: {
      read: (user) => (user.roles.includes("admin") ? "*" : rsql`ownerId==${user.id}`),
      create: "*",
      update: "*",
      delete: "*",
      readDeleted: (user) => user.roles.includes("admin") && "*",
    },
    columns: { serial: { type: "bigint" }, margin: { returned: false } },
    softDelete: { field: "deletedAt" },
    operators: {
      "=odd=": { on: ["amount"], operand: "scalar", test: (value, wanted) => (Number(value) % 2 !== 0) === wanted },
    },
  },
);

/** Lists narrow what may be aggregated. */
export const tickets = resource(
  sqliteTable("tickets", {
    id: id(),
    room: room(),
    kind: text("kind"),
    note: text("note"),
    cost: integer("cost"),
    tip: integer("tip"),
  }),
  { ...fullyPublic(), ...anyRoom, fields: { aggregatable: { groupBy: ["kind"], metrics: ["cost"] } } },
);

/** No aggregates at all. */
export const plainTickets = resource(sqliteTable("plain_tickets", { id: id(), room: room() }), {
  ...fullyPublic(),
  ...anyRoom,
  capabilities: { aggregate: false },
});

const pagesTable = sqliteTable("pages", {
  id: id(),
  room: room(),
  ownerId: text("owner_id").notNull(),
  title: text("title").notNull(),
  body: text("body"),
  /** Readable, and not in the index. */
  note: text("note"),
  secret: text("secret"),
  rank: integer("rank").notNull().default(0),
  deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
});

/** Searched, under a scope, with hidden and unsearched columns, soft delete, an operator without SQL, and hooks that write. */
export const pages = resource(pagesTable, {
  ...anyRoom,
  group: "library",
  auth: {
    read: (user) => (user.roles.includes("admin") ? "*" : rsql`ownerId==${user.id}`),
    create: "*",
    update: "*",
    delete: "*",
    hardDelete: "*",
    readDeleted: (user) => user.roles.includes("admin") && "*",
  },
  columns: { secret: { returned: false } },
  softDelete: { field: "deletedAt" },
  search: { fields: [{ name: "title", weight: 3 }, "body"] },
  operators: {
    "=odd=": { on: ["rank"], operand: "scalar", test: (value, wanted) => (Number(value) % 2 !== 0) === wanted },
  },
  relations: { remarks: { type: "hasMany", resource: "remarks", foreignKey: "pageId", onDelete: "cascade" } },
  hooks: {
    onWrite(tx, change) {
      if (change.op === "create" && change.after?.note === "remark")
        tx.create("remarks", { pageId: change.after.id, room: change.after.room, words: "hooked" });
      if (change.after?.note === "throw") throw new ConflictError("Rolled back");
      return change.after?.note === "rewrite" ? { title: "rewritten" } : undefined;
    },
  },
});

/** Searched children in the same object, removed along with their page. */
export const remarks = resource(
  sqliteTable("remarks", {
    id: id(),
    room: room(),
    pageId: text("page_id")
      .notNull()
      .references(() => pagesTable.id),
    words: text("words"),
  }),
  { ...fullyPublic(), ...anyRoom, group: "library", search: { fields: ["words"] } },
);

/** Searched under integer ids, which are SQLite's own row numbers; the route is switched off. */
export const stamps = resource(
  sqliteTable("stamps", { id: integer("id").primaryKey(), room: room(), words: text("words") }),
  {
    ...fullyPublic(),
    ...anyRoom,
    search: { fields: ["words"] },
  },
);
export const silentStamps = resource(sqliteTable("silent_stamps", { id: id(), room: room(), words: text("words") }), {
  ...fullyPublic(),
  ...anyRoom,
  search: { fields: ["words"] },
  capabilities: { search: false },
});

/** What stands in for a search engine outside; a test may say how it answers the next searches. */
export const engine = memorySearchAdapter("test engine");
export const engineMood: { search: SearchAdapter["search"] | null; asked: Parameters<SearchAdapter["search"]>[0][] } = {
  search: null,
  asked: [],
};
const moodyEngine: SearchAdapter = {
  ...engine,
  search(query, context) {
    engineMood.asked.push(query);
    return (engineMood.search ?? engine.search)(query, context);
  },
};

/** Searched by an engine outside; columns bear the names that SQLite's `json_each` gives to its own. */
export const scrolls = resource(
  sqliteTable("scrolls", {
    id: id(),
    room: room(),
    ownerId: text("owner_id").notNull(),
    key: text("key").notNull(),
    value: text("value"),
    type: text("type"),
    secret: text("secret"),
    rank: integer("rank").notNull().default(0),
    deletedAt: integer("deleted_at", { mode: "timestamp_ms" }),
  }),
  {
    ...anyRoom,
    auth: {
      read: (user) => (user.roles.includes("admin") ? "*" : rsql`ownerId==${user.id}`),
      create: "*",
      update: "*",
      delete: "*",
      readDeleted: (user) => user.roles.includes("admin") && "*",
    },
    columns: { secret: { returned: false } },
    softDelete: { field: "deletedAt" },
    search: { fields: [{ name: "key", weight: 3 }, "value"], attributes: ["ownerId", "secret"], adapter: moodyEngine },
    operators: {
      "=odd=": { on: ["rank"], operand: "scalar", test: (value, wanted) => (Number(value) % 2 !== 0) === wanted },
    },
  },
);
