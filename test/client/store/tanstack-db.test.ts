/** Tables as collections of TanStack DB, over a server in memory: live, joined over two tables, written optimistically and taken back. */

import { BasicIndex, createCollection, createLiveQueryCollection, eq } from "@tanstack/db";
import { expect, test, vi } from "vitest";
import { createClient, newId, type UntypedTable } from "../../../src/client/ledge-client.ts";
import { withLive } from "../../../src/client/ledge-client-live.ts";
import { memoryStorage, withOutbox } from "../../../src/client/ledge-client-offline.ts";
import { withStore } from "../../../src/client/ledge-client-store.ts";
import { ledgeCollectionOptions } from "../../../src/client/ledge-client-tanstack-db.ts";
import { FakeBrowser } from "../offline/fake-tabs.ts";
import { FakeLedge, problem } from "./fake-ledge.ts";

interface Task {
  readonly id: string;
  readonly title: string | null;
  readonly listId: string | null;
}
interface List {
  readonly id: string;
  readonly title: string | null;
}
interface Tables {
  readonly tasks: UntypedTable<Task>;
  readonly lists: UntypedTable<List>;
}

function open(way: "outbox" | "direct") {
  const ledge = new FakeLedge();
  const platform = ledge.platform();
  const bare = createClient({ url: "https://ledge.example", platform, retry: false, timeoutMs: 0 });
  const live = withLive(bare as unknown as Tables, { platform: ledge.livePlatform() });
  const tabs = new FakeBrowser().tab();
  const inner = way === "outbox" ? withOutbox(live, { tabs, storage: memoryStorage(), platform }) : live;
  const client = withStore(inner as typeof live, { tabs });
  const tasks = createCollection(ledgeCollectionOptions(client, "tasks", { index: BasicIndex }));
  const lists = createCollection(ledgeCollectionOptions(client, "lists", { index: BasicIndex }));
  return { ledge, clock: ledge.clock, client, tasks, lists };
}

test("[TD1] a live join over two tables follows both", async () => {
  const warned = vi.spyOn(console, "warn");
  const { ledge, clock, tasks, lists } = open("outbox");
  ledge.write("lists", "l1", { title: "Garden" });
  ledge.write("tasks", "a", { title: "Dig", listId: "l1" });
  const joined = createLiveQueryCollection((q) =>
    q
      .from({ task: tasks })
      .join({ list: lists }, ({ task, list }) => eq(task.listId, list.id), "inner")
      .select(({ task, list }) => ({ id: task.id, task: task.title, list: list.title })),
  );
  const ready = joined.preload();
  await clock.advance(50);
  await ready;
  const lines = () => joined.toArray.map(({ task, list }) => `${list}: ${task}`).sort();
  expect(lines()).toEqual(["Garden: Dig"]);
  ledge.write("tasks", "b", { title: "Sow", listId: "l1" });
  ledge.write("lists", "l1", { title: "Field" });
  await clock.advance(50);
  expect(lines()).toEqual(["Field: Dig", "Field: Sow"]);
  ledge.write("tasks", "a", null);
  await clock.advance(50);
  expect(lines()).toEqual(["Field: Sow"]);
  expect(warned).not.toHaveBeenCalled();
});

test("[TD2] quick updates of one row (direct) go one after the other, each on what the one before has led to; somebody else's change is still noticed", async () => {
  const { ledge, clock, tasks } = open("direct");
  ledge.write("tasks", "a", { title: "t0" });
  const states: unknown[] = [];
  tasks.subscribeChanges(() => void states.push(tasks.get("a")?.title));
  await clock.advance(50);
  const update = (title: string) =>
    tasks.update("a", (draft) => {
      draft.title = title;
    }).isPersisted.promise;
  ledge.holdsFrames = true;
  const done = [1, 2, 3].map((each) => update(`t${each}`));
  await clock.advance(50);
  ledge.release();
  done.push(...[4, 5, 6].map((each) => update(`t${each}`)));
  await clock.advance(200);
  await Promise.all(done);
  expect(ledge.object("tasks").find("tasks", "a")?.row.title).toBe("t6");
  expect(ledge.requests.filter((request) => request === "PATCH /tasks/a")).toHaveLength(6);
  expect(states.filter((state, index) => state !== states[index - 1])).toEqual([
    "t0",
    "t1",
    "t2",
    "t3",
    "t4",
    "t5",
    "t6",
  ]);
  ledge.holdsFrames = true;
  ledge.write("tasks", "a", { title: "theirs" });
  const late = update("mine");
  const outcome = late.then(() => "done").catch((error: { status?: number }) => error.status);
  await clock.advance(200);
  expect(await outcome).toBe(412);
});

for (const way of ["outbox", "direct"] as const)
  test(`[TD2] writes (${way}) are shown at once, never fall back, and are taken back when they are refused`, async () => {
    const { ledge, clock, tasks } = open(way);
    ledge.write("tasks", "a", { title: "old" });
    const states: string[] = [];
    const line = () =>
      tasks.toArray
        .map(({ id, title }) => `${id}:${title}`)
        .sort()
        .join(" ");
    tasks.subscribeChanges(() => void states.push(line()));
    await clock.advance(50);
    ledge.holdsFrames = true;
    const update = tasks.update("a", (draft) => {
      draft.title = "new";
    });
    expect(line()).toBe("a:new");
    await clock.advance(100);
    await update.isPersisted.promise;
    expect([line(), ledge.requests]).toEqual(["a:new", ["PATCH /tasks/a"]]);
    ledge.release();
    await clock.advance(100);
    tasks.insert({ id: "b", title: "two", listId: null });
    tasks.delete("a");
    expect(line()).toBe("b:two");
    await clock.advance(200);
    expect(line()).toBe("b:two");
    expect(ledge.object("tasks").find("tasks", "a")).toBeNull();
    expect(states.slice(states.indexOf("a:new")).some((state) => state.includes("old"))).toBe(false);
    ledge.refuse = () => problem(400, "VALIDATION_ERROR");
    const refused = tasks.update("b", (draft) => {
      draft.title = "bad";
    });
    refused.isPersisted.promise.catch(() => {});
    expect(line()).toBe("b:bad");
    await clock.advance(200);
    expect(line()).toBe("b:two");
  });

test("[TD2] a row that somebody has changed meanwhile (direct) is not deleted unasked", async () => {
  const { ledge, clock, tasks } = open("direct");
  ledge.write("tasks", "a", { title: "mine" });
  tasks.subscribeChanges(() => {});
  await clock.advance(50);
  ledge.holdsFrames = true;
  ledge.write("tasks", "a", { title: "theirs" });
  const outcome = tasks.delete("a").isPersisted.promise.catch((error: { status?: number }) => error.status);
  await clock.advance(200);
  expect([await outcome, ledge.object("tasks").find("tasks", "a")?.row.title]).toEqual([412, "theirs"]);
});

for (const way of ["outbox", "direct"] as const)
  test(`[TD2] writes (${way}) of a collection of one partition go into that one`, async () => {
    const { ledge, clock, client } = open(way);
    const tasks = createCollection(ledgeCollectionOptions(client, "tasks", { partition: "lobby" }));
    ledge.write("tasks", "a", { title: "old" });
    ledge.write("tasks", "b", { title: "old" });
    tasks.subscribeChanges(() => {});
    await clock.advance(50);
    // That the partition is unknown there is another matter.
    tasks.insert({ id: "c", title: "new" }).isPersisted.promise.catch(() => {});
    tasks
      .update("a", (draft) => {
        draft.title = "new";
      })
      .isPersisted.promise.catch(() => {});
    tasks.delete("b").isPersisted.promise.catch(() => {});
    await clock.advance(200);
    expect([...ledge.requests].sort()).toEqual([
      "DELETE /@lobby/tasks/b",
      "PATCH /@lobby/tasks/a",
      "POST /@lobby/tasks",
    ]);
  });

test("[TD1] a collection whose list is refused says so, and nobody waits for it", async () => {
  const { clock, client } = open("direct");
  const tasks = createCollection(ledgeCollectionOptions(client, "tasks", { filter: 'nowhere=="x"' }));
  const ready = tasks.preload().then(
    () => "ready",
    () => "refused",
  );
  await clock.advance(50);
  expect([tasks.status, await ready]).toEqual(["error", "refused"]);
});

test("[TD2] what is inserted has the columns that a create needs; the server fills in the others", async () => {
  const { ledge, clock, tasks } = open("outbox");
  tasks.subscribeChanges(() => {});
  await clock.advance(50);
  const id = newId();
  tasks.insert({ id, title: "Dig" });
  expect(tasks.get(id)).toMatchObject({ id, title: "Dig" });
  await clock.advance(200);
  expect(ledge.object("tasks").find("tasks", id)?.row).toMatchObject({ id, title: "Dig", listId: null });
  expect(tasks.get(id)).toMatchObject({ id, title: "Dig", listId: null });
});
