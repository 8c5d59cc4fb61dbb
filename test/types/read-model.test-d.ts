/** What must compile of views, related rows and the search over several tables, and what must not ([TY3]). Checked by `tsc`. */

import { integer, QueryBuilder, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { defineApp, resource } from "ledge";
import type { Client, ViewPage, WithTraits } from "ledge/client";
import { createClient as createStoreClient } from "ledge/client/store";
import { readModel, view } from "ledge/read-model";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_equal: Equal<A, B>) => {};

const named = { id: text("id").primaryKey(), name: text("name").notNull() };
const tasks = resource(
  sqliteTable("tasks", { ...named, points: integer("points"), dueAt: integer("due_at", { mode: "timestamp_ms" }) }),
  {
    readModel: true,
    search: { fields: ["name"] },
    relations: {
      labels: {
        type: "manyToMany",
        resource: "labels",
        through: { resource: "task_labels", sourceKey: "taskId", targetKey: "labelId" },
      },
      notes: { type: "hasMany", resource: "notes", foreignKey: "taskId" },
    },
  },
);
const labels = resource(sqliteTable("labels", { ...named, color: text("color"), secret: text("secret") }), {
  readModel: ["name", "color"],
  relations: {
    people: {
      type: "manyToMany",
      resource: "people",
      through: { resource: "label_people", sourceKey: "labelId", targetKey: "personId" },
    },
  },
});
const people = resource(sqliteTable("people", named), { readModel: true });
const messages = resource(sqliteTable("messages", { ...named, roomId: text("room_id").notNull(), raw: text("raw") }), {
  partitionBy: "roomId",
  partition: { claim: "rooms" },
  readModel: ["name"],
});
const reportTable = sqliteTable("report", { id: text("id").primaryKey(), open: integer("open").notNull() });

const app = defineApp({
  name: "types",
  resources: { tasks, labels, people, messages },
  features: [
    { name: "plain", routes: (route) => route("GET", "/plain", () => null) },
    readModel({
      views: [
        view("all_tasks", { of: tasks }),
        view("my_messages", { of: messages }),
        view({
          columns: reportTable,
          of: [tasks],
          query: new QueryBuilder().select({ id: tasks.table.id, open: tasks.table.points }).from(tasks.table),
        }),
      ],
    }),
  ],
}).route("GET", "/", () => null);

interface Task {
  id: string;
  name: string;
  points: number | null;
  dueAt: string | null;
}
interface Label {
  id: string;
  name: string;
  color: string | null;
}
interface Person {
  id: string;
  name: string;
}

declare const client: Client<typeof app>;
declare const stated: Client<WithTraits<typeof app, { tasks: { computed: { shout: string } } }>>;

/** Never run: the compiler is the test. */
export const compiled = {
  async "[TY3] views are read like tables, by their path or as members, and by nothing that writes"() {
    const page = await client.resource("report").list({ orderBy: "-open", filter: (q) => q.gt("open", 3), limit: 5 });
    same<typeof page, ViewPage<{ id: string; open: number }>>(true);
    same<(typeof page)["asOf"], string | null>(true);
    const mine = await client.my_messages.first({ select: ["name"], filter: { roomId: "lobby" } });
    same<typeof mine, { id: string; name: string } | null>(true);
    // @ts-expect-error a column that is not copied
    client.my_messages.list({ select: ["raw"] });
    const { groups, asOf } = await client.report.aggregate({ sum: ["open"], count: true });
    same<typeof asOf, string | null>(true);
    groups[0]?.sum?.open;
    same<Awaited<ReturnType<typeof client.report.count>>, number>(true);
    for await (const row of client.report.rows()) same<typeof row, { id: string; open: number }>(true);
    const found = await client.my_messages.search("fence", { select: ["name"], totalCount: true, limit: 5 });
    same<(typeof found)["items"][number], { id: string; name: string }>(true);
    same<(typeof found)["asOf"], string | null>(true);
    // @ts-expect-error nothing creates in a view
    client.resource("report").create;
    // @ts-expect-error nor removes
    client.report.delete;
    // @ts-expect-error nor are there single rows
    client.report.get;
    // @ts-expect-error copies have an age, not a position
    page.seq;
    // @ts-expect-error an unknown column
    client.report.list({ orderBy: "opened" });
    // @ts-expect-error a value of another kind
    client.report.list({ filter: { open: "3" } });
    // @ts-expect-error an unknown column in a filter by functions
    client.report.list({ filter: (q) => q.eq("opened", 3) });
    // @ts-expect-error a text has no sum
    client.report.aggregate({ sum: ["id"] });
    // @ts-expect-error a view that the application does not have
    client.reports;
    const byPath = client.resource("tasks");
    same<(typeof byPath)["create"], typeof client.tasks.create>(true);
    await stated.report.list();
    const told = await stated.tasks.get("1");
    same<typeof told.shout, string>(true);
  },
  async "[TY3] [L4] included rows are in the type of the row"() {
    const page = await client.tasks.list({ include: ["labels"], orderBy: "-points" });
    same<
      (typeof page.items)[number],
      Task & { readonly labels: readonly Label[]; readonly labels_hasMore?: true } extends infer T
        ? { [N in keyof T]: T[N] }
        : never
    >(true);
    const one = await client.tasks.get("1", { select: ["name"], include: ["labels(limit:5;select:color)"] });
    same<(typeof one.labels)[number], { id: string; color: string | null }>(true);
    // @ts-expect-error was not selected
    one.points;
    const deep = await client.tasks.first({ include: ["labels.people"], filter: (q) => q.gt("points", 1) });
    same<NonNullable<typeof deep>["labels"][number]["people"], readonly Person[]>(true);
    const viewed = await client.all_tasks.list({ include: ['labels(filter:color=="red")'] });
    same<(typeof viewed.items)[number]["labels"], readonly Label[]>(true);
    await client.all_tasks.nextPage(viewed, { include: ["labels"] });
    const next = await client.tasks.nextPage(page, { include: ["labels"] });
    same<typeof next, typeof page | null>(true);
    // @ts-expect-error no such relation
    client.tasks.list({ include: ["tables"] });
    // @ts-expect-error a relation that is not over a join table
    client.tasks.list({ include: ["notes"] });
    // @ts-expect-error no such relation of labels
    client.tasks.list({ include: ["labels.tasks"] });
    // @ts-expect-error a table without relations
    client.people.list({ include: ["labels"] });
    // @ts-expect-error a view without relations
    client.report.list({ include: ["labels"] });
    // @ts-expect-error was not included
    (await client.tasks.list()).items[0]?.labels;
  },
  async "[S9] a search over several tables is typed by each"() {
    const { results } = await client.search("fence", { resources: ["tasks", "labels"], limit: 3 });
    same<NonNullable<typeof results.tasks>["items"], readonly Task[]>(true);
    same<NonNullable<typeof results.labels>["items"], readonly Label[]>(true);
    // @ts-expect-error a table that may not be listed is not there
    results.tasks.items;
    // @ts-expect-error was not asked for
    results.people;
    // @ts-expect-error no such table
    client.search("fence", { resources: ["tusks"] });
    (await client.search("fence")).results.people?.items[0]?.name;
  },
  async "[O1] [TY3] live queries, outbox and store leave views, included rows and the search as they are"() {
    const whole = createStoreClient<typeof app>({ url: "" });
    const page = await whole.resource("report").list();
    same<typeof page, ViewPage<{ id: string; open: number }>>(true);
    // @ts-expect-error a view is not followed
    whole.report.subscribe;
    // @ts-expect-error nor written later
    whole.resource("report").later;
    // @ts-expect-error nor a list of the store
    whole.store.list("report");
    whole.resource("tasks").subscribe({}, {});
    whole.store.list("tasks", { filter: { points: 1 } });
    const tasks = await whole.tasks.list({ include: ["labels"] });
    same<(typeof tasks.items)[number]["labels"], readonly Label[]>(true);
    (await whole.search("a", { resources: ["tasks"] })).results.tasks?.items[0]?.points;
  },
};
