/** What must compile of `ledge/client`, and what must not. Checked by `tsc`; a `@ts-expect-error` over a line that compiles is itself an error. */

import { integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { defineApp, ownerOnly, resource } from "ledge";
import { type Client, createClient, createQuery, fetchPaginated, type Page, safe, type WithTraits } from "ledge/client";
import { withCache } from "ledge/client/cache";
import { type ConnectionState, createClient as createLiveClient } from "ledge/client/live";
import { withOutbox } from "ledge/client/offline";
import { createInfiniteScroll, createClient as createStoreClient, optimisticUpdate } from "ledge/client/store";
import { runSequential, transaction } from "ledge/client/transaction";
import { eq } from "ledge/query";
import type { RowId } from "../../src/core/ids.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_equal: Equal<A, B>) => {};

const tasks = resource(
  sqliteTable("tasks", {
    id: text("id").primaryKey(),
    title: text("title").notNull(),
    status: text("status", { enum: ["todo", "done"] })
      .notNull()
      .default("todo"),
    points: real("points"),
    done: integer("done", { mode: "boolean" }).notNull().default(false),
    tags: text("tags", { mode: "json" }).$type<readonly string[]>(),
    dueAt: integer("due_at", { mode: "timestamp_ms" }),
    authorId: text("author_id").notNull(),
  }),
);
const messages = resource(
  sqliteTable("messages", {
    id: text("id").primaryKey(),
    roomId: text("room_id").notNull(),
    body: text("body").notNull(),
  }),
);
const counters = resource(sqliteTable("counters", { id: integer("id").primaryKey(), name: text("name").notNull() }));

const app = defineApp({ name: "types", resources: [tasks, messages, counters] });

const roomsTable = sqliteTable("rooms", {
  id: text("id").primaryKey(),
  roomId: text("room_id").notNull(),
  authorId: text("author_id").notNull(),
  body: text("body").notNull(),
});
const rooms = resource(roomsTable, { ...ownerOnly("authorId"), partitionBy: "roomId", generatedFields: ["authorId"] });
const people = resource(sqliteTable("people", { id: text("id").primaryKey(), name: text("name").notNull() }));
const chatApp = defineApp({ name: "chat", resources: { rooms, people } });
declare const chat: Client<typeof chatApp>;

type Board = WithTraits<
  typeof app,
  {
    tasks: { filled: "authorId"; hidden: "points"; computed: { shout: string } };
    messages: { partitionBy: "roomId" };
    counters: { partitionBy: never };
  }
>;

interface Task {
  id: string;
  title: string;
  status: "todo" | "done";
  points: number | null;
  done: boolean;
  tags: readonly string[] | null;
  dueAt: string | null;
  authorId: string;
}

declare const client: Client<typeof app>;
declare const board: Client<Board>;
void createClient<typeof app>({ url: "", fetch, token: async () => "t" });

/** Never run: the compiler is the test. */
export const compiled = {
  async "[TY3] tables and rows follow from typeof app"() {
    const page = await client.tasks.list();
    same<typeof page, Page<Task>>(true);
    same<(typeof page.items)[number], Task>(true);
    const bare = await client.tasks.get("1");
    same<typeof bare, Task>(true);
    // @ts-expect-error a table that the application does not have
    client.tusks;
    // @ts-expect-error an integer key takes no text
    client.counters.get("1");
    // @ts-expect-error nor a text key a number
    client.tasks.get(1);
    await client.counters.get(1);
  },
  async "[TX1] lists of operations are over the tables of the client"() {
    const { results } = await transaction(client, [
      { op: "create", resource: "tasks", as: "task", data: { title: "t", authorId: "a" } },
      { op: "create", resource: "messages", data: { roomId: "lobby", body: "{{task.title}}" } },
      { op: "update", resource: "tasks", id: "{{task.id}}", data: { status: "{{task.status}}" } },
      { op: "list", resource: "counters", select: ["name"] },
    ]);
    same<typeof results, Readonly<Record<string, unknown>>>(true);
    const named = await transaction<{ task: Task }>(client, [{ op: "read", resource: "tasks", as: "task", id: "t" }]);
    same<typeof named.results.task, Task>(true);
    // @ts-expect-error there is no such table
    transaction(client, [{ op: "delete", resource: "tusks", id: "t" }]);
    // @ts-expect-error no such column
    transaction(client, [{ op: "update", resource: "tasks", id: "t", data: { titel: "t" } }]);
    // @ts-expect-error a value of another kind
    runSequential(client, [{ op: "update", resource: "tasks", id: "t", data: { title: 3 } }]);
  },
  async "[SDK2] select narrows the row; the key comes along"() {
    const narrow = await client.tasks.list({ select: ["title", "dueAt"] });
    same<(typeof narrow.items)[number], Pick<Task, "id" | "title" | "dueAt">>(true);
    const one = await client.tasks.get("1", { select: ["status"] });
    same<typeof one, Pick<Task, "id" | "status">>(true);
    const first = await client.tasks.first({ select: ["title"] });
    same<typeof first, Pick<Task, "id" | "title"> | null>(true);
    for await (const row of client.tasks.rows({ select: ["title"] }))
      same<typeof row, Pick<Task, "id" | "title">>(true);
    const numbered = await fetchPaginated(client.tasks, { page: 1, pageSize: 5, select: ["title"] });
    same<(typeof numbered.data)[number], Pick<Task, "id" | "title">>(true);
    const found = await client.tasks.search("x", { select: ["title"], fields: ["title"] });
    same<(typeof found.items)[number], Pick<Task, "id" | "title">>(true);
    // @ts-expect-error a column that was not selected
    narrow.items[0]?.status;
    // @ts-expect-error an unknown column
    client.tasks.list({ select: ["titel"] });
    // @ts-expect-error search looks into text
    client.tasks.search("x", { fields: ["points"] });
  },
  async "[SDK2] order is by columns"() {
    client.tasks.list({ orderBy: ["-points", "title:desc", { column: "done" }] });
    // @ts-expect-error an unknown column
    client.tasks.list({ orderBy: "-titel" });
    // @ts-expect-error an unknown direction
    client.tasks.list({ orderBy: "title:down" });
  },
  async "[Q27] filters are typed by the column"() {
    client.tasks.list({ filter: 'status=="todo"' });
    client.tasks.list({ filter: eq("status", "todo") });
    client.tasks.list({ filter: (q) => q.and(q.eq("status", "todo"), q.gt("points", 3), q.has("tags", "a")) });
    client.tasks.list({
      filter: { status: ["todo"], points: { gte: 3, not: null }, dueAt: { lt: new Date() }, done: true },
    });
    client.tasks.list({ filter: { tags: { overlap: ["a"] }, title: { contains: "x" }, dueAt: null } });
    // @ts-expect-error an unknown column
    client.tasks.list({ filter: (q) => q.eq("titel", "x") });
    // @ts-expect-error a value of another kind
    client.tasks.list({ filter: (q) => q.eq("points", "3") });
    // @ts-expect-error none of the enum's values
    client.tasks.list({ filter: (q) => q.eq("status", "doing") });
    // @ts-expect-error patterns are for text
    client.tasks.list({ filter: (q) => q.like("points", "3%") });
    // @ts-expect-error an unknown column in a selector
    client.tasks.list({ filter: { titel: "x" } });
    // @ts-expect-error a value of another kind in a selector
    client.tasks.list({ filter: { points: "3" } });
    // @ts-expect-error none of the enum's values in a selector
    client.tasks.list({ filter: { status: "doing" } });
    // @ts-expect-error an unknown operator
    client.tasks.list({ filter: { points: { near: 3 } } });
    // @ts-expect-error an unknown option
    client.tasks.list({ fliter: "" });
  },
  async "[SDK1] tags, conditions and short replies are in the type of the result"() {
    const tagged = await client.tasks.list({ etags: true });
    same<(typeof tagged.items)[number]["_etag"], string>(true);
    const perhaps = await client.tasks.get("1", { ifNoneMatch: tagged });
    same<typeof perhaps, Task | null>(true);
    const nothing = await client.tasks.create({ title: "t", authorId: "a" }, { prefer: "minimal" });
    same<typeof nothing, undefined>(true);
    const dry = await client.tasks.deleteWhere({ filter: { done: true } }, { dryRun: true });
    same<typeof dry.confirm, string>(true);
    const counted = await client.tasks.deleteWhere({ all: true });
    // @ts-expect-error only a dry run has a token
    counted.confirm;
    // @ts-expect-error every row is said with `all`
    client.tasks.deleteWhere({});
  },
  async "[SDK1] what a create takes: the key and what has a default may be left out, nothing else"() {
    await client.tasks.create({ title: "t", authorId: "a", dueAt: new Date() });
    // @ts-expect-error a required column is missing
    client.tasks.create({ authorId: "a" });
    // @ts-expect-error an unknown column
    client.tasks.create({ title: "t", authorId: "a", titel: "x" });
    // @ts-expect-error a value of another kind
    client.tasks.create({ title: 5, authorId: "a" });
    await client.tasks.update("1", { points: null });
    // @ts-expect-error NULL in a column that has none
    client.tasks.update("1", { title: null });
    // @ts-expect-error a replacement is a whole row
    client.tasks.replace("1", { title: "t" });
    await client.tasks.updateMany([{ id: "1", points: 2, ifVersion: "e:1" }]);
    // @ts-expect-error an item without its key
    client.tasks.updateMany([{ points: 2 }]);
    await client.tasks.upsert({ id: "1", points: 2 });
  },
  async "[SDK1] aggregates have what was asked for"() {
    const { groups } = await client.tasks.aggregate({
      groupBy: ["status"],
      count: true,
      sum: ["points"],
      min: ["dueAt"],
    });
    same<(typeof groups)[number]["key"], { readonly status: "todo" | "done" }>(true);
    same<(typeof groups)[number]["count"], number>(true);
    groups[0]?.sum?.points;
    // @ts-expect-error not asked for
    groups[0]?.avg?.points;
    // @ts-expect-error a sum of texts
    client.tasks.aggregate({ sum: ["title"] });
    const whole = await client.tasks.aggregate({ count: true });
    same<(typeof whole.groups)[number]["key"], null>(true);
  },
  async "[Q26] the fluent builder narrows and checks the same"() {
    const query = createQuery(client.tasks).where({ status: "todo" }).select("title").orderBy("-points");
    same<Awaited<ReturnType<typeof query.first>>, Pick<Task, "id" | "title"> | null>(true);
    // @ts-expect-error an unknown column
    createQuery(client.tasks).select("titel");
    // @ts-expect-error an unknown column
    createQuery(client.tasks).orderBy("titel");
    // @ts-expect-error a value of another kind
    createQuery(client.tasks).where((q) => q.eq("points", "3"));
  },
  async "[TY3] traits say what the Drizzle table does not"() {
    await board.messages.in("lobby").create({ body: "b" });
    // @ts-expect-error a partitioned table is reached through a partition
    board.messages.list();
    // @ts-expect-error one that is not has none
    board.counters.in("x");
    const made = await board.tasks.create({ title: "t" });
    same<typeof made.shout, string>(true);
    // @ts-expect-error a hidden column
    made.points;
    // @ts-expect-error traits name columns
    type _Wrong = WithTraits<typeof app, { tasks: { filled: "titel" } }>;
  },
  async "[TY3] the application itself says which tables lie in partitions and what the server fills"() {
    await chat.rooms.in("lobby").create({ body: "b" });
    // @ts-expect-error a partitioned table is reached through a partition
    chat.rooms.list();
    await chat.people.create({ name: "n" });
    // @ts-expect-error one that is not has none
    chat.people.in("x");
    // @ts-expect-error what the server does not fill is needed
    chat.people.create({});
    // @ts-expect-error a partition is a column
    resource(roomsTable, { partitionBy: "room" });
  },
  async "[TY1] without an application the row is given"() {
    const untyped = await client.resource<{ id: string; title: string }>("other").list({ select: ["title"] });
    same<(typeof untyped.items)[number], { id: string; title: string }>(true);
    const unknown = await client.resource("other").in("p").get("1");
    same<(typeof unknown)["anything"], unknown>(true);
  },
  async "[SDK13] either data or an error"() {
    const { data, error } = await safe(client.tasks.get("1"));
    same<typeof data, Task | null>(true);
    if (error === null) same<typeof data, Task>(true);
  },
  async "[SDK14] subscriptions are typed by the rows of the table"() {
    const live = createLiveClient<typeof app>({ url: "" });
    live.tasks.subscribe(
      { filter: { title: "a" }, orderBy: "-points", limit: 5 },
      {
        onRows: ({ rows }) => same<typeof rows, readonly Task[]>(true),
        onChanged: (row, previous) => same<typeof previous, typeof row | undefined>(true),
      },
    );
    live.tasks.subscribe(
      { select: ["title"] },
      {
        onAdded: (row) => same<typeof row, { id: string; title: string }>(true),
      },
    );
    // @ts-expect-error an unknown column
    live.tasks.subscribe({ filter: { titel: "a" } }, {});
    live.tasks.subscribeAggregate(
      { count: true, groupBy: ["title"] },
      {
        onResult: ({ groups }) => same<(typeof groups)[number]["count"], number>(true),
      },
    );
    const rooms = createLiveClient<typeof chatApp>({ url: "" });
    rooms.rooms.in("lobby").subscribe({}, {});
    // @ts-expect-error a partitioned table is reached through a partition
    rooms.rooms.subscribe({}, {});
    same<ReturnType<typeof live.realtime.getConnectionState>, ConnectionState>(true);
  },

  async "[O2] a client with an outbox has the types of the client, and writes for later are typed by the table"() {
    const offline = withOutbox(createLiveClient<typeof app>({ url: "" }), { conflicts: { tasks: "merge" } });
    const task = await offline.tasks.get("1");
    const { key } = await offline.tasks.later.update(task.id, { title: "a" }, { on: task });
    same<typeof key, string>(true);
    offline.tasks.subscribe({}, {});
    same<typeof offline.sync.status.unsent, number>(true);
    // @ts-expect-error an unknown column
    await offline.tasks.later.update("1", { titel: "a" });
    // @ts-expect-error a required column is missing
    await offline.tasks.later.create({});
    await withOutbox(createLiveClient<typeof chatApp>({ url: "" }))
      .rooms.in("lobby")
      .later.delete("1");
    // @ts-expect-error no such policy
    withOutbox(client, { conflicts: "last-wins" });
  },

  async "[O1] [P10] [SDK7] the client in one call, its infinite list and its optimistic updates are typed by the tables"() {
    const whole = createStoreClient<typeof app>({ url: "", offline: { conflicts: "merge" }, store: { persist: true } });
    await whole.tasks.later.update("1", { title: "a" });
    const list = createInfiniteScroll(whole, {
      table: "tasks",
      columns: ["title"],
      filters: { status: "todo" },
      sort: "-points",
    });
    const { data, totalCount, cursor } = await list.load();
    same<typeof data, readonly { id: string; title: string }[]>(true);
    same<typeof totalCount, number | null>(true);
    same<typeof cursor, RowId | null>(true);
    await list.append({ title: "a", authorId: "ann" });
    await list.update("1", { status: "done" }, { on: data[0]! });
    // @ts-expect-error an unknown column
    await list.update("1", { titel: "a" });
    // @ts-expect-error a required column is missing
    await list.append({ title: "a" });
    // @ts-expect-error no such table
    createInfiniteScroll(whole, { table: "nothing" });
    // @ts-expect-error an unknown column
    createInfiniteScroll(whole, { table: "tasks", columns: ["titel"] });
    const counted = createInfiniteScroll(whole, { table: "counters" });
    await counted.remove(1);
    // @ts-expect-error the key is a number
    await counted.remove("1");
    const { rollback, done } = optimisticUpdate(whole, "tasks", "1", { status: "done" }, async () => 7);
    rollback();
    same<typeof done, Promise<number>>(true);
    // @ts-expect-error no such status
    optimisticUpdate(whole, "tasks", "1", { status: "gone" });
    // @ts-expect-error `false` is a client of `ledge/client/live`
    createStoreClient<typeof app>({ url: "", offline: false });
  },

  async "[SDK11] a client with a cache has the types of the client, and its own members"() {
    const cached = withCache(client, { ttlMs: 1000 });
    const page = await cached.tasks.list({ select: ["title"], ttlMs: 0, bypassCache: true });
    same<(typeof page.items)[number], { id: string; title: string }>(true);
    cached.invalidate(cached.tasks);
    cached.invalidate(({ operation }) => operation === "list");
    await cached.prefetch("tasks", { id: "1" });
    const live = withCache(createLiveClient<typeof app>({ url: "" }));
    live.tasks.subscribe({}, { onRows: ({ rows }) => same<typeof rows, readonly Task[]>(true) });
    // @ts-expect-error no such table
    cached.nothing;
    // @ts-expect-error an unknown column
    await cached.tasks.list({ filter: { titel: "a" } });
  },
};
