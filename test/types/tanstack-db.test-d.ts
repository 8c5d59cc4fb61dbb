/** What must compile of `ledge/client/tanstack-db`, and what must not: rows and what is inserted, by the tables of the application. Checked by `tsc`. */

import { BasicIndex, createCollection, createLiveQueryCollection, eq } from "@tanstack/db";
import { newId } from "ledge/client";
import { ledgeCollectionOptions } from "ledge/client/tanstack-db";
import type { BoardClient } from "../../src/web/client/board/board-client.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare const client: BoardClient;
const same = <A, B>(_equal: Equal<A, B>) => {};

/** [TD1] Rows are those of the table, in joins too. */
export async function joined() {
  const tasks = createCollection(ledgeCollectionOptions(client, "tasks", { filter: { status: "todo" } }));
  const projects = createCollection(ledgeCollectionOptions(client, "projects", { index: BasicIndex }));
  const both = createLiveQueryCollection((q) =>
    q
      .from({ task: tasks })
      .join({ project: projects }, ({ task, project }) => eq(task.projectId, project.id), "inner")
      .select(({ task, project }) => ({ id: task.id, title: task.title, project: project.name })),
  );
  const [first] = await both.toArrayWhenReady();
  same<NonNullable<typeof first>["project"], string>(true);
  const task = tasks.get("id");
  same<NonNullable<typeof task>["status"], "todo" | "doing" | "done">(true);
  // @ts-expect-error there is no such table
  ledgeCollectionOptions(client, "tasksss");
  // @ts-expect-error no such value of that column
  ledgeCollectionOptions(client, "tasks", { filter: { status: "nowhere" } });
}

/** [TD2] What is inserted names its key and what a create needs; what the server fills may be left out. */
export function written() {
  const tasks = createCollection(ledgeCollectionOptions(client, "tasks"));
  tasks.insert({ id: newId(), projectId: "p", title: "Dig" });
  tasks.insert([{ id: newId(), projectId: "p", title: "Dig", status: "doing", position: "a" }]);
  tasks.update("id", (draft) => {
    draft.status = "done";
    // @ts-expect-error no such value of that column
    draft.status = "nowhere";
  });
  // @ts-expect-error the key is to be named
  tasks.insert({ projectId: "p", title: "Dig" });
  // @ts-expect-error a title is needed
  tasks.insert({ id: newId(), projectId: "p" });
  // @ts-expect-error no such column
  tasks.insert({ id: newId(), projectId: "p", title: "Dig", titel: "Dig" });
}
