/** The live store over a server in memory: shared handles, stable snapshots, writes shown before the server has them, and never a row that falls back. */

import { expect, test } from "vitest";
import { createClient, type UntypedTable } from "../../../src/client/ledge-client.ts";
import { type WithLive, withLive } from "../../../src/client/ledge-client-live.ts";
import { memoryStorage, type WithOutbox, withOutbox } from "../../../src/client/ledge-client-offline.ts";
import {
  createClient as createStoreClient,
  type ListSnapshot,
  type StoreHandle,
  type WithStore,
  withStore,
} from "../../../src/client/ledge-client-store.ts";
import type { RowId } from "../../../src/core/ids.ts";
import { FakeBrowser } from "../offline/fake-tabs.ts";
import { FakeLedge, problem } from "./fake-ledge.ts";

interface Task {
  readonly id: string;
  readonly title: string | null;
  readonly status: string | null;
  readonly rank: number | null;
}
interface Tables {
  readonly tasks: UntypedTable<Task>;
  readonly lists: UntypedTable<Task>;
}

function open(ledge = new FakeLedge(), browser = new FakeBrowser()) {
  const platform = ledge.platform();
  const bare = createClient({ url: "https://ledge.example", platform, retry: false, timeoutMs: 0 });
  const live = withLive(bare as unknown as Tables, { platform: ledge.livePlatform() });
  const tabs = browser.tab();
  const client = withStore(withOutbox(live, { tabs, storage: memoryStorage(), platform }), { tabs });
  const { clock } = ledge;
  return { ledge, clock, client, store: client.store, tasks: client.tasks, browser };
}

/** Every state that was shown. */
function watch<S>(handle: StoreHandle<S>) {
  const states: S[] = [];
  const leave = handle.subscribe(() => void states.push(handle.getSnapshot()));
  return { states, leave, now: () => handle.getSnapshot() };
}

const titles = (snapshot: ListSnapshot<Task>) => snapshot.rows.map(({ title }) => title).join(" ");

test("[LS1] equal questions are one handle, its functions and its snapshot keep their identity, and the server is asked once", async () => {
  const { ledge, clock, store } = open();
  ledge.write("tasks", "a", { title: "one", rank: 1 });
  const handle = store.list("tasks", { orderBy: "rank" });
  expect(store.list("tasks", { orderBy: ["rank"] })).toBe(handle);
  expect(handle.getSnapshot()).toBe(handle.getServerSnapshot());
  expect([ledge.socketCount, handle.getSnapshot().status]).toEqual([0, "loading"]);
  const [first, second] = [watch(handle), watch(handle)];
  await clock.settle();
  expect(ledge.said.filter((type) => type === "watch")).toHaveLength(1);
  const shown = handle.getSnapshot();
  expect([titles(shown), shown.status, shown.isReady, shown.hasMore]).toEqual(["one", "live", true, false]);
  await clock.advance(1_000);
  expect(handle.getSnapshot()).toBe(shown);
  expect(second.states).toEqual(first.states);
  first.leave();
  expect(ledge.open).toBe(1);
});

test("[LS2] what mounts again soon finds its rows there; later the watch is let go, and its socket with it", async () => {
  const { ledge, clock, store } = open();
  ledge.write("tasks", "a", { title: "one" });
  const handle = store.list("tasks");
  watch(handle).leave();
  const again = watch(handle);
  await clock.settle();
  const rows = again.now().rows;
  again.leave();
  await clock.advance(29_000);
  expect(watch(store.list("tasks")).now().rows).toBe(rows);
  expect(ledge.said.filter((type) => type === "watch")).toHaveLength(1);
  expect(store.stats).toMatchObject({ handles: 1, open: 1, listeners: 1 });
});

test("[LS2] a handle without listeners is let go after its time, and comes back with its last rows while it is asked again", async () => {
  const { ledge, clock, store } = open();
  ledge.write("tasks", "a", { title: "one" });
  const handle = store.list("tasks");
  const first = watch(handle);
  await clock.settle();
  first.leave();
  await clock.advance(31_000);
  expect([ledge.open, store.stats.handles]).toEqual([0, 0]);
  const back = watch(handle);
  await clock.settle();
  expect([ledge.open, titles(back.now()), back.now().status]).toEqual([1, "one", "live"]);
});

test("[LS3] what is written here is shown at once, and stays through answer and frame without ever falling back", async () => {
  const { ledge, clock, store, tasks } = open();
  ledge.write("tasks", "a", { title: "old", rank: 1 });
  const list = watch(store.list("tasks", { orderBy: "rank" }));
  const row = watch(store.row("tasks", "a"));
  await clock.settle();
  for (const order of ["answer first", "frame first"]) {
    list.states.length = 0;
    ledge.holdsFrames = order === "answer first";
    ledge.holdsAnswers = order === "frame first";
    const before = list.now().rows[0] as Task;
    const stored = tasks.later.update("a", { title: order }, { on: before });
    await Promise.resolve();
    await Promise.resolve();
    expect([titles(list.now()), list.now().pendingCount]).toEqual([order, 1]);
    await stored;
    await clock.settle();
    expect([titles(list.now()), row.now().isPending]).toEqual([order, true]);
    ledge.release();
    await clock.advance(50);
    expect([titles(list.now()), list.now().pendingCount, row.now().isPending]).toEqual([order, 0, false]);
    expect(new Set(list.states.map(titles))).toEqual(new Set([order]));
  }
  expect(store.stats.overlaid).toEqual({ shown: 0, acknowledged: 0 });
});

test("[LS3] a write that no watch sees falls when the object says that it has passed it", async () => {
  const { ledge, clock, store, tasks } = open();
  ledge.write("tasks", "a", { title: "one", status: "open" });
  const list = watch(store.list("tasks", { filter: { status: "open" } }));
  await clock.settle();
  await tasks.later.create({ id: "b", title: "two", status: "closed" });
  await clock.advance(100);
  expect(ledge.said).toContain("sync");
  expect([titles(list.now()), store.stats.overlaid.shown]).toEqual(["one", 0]);
});

test("[LS3] a filter that is known here says where a row that was written belongs, and the order does", async () => {
  const { ledge, clock, store, tasks } = open();
  ledge.write("tasks", "a", { title: "one", status: "open", rank: 1 });
  ledge.write("tasks", "c", { title: "three", status: "open", rank: 3 });
  const list = watch(store.list("tasks", { filter: { status: "open" }, orderBy: "rank" }));
  await clock.settle();
  ledge.become(false);
  await tasks.later.create({ id: "b", title: "two", status: "open", rank: 2 });
  await tasks.later.update("a", { status: "closed" });
  await tasks.later.create({ id: "d", title: "four", status: "closed", rank: 0 });
  await clock.advance(100);
  expect([titles(list.now()), list.now().pendingCount]).toEqual(["two three", 3]);
  await tasks.later.update("c", { rank: 1 });
  await clock.advance(100);
  expect(titles(list.now())).toBe("three two");
  const [, two] = list.now().rows;
  await tasks.later.update("c", { rank: 0 });
  await clock.advance(100);
  expect(list.now().rows[1]).toBe(two);
});

test("[O1] createClient of the store entry: what is written without a network is shown at once, told of if it is refused, and sent when there is one", async () => {
  const ledge = new FakeLedge();
  const browser = new FakeBrowser();
  const platform = ledge.platform();
  const tabs = browser.tab();
  const rejected: string[] = [];
  const whole = createStoreClient({
    url: "https://ledge.example",
    platform,
    retry: false,
    timeoutMs: 0,
    live: { platform: ledge.livePlatform() },
    offline: { tabs, storage: memoryStorage(), onWriteRejected: ({ key }) => void rejected.push(key) },
    store: { tabs },
  });
  const client = whole as never as WithStore<WithOutbox<WithLive<Tables>>>;
  const list = watch(client.store.list("tasks"));
  await ledge.clock.settle();
  ledge.become(false);
  browser.become(false);
  await client.tasks.later.create({ id: "a", title: "good" });
  const { key } = await client.tasks.later.create({ id: "b", title: "bad" });
  await ledge.clock.advance(50);
  expect([titles(list.now()), ledge.object("tasks").find("tasks", "a")]).toEqual(["good bad", null]);
  let asked = 0;
  ledge.refuse = (method) => (method === "POST" && ++asked === 2 ? problem(400, "VALIDATION_ERROR") : undefined);
  ledge.isOnline = true;
  browser.become(true);
  await ledge.clock.advance(5_000);
  expect(rejected).toEqual([key]);
  expect(titles(list.now())).toBe("good");
});

test("[LS4] a write that is refused is taken back, and what is not refused stays", async () => {
  const { ledge, clock, store, tasks, client } = open();
  ledge.write("tasks", "a", { title: "one" });
  const list = watch(store.list("tasks"));
  await clock.settle();
  ledge.refuse = (method) => (method === "POST" ? problem(400, "VALIDATION_ERROR") : undefined);
  await tasks.later.create({ id: "b", title: "bad" });
  await tasks.later.update("a", { title: "good" });
  expect(titles(list.now())).toBe("good bad");
  await clock.advance(100);
  expect(titles(list.now())).toBe("good");
  expect(client.outbox.refused()).toHaveLength(1);
});

test("[LS5] a thousand commits are not a thousand renderings, and what comes together is told together", async () => {
  const { ledge, clock, store } = open();
  const list = watch(store.list("tasks"));
  const others = watch(store.list("lists"));
  await clock.settle();
  list.states.length = 0;
  for (let count = 0; count < 1_000; count++) {
    ledge.write("tasks", `t${count % 10}`, { title: String(count) });
    if (count % 100 === 0) await clock.advance(1);
  }
  await clock.advance(50);
  expect(list.states.length).toBeLessThan(10);
  expect(list.now().rows).toHaveLength(10);
  let seen: number[] = [];
  store.list("tasks").subscribe(() => {
    seen = [list.now().rows.length, others.now().rows.length];
  });
  ledge.write("tasks", "new", {});
  ledge.write("lists", "new", {});
  await clock.advance(50);
  expect(seen).toEqual([11, 1]);
});

test("[LS6] an infinite list grows by pages, stays live, and shows what it had until there is more", async () => {
  const { ledge, clock, store } = open();
  for (let rank = 0; rank < 25; rank++) ledge.write("tasks", `t${rank}`, { title: String(rank), rank });
  const handle = store.infinite("tasks", { orderBy: "rank", pageSize: 10 });
  const list = watch(handle);
  await clock.settle();
  expect([list.now().rows.length, list.now().hasMore]).toEqual([10, true]);
  handle.loadMore();
  handle.loadMore();
  await clock.advance(20);
  expect([list.now().rows.length, list.now().hasMore, list.now().isLoadingMore]).toEqual([20, true, false]);
  handle.loadMore();
  await clock.advance(20);
  expect([list.now().rows.length, list.now().hasMore]).toEqual([25, false]);
  expect(list.states.every(({ rows }) => rows.length >= 10)).toBe(true);
  ledge.write("tasks", "t3", { title: "changed", rank: 3 });
  await clock.advance(20);
  expect(list.now().rows[3]?.title).toBe("changed");
});

test("[LS6] it grows past what one page of the server may hold, in the order of its rows, NULLs and equals among them", async () => {
  const { ledge, clock, store, tasks } = open();
  const rank = (index: number) => (index % 10 === 0 ? null : Math.floor(index / 4));
  for (let index = 0; index < 160; index++) ledge.write("tasks", `t${index}`, { title: `${index}`, rank: rank(index) });
  for (const orderBy of ["rank", "-rank"] as const) {
    const handle = store.infinite("tasks", { orderBy, pageSize: 12, filter: (q) => q.neq("title", "7") });
    const list = watch(handle);
    await clock.advance(50);
    for (let page = 0; list.now().hasMore; page++) {
      expect(list.now().rows).toHaveLength(12 * (page + 1));
      handle.loadMore();
      await clock.advance(50);
    }
    const whole = watch(store.list("tasks", { orderBy, filter: (q) => q.neq("title", "7") }));
    await clock.advance(50);
    expect(list.now().rows).toHaveLength(159);
    expect(titles(list.now())).toBe(titles(whole.now()));
    expect(list.states.every(({ rows }, index) => rows.length >= (list.states[index - 1]?.rows.length ?? 0))).toBe(
      true,
    );
    ledge.write("tasks", "t40", { title: "moved", rank: 3 });
    ledge.write("tasks", `new${orderBy}`, { title: "new", rank: 20 });
    await tasks.later.update("t9", { rank: 30 });
    ledge.write("tasks", "t3", null);
    await clock.advance(50);
    expect(titles(list.now())).toBe(titles(whole.now()));
    list.leave();
    whole.leave();
    ledge.write("tasks", "t3", { title: "3", rank: 0 });
    await clock.advance(40_000);
    ledge.write("tasks", `new${orderBy}`, null);
  }
});

test("[LS7] an aggregate is live", async () => {
  const { ledge, clock, store } = open();
  ledge.write("tasks", "a", { status: "open", rank: 2 });
  const sums = watch(store.aggregate("tasks", { groupBy: ["status"], count: true, sum: ["rank"] }));
  await clock.settle();
  ledge.write("tasks", "b", { status: "open", rank: 3 });
  await clock.advance(50);
  expect(sums.now()).toMatchObject({
    status: "live",
    groups: [{ key: { status: "open" }, count: 2, sum: { rank: 5 } }],
  });
});

test("[LS8] a query is asked once for all, and again when its table changes or is invalidated", async () => {
  const { ledge, clock, store, tasks } = open();
  ledge.write("tasks", "a", { title: "one" });
  const query = { key: ["all"], tables: ["tasks"], load: async () => (await tasks.list()).items.length };
  const handle = store.query(query);
  expect(store.query({ ...query })).toBe(handle);
  const [first] = [watch(handle), watch(handle)];
  await clock.advance(50);
  expect(first.now()).toMatchObject({ status: "ready", data: 1, isRefreshing: false });
  expect(ledge.requests).toEqual(["GET /tasks"]);
  await tasks.later.create({ id: "b", title: "two" });
  await clock.advance(50);
  expect(first.now().data).toBe(2);
  watch(store.list("tasks"));
  await clock.settle();
  ledge.write("tasks", "c", {});
  await clock.advance(50);
  expect(first.now().data).toBe(3);
  store.invalidate("tasks");
  await clock.advance(50);
  expect(ledge.requests.filter((line) => line === "GET /tasks")).toHaveLength(4);
});

test("[LS8] an equal key may come with another load: the one that was given last is asked, again and by who comes back", async () => {
  const { store, clock } = open();
  const loads: string[] = [];
  const give = (token: string) =>
    store.query({ key: ["report"], tables: ["tasks"], load: async () => void loads.push(token) });
  const { leave } = watch(give("t1"));
  await clock.advance(50);
  give("t2");
  store.invalidate("tasks");
  await clock.advance(50);
  leave();
  give("t3");
  await clock.advance(60_000);
  store.invalidate("tasks");
  watch(give("t4"));
  await clock.advance(50);
  expect(loads).toEqual(["t1", "t2", "t4"]);
});

test("[LS1] what another list shows of a row is taken for the row itself only where it is whole", async () => {
  const { ledge, store, clock } = open();
  ledge.write("tasks", "a", { title: "one", rank: 1 });
  watch(store.list("tasks", { select: ["title"] } as object));
  await clock.advance(50);
  ledge.holdsFrames = true;
  const narrow = watch(store.row("tasks", "a"));
  await clock.advance(50);
  expect(narrow.now().row).toBe(null);
  ledge.release();
  await clock.advance(50);
  expect(narrow.now().row).toMatchObject({ title: "one", rank: 1 });
});

test("[LS8] a query is asked again after whatever this client writes to its tables, by any of its methods, also one that failed", async () => {
  const { ledge, clock, store, client } = open();
  let asked = 0;
  watch(store.query({ key: ["count"], tables: ["tasks"], load: async () => ++asked }));
  const after = async (write: () => Promise<unknown>) => {
    await Promise.all([write().catch(() => {}), clock.advance(50)]);
    await clock.advance(50);
    return asked;
  };
  expect(await after(async () => {})).toBe(1);
  expect(await after(() => client.tasks.create({ id: "a", title: "one" } as never))).toBe(2);
  expect(await after(() => client.resource("tasks").update("a", { title: "two" }))).toBe(3);
  ledge.refuse = () => problem(403, "FORBIDDEN");
  expect(await after(() => client.tasks.in("lobby").delete("a"))).toBe(4);
  const operations = [{ op: "delete", resource: "tasks", id: "a" }];
  expect(await after(() => client.resource("transaction").create({ operations } as never))).toBe(5);
  expect(await after(() => client.lists.create({ id: "l" } as never))).toBe(5);
  expect(await after(() => client.tasks.list())).toBe(5);
  expect(client.tasks).toBe(client.tasks);
});

test("[LS8] [RH5] a first answer that nobody waits for any more is aborted, and asked for again by who comes back; a later one is kept", async () => {
  const { clock, store } = open();
  const asked: { readonly aborted: boolean }[] = [];
  let answer = (_value: string): void => {};
  const load = (signal: { readonly aborted: boolean }) => {
    asked.push(signal);
    return new Promise<string>((resolve) => {
      answer = resolve;
    });
  };
  const handle = store.query({ key: ["slow"], load });
  const [first, second] = [watch(handle), watch(handle)];
  first.leave();
  await clock.advance(100);
  expect(asked.map(({ aborted }) => aborted)).toEqual([false]);
  second.leave();
  // As StrictMode does.
  const back = watch(handle);
  await clock.advance(100);
  expect(asked.map(({ aborted }) => aborted)).toEqual([false]);
  back.leave();
  await clock.advance(100);
  expect(asked.map(({ aborted }) => aborted)).toEqual([true]);
  const again = watch(handle);
  await clock.advance(100);
  answer("found");
  await clock.advance(100);
  expect(again.now()).toMatchObject({ status: "ready", data: "found", error: null });
  void handle.refresh();
  again.leave();
  await clock.advance(100);
  expect(asked.map(({ aborted }) => aborted)).toEqual([true, false, false]);
});

test("[LS1] what is prefetched is there when it is first looked at", async () => {
  const { ledge, clock, store } = open();
  ledge.write("tasks", "a", { title: "one" });
  const there = store.prefetch(store.list("tasks"));
  await clock.settle();
  await there;
  expect(titles(store.list("tasks").getSnapshot())).toBe("one");
});

test("[LS9] a break is told and what is shown stays; afterwards it goes on from there", async () => {
  const { ledge, clock, store, browser } = open();
  ledge.write("tasks", "a", { title: "one" });
  const list = watch(store.list("tasks"));
  await clock.settle();
  ledge.become(false);
  browser.become(false);
  await clock.advance(20);
  expect([titles(list.now()), list.now().status]).toEqual(["one", "offline"]);
  ledge.write("tasks", "a", { title: "two" });
  ledge.isOnline = true;
  browser.become(true);
  await clock.advance(2_000);
  expect([titles(list.now()), list.now().status]).toEqual(["two", "live"]);
  expect(list.states.map(titles).filter((each) => each === "")).toEqual([]);
});

test("[LS3] a row that a list shows is there for its own handle without a network, with what is written over it", async () => {
  const { ledge, clock, store, tasks, browser } = open();
  ledge.write("tasks", "a", { title: "one", rank: 1 });
  watch(store.list("tasks", { orderBy: "rank" }));
  await clock.settle();
  ledge.become(false);
  browser.become(false);
  await clock.advance(20);
  const row = watch(store.row("tasks", "a"));
  expect(row.now()).toMatchObject({ row: { title: "one" }, isReady: true, isPending: false, status: "offline" });
  expect(watch(store.row("tasks", "b")).now()).toMatchObject({ row: null, isReady: false });
  await tasks.later.update("a", { title: "two" });
  await clock.settle();
  expect(row.now()).toMatchObject({ row: { title: "two" }, isPending: true });
  ledge.isOnline = true;
  browser.become(true);
  await clock.advance(5_000);
  expect(row.now()).toMatchObject({ row: { title: "two" }, isPending: false, status: "live" });
  expect(row.states.map((state) => state.row?.title)).not.toContain(undefined);
});

test("[LS4] a watch that is refused says why, and holds no write up", async () => {
  const { clock, store, tasks } = open();
  const list = watch(store.list("tasks", { orderBy: "nothing" as "rank" }));
  await clock.settle();
  expect([list.now().status, list.now().error?.code]).toEqual(["error", "VALIDATION_ERROR"]);
  await tasks.later.create({ id: "a" as RowId as string, title: "x" });
  await clock.advance(100);
  expect(store.stats.overlaid.shown).toBe(0);
});

test("[O6] a row whose key the server makes, or that is called otherwise, is created with the key it names, or refused at once", async () => {
  const ledge = new FakeLedge();
  const platform = ledge.platform();
  const bare = createClient({ url: "https://ledge.example", platform, retry: false, timeoutMs: 0 });
  const live = withLive(bare as unknown as Tables & { readonly films: UntypedTable<{ id: number; title: string }> }, {
    platform: ledge.livePlatform(),
  });
  const { clock } = ledge;
  const tabs = new FakeBrowser().tab();
  const client = withStore(withOutbox(live, { tabs, storage: memoryStorage(), platform, keys: { lists: "rank" } }));
  client.store.list("films").subscribe(() => {});
  await clock.settle();
  await expect(client.films.later.create({ title: "x" })).rejects.toThrow("key id is made by the server");
  expect(client.outbox.pending()).toEqual([]);
  await expect(client.films.later.create({ id: 7, title: "x" })).resolves.toMatchObject({ id: 7 });
  await expect(client.lists.later.create({ rank: 3 })).resolves.toMatchObject({ id: 3 });
});

test("[LS4] what was to be deleted is gone already: it is not shown again while the watch is behind", async () => {
  const { ledge, clock, store, tasks } = open();
  ledge.write("tasks", "a", { title: "one" });
  const list = watch(store.list("tasks"));
  await clock.settle();
  ledge.holdsFrames = true;
  ledge.write("tasks", "a", null);
  await tasks.later.delete("a");
  await clock.advance(100);
  expect([titles(list.now()), list.now().pendingCount]).toEqual(["", 1]);
  ledge.release();
  await clock.advance(100);
  expect([titles(list.now()), list.now().pendingCount]).toEqual(["", 0]);
  expect(list.states.slice(1).map(titles).includes("one")).toBe(false);
});

test("[CI6] what a transaction wrote stays until each object shows its part, also one that the answer does not name", async () => {
  const { ledge, clock, store } = open();
  for (const table of ["tasks", "lists"]) ledge.write(table, "a", { title: "old" });
  const [tasks, lists] = [watch(store.list("tasks")), watch(store.list("lists"))];
  await clock.settle();
  const parts = ["t/app/tasks", "t/app/lists"];
  const commit = (table: string) =>
    ledge.commit(table, [{ table, id: "a", row: { ...lists.now().rows[0], id: "a", title: "new" } as never }], {
      txid: "tx",
      parts,
    });
  ledge.refuse = (_method, path) => {
    if (path !== "/transaction") return undefined;
    ledge.object("lists").prepare("tx");
    commit("tasks");
    return { status: 200, body: { ok: true, txid: "tx" }, headers: { "ledge-seq": "aaaaaaaaaaaaaaaa:2" } };
  };
  const write = (table: "tasks" | "lists") => ({ op: "update", table, id: "a", values: { title: "new" } }) as const;
  const written = store.write([write("tasks"), write("lists")]);
  await clock.advance(1_000);
  await written;
  // Somebody else's commit tells that the object is alive, and not that it has the part.
  ledge.write("lists", "b", { title: "other" });
  await clock.advance(1_000);
  expect([titles(tasks.now()), titles(lists.now()), store.stats.overlaid.acknowledged]).toEqual([
    "new",
    "new other",
    1,
  ]);
  commit("lists");
  await clock.advance(1_000);
  expect([titles(lists.now()), store.stats.overlaid.shown]).toEqual(["new other", 0]);
  expect(lists.states.slice(lists.states.findIndex((state) => titles(state) === "new")).map(titles)).not.toContain(
    "old",
  );
});

test("[CI6] [O7] an answer in an epoch that the watch has not heard of keeps the write; one that is older lets it go once the object has been asked", async () => {
  const { ledge, clock, client, store, tasks } = open();
  ledge.write("tasks", "a", { title: "old" });
  const list = watch(store.list("tasks"));
  await clock.settle();
  ledge.refuse = () => ({
    status: 200,
    body: { id: "a", title: "new" },
    headers: { "ledge-seq": "eeeeeeeeeeeeeeee:1" },
  });
  ledge.holdsFrames = true;
  await tasks.later.update("a", { title: "new" });
  await clock.advance(1_000);
  const unread: number[] = [];
  client.sync.onChange((status) => void unread.push(status.unread));
  expect([titles(list.now()), store.stats.overlaid.acknowledged, client.sync.status.unread]).toEqual(["new", 1, 1]);
  ledge.release();
  await clock.advance(1_000);
  expect([titles(list.now()), store.stats.overlaid.shown, unread.at(-1)]).toEqual(["old", 0, 0]);
});

test("[LS1] [WS13] more rows pass by than one socket may follow: what is kept makes room at once, and those that are shown are live", async () => {
  const { ledge, clock, store } = open();
  const ids = Array.from({ length: 130 }, (_, at) => `r${at}`);
  ledge.commit(
    "tasks",
    ids.map((id) => ({ table: "tasks", id, row: { id, title: id, status: null, rank: null, listId: null } })),
  );
  const shown: ReturnType<typeof watch<{ readonly status: string }>>[] = [];
  for (const id of ids) {
    shown.push(watch(store.row("tasks", id) as StoreHandle<{ readonly status: string }>));
    if (shown.length > 12) shown.shift()?.leave();
    await clock.advance(5);
  }
  await clock.advance(100);
  expect(shown.map(({ now }) => now().status)).toEqual(Array(12).fill("live"));
  expect(ledge.socketCount).toBe(1);
});

test("[LS1] [WS13] where all that may be followed is shown, what comes after says so, and is live once there is room", async () => {
  const { clock, store, client } = open();
  const lists = Array.from({ length: 102 }, (_, at) => watch(store.list("tasks", { filter: { rank: at } })));
  const told: string[] = [];
  const follow = () =>
    client.tasks.subscribe(
      { filter: { rank: 1_000 } },
      { onError: ({ code }) => void told.push(code), onStatus: (status) => void told.push(status) },
    );
  const first = follow();
  await clock.advance(5_000);
  const counts = () => {
    const all = lists.map(({ now }) => now().status);
    return [all.filter((status) => status === "live").length, all.filter((status) => status === "error").length];
  };
  expect(counts()).toEqual([100, 2]);
  const code = "SUBSCRIPTION_LIMIT_EXCEEDED";
  expect(lists[101]?.now()).toMatchObject({ status: "error", error: { code } });
  expect(told.splice(0)).toEqual([code, "error"]);
  const second = follow();
  await clock.advance(5_000);
  expect(told.splice(0)).toEqual([code]);
  for (const handle of [first, second]) handle.unsubscribe();
  for (const { leave } of lists.slice(0, 3)) leave();
  await clock.advance(1_100);
  expect(counts()[1]).toBe(0);
  expect(lists[101]?.now()).toMatchObject({ status: "live", error: null, isReady: true });
});

test("[LS3] a list that has lost its connection is offline as soon as the network is known to be gone, and no more once it is there", async () => {
  const { ledge, clock, store, browser } = open();
  const list = watch(store.list("tasks"));
  await clock.advance(100);
  ledge.become(false);
  await clock.advance(100);
  expect(list.now().status).toBe("reconnecting");
  browser.become(false);
  await clock.advance(20);
  expect(list.now().status).toBe("offline");
  browser.become(true);
  await clock.advance(20);
  expect(list.now().status).toBe("reconnecting");
});

test("[LS8] [LS11] what a query has kept is another person's once somebody else is there, however long it was to be kept", async () => {
  const { clock, store } = open();
  let asked = 0;
  const query = watch(store.query({ key: ["mine"], ttlMs: 3_600_000, load: async () => ++asked }));
  await clock.advance(50);
  store.purge();
  await clock.advance(50);
  expect(query.now()).toMatchObject({ status: "ready", data: 2 });
});

test("[P10] a connection that waits for its next try is opened at once for whoever refreshes", async () => {
  const { ledge, clock, store } = open();
  const handle = store.list("tasks");
  watch(handle);
  await clock.advance(100);
  ledge.become(false);
  await clock.advance(60_000);
  ledge.become(true);
  await clock.advance(100);
  expect(handle.getSnapshot().status).not.toBe("live");
  void store.refresh(handle);
  await clock.advance(100);
  expect(handle.getSnapshot().status).toBe("live");
});
