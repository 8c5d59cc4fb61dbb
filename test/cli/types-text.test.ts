import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { type DescribedTable, typesText } from "../../src/cli/types/types-text.ts";
import { ROOT } from "../house/project-files.ts";

const column = (name: string, kind: DescribedTable["columns"][number]["kind"], more: object = {}) => ({
  name,
  kind,
  notNull: true,
  hasDefault: false,
  readable: true,
  writable: true,
  serverFilled: false,
  ...more,
});

const TABLES: readonly DescribedTable[] = [
  {
    path: "task-labels",
    primaryKey: "id",
    idKind: "uuid",
    partitionBy: "roomId",
    columns: [
      column("id", "text", { writable: false }),
      column("roomId", "text", { serverFilled: true }),
      column("first-name", "text", { notNull: false }),
    ],
    computed: [],
  },
  {
    path: "tasks",
    primaryKey: "id",
    idKind: "uuid",
    partitionBy: null,
    columns: [
      column("id", "text", { writable: false }),
      column("title", "text"),
      column("status", "text", { enumValues: ["todo", 'do"ne'], hasDefault: true }),
      column("points", "real", { notNull: false }),
      column("big", "bigint", { hasDefault: true }),
      column("done", "bool", { hasDefault: true }),
      column("dueAt", "time", { notNull: false }),
      column("tags", "json", { notNull: false }),
      column("authorId", "text", { writable: false }),
      column("secret", "text", { readable: false, hasDefault: true }),
    ],
    computed: ["isLate"],
  },
  {
    path: "films",
    primaryKey: "slug",
    idKind: "text",
    partitionBy: null,
    columns: [column("slug", "text", { writable: false }), column("title", "text")],
    computed: [],
  },
  {
    path: "counters",
    primaryKey: "id",
    idKind: "int",
    partitionBy: null,
    columns: [column("id", "int", { writable: false }), column("name", "text")],
    computed: [],
  },
];

test("[SDK3] rows have the JSON form of each column, nothing hidden, and the same tables give the same text", () => {
  const text = typesText(TABLES, "http://127.0.0.1:8787");
  expect(typesText([...TABLES].reverse(), "http://127.0.0.1:8787")).toBe(text);
  expect(text).toContain('readonly status: "todo" | "do\\"ne";');
  expect(text).toContain("readonly points: number | null;");
  expect(text).toContain("readonly dueAt: ISODateString | null;");
  expect(text).toContain('readonly "task-labels": DescribedTable<TaskLabelsRow, TaskLabelsNew, "id", "roomId">;');
  expect(text).not.toContain("readonly secret:");
});

/** A front end in another repository: every entry of the client, by the same types. */
const USE = `
import { BasicIndex, createCollection } from "@tanstack/db";
import { createClient, createTypedClient, newId } from "ledge/client";
import { createClient as createSignedIn } from "ledge/client/auth";
import { withCache } from "ledge/client/cache";
import { createClient as createLive, withLive } from "ledge/client/live";
import { withOutbox } from "ledge/client/offline";
import { createClient as createStored, withStore } from "ledge/client/store";
import { ledgeCollectionOptions } from "ledge/client/tanstack-db";
import { useAuth, useLiveList, useLiveRow, useMutation, useSearch, useTransaction } from "ledge/client/react";
import type { Tables } from "./ledge-types.ts";

const client = createTypedClient<Tables>({ url: "" });
export const points: Promise<number | null> = client.tasks.get("1").then((task) => task.points);
export const first = client["task-labels"].in("lobby").first();
export const made = createClient<Tables>({ url: "" }).tasks.create({ title: "Dig", dueAt: new Date(), secret: "s" });
export const found = client.search("dig", { resources: ["tasks"] }).then(({ results }) => {
  const title: string | undefined = results.tasks?.items[0]?.title;
  return title;
});
withCache(client).tasks.list();
createLive<Tables>({ url: "" }).tasks.subscribe({ filter: { status: "todo" } }, { onRows: ({ rows }) => rows[0]?.title });
createStored<Tables>({ url: "", offline: { conflicts: "merge" } }).store.row("films", "alien");

export const all = withStore(withOutbox(withLive(createSignedIn<Tables>({ url: "" }))));
declare module "ledge/client/react" {
  interface Register { readonly client: typeof all }
}
const tasks = createCollection(ledgeCollectionOptions(all, "tasks", { index: BasicIndex }));
tasks.insert({ id: newId(), title: "Dig" });
export async function write() {
  await all.auth.signOut();
  await all.films.later.create({ slug: "alien", title: "Alien" });
  await all["task-labels"].in("lobby").later.create({ "first-name": "x" });
  const id = newId();
  await all.outbox.transaction([
    { op: "create", table: "tasks", id, values: { title: "Dig" } },
    { op: "update", table: "tasks", id, values: { status: "todo" } },
    { op: "delete", table: "task-labels", partition: "lobby", id },
  ]);
  await all.store.write({ op: "update", table: "films", id: "alien", values: { title: "Aliens" } });
  // @ts-expect-error a column that the table does not have
  await all.outbox.transaction([{ op: "update", table: "tasks", id, values: { titel: "x" } }]);
  // @ts-expect-error a table that there is not
  await all.outbox.transaction([{ op: "update", table: "tusks", id, values: {} }]);
  // @ts-expect-error a value of another kind
  await all.store.write({ op: "update", table: "tasks", id, values: { title: 3 } });
  // @ts-expect-error a partition is to be named
  await all.outbox.transaction([{ op: "delete", table: "task-labels", id }]);
  // @ts-expect-error a write that is to change a row names it
  await all.outbox.transaction([{ op: "update", table: "tasks", values: { title: "x" } }]);
  // @ts-expect-error a title is needed
  await all.outbox.transaction([{ op: "create", table: "tasks", values: {} }]);
}
export function Page(): string {
  const { items, mutate } = useLiveList("tasks", { filter: { status: "todo" }, orderBy: "-points" });
  const { row } = useLiveRow("films", "alien");
  const { create } = useMutation("films");
  const { results } = useSearch(["tasks", "films"], "dig");
  const { run } = useTransaction();
  void run([{ op: "update", table: "films", id: "alien", values: { title: row?.title ?? "" } }]);
  // @ts-expect-error a column that the table does not have
  void run([{ op: "update", table: "films", id: "alien", values: { titel: "" } }]);
  // @ts-expect-error the server fills it
  void mutate.create({ title: "x", authorId: "me" });
  // @ts-expect-error its key is made by the client
  void create({ title: "x" });
  // @ts-expect-error an unknown table
  useLiveList("tusks");
  return [items[0]?.title, results.films?.items[0]?.slug, useAuth().user?.email].join();
}
// @ts-expect-error an integer key is made by the server
client.counters.create({ id: 1, name: "x" });
// @ts-expect-error it lies in partitions
client["task-labels"].list();
// @ts-expect-error an unknown column
export const wrong = client.tasks.list({ select: ["titel"] });
// @ts-expect-error an unknown table
client.nothing;

interface Written { readonly notes: { readonly id: string; readonly text: string } }
export const byHand: Promise<string> = createTypedClient<Written>({ url: "" }).notes.get("1").then(({ text }) => text);
`;

test("[SDK3] what is written compiles, and types a client by it", () => {
  const folder = mkdtempSync(join(ROOT, "test/.generated-types-"));
  try {
    writeFileSync(join(folder, "ledge-types.ts"), typesText(TABLES, "x"));
    const use = join(folder, "use.ts");
    writeFileSync(use, USE);
    const { config } = ts.readConfigFile(join(ROOT, "src/client/tsconfig.json"), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, join(ROOT, "src/client"));
    const problems = ts.getPreEmitDiagnostics(ts.createProgram([use], options));
    expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
