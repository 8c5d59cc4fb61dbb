/** What must compile of `ledge/client/react`, and what must not: typed by the board's client, which registers itself. Checked by `tsc`. */

import {
  type RowOf,
  useInfiniteList,
  useLedge,
  useLiveAggregate,
  useLiveList,
  useLiveRow,
  useMutation,
  useQuery,
  useSearch,
  useTransaction,
} from "ledge/client/react";
import { useFile, useFiles, useFileUpload } from "ledge/client/react/files";
import "../../src/web/client/board/board-client.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_equal: Equal<A, B>) => {};

/** [RH1] Rows, names of tables, columns and values come from the application's tables. */
export function Rows(): null {
  const { items, mutate } = useLiveList("tasks", { filter: { status: "todo" }, orderBy: ["position", "id"] });
  const task = items[0];
  same<NonNullable<typeof task>["status"], "todo" | "doing" | "done">(true);
  same<NonNullable<typeof task>["dueAt"], string | null>(true);
  void mutate.update("id", { status: "doing" }, task === undefined ? {} : { on: task });
  void mutate.create({ projectId: "p", title: "Dig" });

  // @ts-expect-error there is no such table
  useLiveList("tasksss");
  // @ts-expect-error no such value of that column
  useLiveList("tasks", { filter: { status: "nowhere" } });
  // @ts-expect-error no such column
  useLiveList("tasks", { orderBy: "-nowhere" });
  // @ts-expect-error a title is needed
  void mutate.create({ projectId: "p" });
  return null;
}

/** [RH1] [RH2] `select` narrows rows; the key comes along. */
export function Narrowed(): null {
  const list = useLiveList("tasks", { select: ["title"] });
  same<(typeof list.items)[number], Pick<RowOf<"tasks">, "title" | "id">>(true);
  const pages = useInfiniteList("projects", { select: ["name"], pageSize: 20 });
  same<(typeof pages.items)[number]["name"], string>(true);
  // @ts-expect-error was not selected
  pages.items[0]?.description;
  return null;
}

/** [RH1] A table in partitions is named with one. */
export function Partitioned(): null {
  const { items } = useLiveList("messages", { partition: "lobby" });
  same<(typeof items)[number]["body"], string>(true);
  return null;
}

/** [RH3] [RH4] [RH5] Groups by what was asked; writes; hits. */
export function Others(): null {
  const { groups } = useLiveAggregate("tasks", { groupBy: ["status"], count: true });
  same<(typeof groups)[number]["key"]["status"], "todo" | "doing" | "done">(true);
  same<(typeof groups)[number]["count"], number>(true);
  // @ts-expect-error a text has no sum
  useLiveAggregate("tasks", { sum: ["title"] });
  const { row } = useLiveRow("comments", "id");
  same<NonNullable<typeof row>["kind"], "said" | "moved">(true);
  const { create } = useMutation("comments");
  void create({ taskId: "t", body: "Deeper" });
  // @ts-expect-error no such column
  void create({ taskId: "t", body: "Deeper", nowhere: 1 });
  const { items } = useSearch("tasks", "dig");
  same<(typeof items)[number]["title"], string>(true);
  const { data } = useQuery({ key: ["sum"], load: async () => 1 });
  same<typeof data, number | undefined>(true);
  const { run } = useTransaction();
  void run([{ op: "delete", table: "tasks", id: "t" }]);
  void run([
    { op: "create", table: "tasks", id: "t", values: { projectId: "p", title: "Dig", dueAt: new Date() } },
    { op: "create", table: "comments", values: { taskId: "t", body: "Deep" } },
    { op: "create", table: "messages", partition: "lobby", values: { body: "Dig" } },
  ]);
  // @ts-expect-error there is no such table
  void run([{ op: "delete", table: "tasksss", id: "t" }]);
  // @ts-expect-error no such column
  void run([{ op: "update", table: "tasks", id: "t", values: { titel: "Dig" } }]);
  // @ts-expect-error a value of another kind
  void run([{ op: "update", table: "tasks", id: "t", values: { title: 3 } }]);
  // @ts-expect-error a title is needed
  void run([{ op: "create", table: "tasks", values: { projectId: "p" } }]);
  // @ts-expect-error a row is changed by its key
  void run([{ op: "update", table: "tasks", values: { title: "Dig" } }]);
  // @ts-expect-error messages lie in partitions
  void run([{ op: "create", table: "messages", values: { body: "Dig" } }]);
  return null;
}

/** [RH5] [S9] Hits of several tables, by table, with the columns that are copied; a view by its own rows. */
export function Across(): null {
  const { results } = useSearch(["projects", "attachments"], "dig", { limit: 5 });
  same<NonNullable<typeof results.projects>["items"][number]["name"], string>(true);
  results.attachments?.items[0]?.size;
  // @ts-expect-error is not copied
  results.attachments?.items[0]?.version;
  // @ts-expect-error was not asked for
  results.comments;
  // @ts-expect-error no such table
  useSearch(["nowhere"], "dig");
  const client = useLedge();
  const { data } = useQuery({ key: ["report"], load: () => client.project_report.list({ orderBy: "-open" }) });
  same<NonNullable<typeof data>["items"][number]["open"], number>(true);
  // @ts-expect-error a view is not live
  useLiveList("project_report");
  return null;
}

/** [RH8] Rows of files, and the columns that go with an upload. */
export function Files(): null {
  const { items } = useFiles("attachments", { filter: { taskId: "t" }, select: ["name"] });
  same<(typeof items)[number]["name"], string>(true);
  const { row, url } = useFile("attachments", "id", { use: "show", preset: "thumb" });
  same<NonNullable<typeof row>["size"], number>(true);
  same<typeof url, string | null>(true);
  useFileUpload("attachments", { row: { taskId: "t" } }).add(new Uint8Array(1), { name: "a" });
  // @ts-expect-error no such column
  useFileUpload("attachments", { row: { nowhere: 1 } });
  return null;
}
