/** Rows that outlive the page: shown without a network, gone on from, never another person's, and never behind what this person has seen. */

import { expect, test } from "vitest";
import { createClient, type UntypedTable } from "../../../src/client/ledge-client.ts";
import { withLive } from "../../../src/client/ledge-client-live.ts";
import { memoryStorage, withOutbox } from "../../../src/client/ledge-client-offline.ts";
import { memoryRows, type StoreHandle, withStore } from "../../../src/client/ledge-client-store.ts";
import { RowKeeper } from "../../../src/client/store/row-keeper.ts";
import type { KeptRows, RowStorage } from "../../../src/client/store/row-storage.ts";
import { FakeBrowser } from "../offline/fake-tabs.ts";
import { FakeLedge, problem } from "./fake-ledge.ts";
import { rowsContract } from "./rows-contract.ts";

interface Task {
  readonly id: string;
  readonly title: string | null;
  readonly status: string | null;
}
interface Tables {
  readonly tasks: UntypedTable<Task>;
}

/** Sign-in as the client has it: `become` says who is there. */
class FakeAuth {
  user: string | null = "ann";
  readonly #listeners = new Set<(change: string, session: object | null) => void>();

  onAuthStateChange(listener: (change: string, session: object | null) => void): () => void {
    this.#listeners.add(listener);
    void Promise.resolve().then(() => this.#tell(listener, "INITIAL_SESSION"));
    return () => void this.#listeners.delete(listener);
  }

  become(user: string | null): void {
    this.user = user;
    for (const listener of this.#listeners) this.#tell(listener, user === null ? "SIGNED_OUT" : "SIGNED_IN");
  }

  #tell(listener: (change: string, session: object | null) => void, change: string): void {
    listener(change, this.user === null ? null : { user: { id: this.user } });
  }
}

/** A browser: what it stores outlives the pages that it opens. */
function browser(ledge = new FakeLedge()) {
  const rows = memoryRows();
  const entries = memoryStorage();
  const auth = new FakeAuth();
  const page = () => {
    const platform = ledge.platform();
    const bare = createClient({ url: "https://ledge.example", platform, retry: false, timeoutMs: 0 });
    const signed = Object.assign(Object.create(bare), { auth, resource: bare.resource }) as unknown as Tables;
    const fake = new FakeBrowser();
    fake.isOnline = ledge.isOnline;
    const tabs = fake.tab();
    const live = withLive(
      new Proxy(signed, { get: (target, name) => Reflect.get(target, name) ?? Reflect.get(bare, name) }),
      { platform: ledge.livePlatform() },
    );
    const client = withStore(withOutbox(live, { tabs, storage: entries, platform }), { tabs, persist: rows });
    return { client, store: client.store, tasks: client.tasks, auth };
  };
  return { ledge, clock: ledge.clock, page, rows, entries, auth };
}

function watch<S>(handle: StoreHandle<S>) {
  const states: S[] = [];
  const leave = handle.subscribe(() => void states.push(handle.getSnapshot()));
  return { states, leave, now: () => handle.getSnapshot() };
}
const titles = ({ rows }: { readonly rows: readonly Task[] }) => rows.map(({ title }) => title).join(" ");

test("[LS10] rows in memory keep the contract of a storage", async () => {
  const storage = memoryRows();
  expect(await rowsContract(storage, () => storage)).toEqual([]);
});

test("[LS10] a page that opens without a network shows the last rows, and goes on from their position", async () => {
  const { ledge, clock, page } = browser();
  ledge.write("tasks", "a", { title: "one" });
  const first = page();
  watch(first.store.list("tasks"));
  await clock.advance(3_000);
  first.client.realtime.destroy();
  ledge.become(false);
  const second = page();
  const list = watch(second.store.list("tasks"));
  await clock.advance(100);
  expect([titles(list.now()), list.now().status, list.now().isReady]).toEqual(["one", "offline", true]);
  ledge.write("tasks", "b", { title: "two" });
  ledge.isOnline = true;
  ledge.heard.length = 0;
  await clock.advance(60_000);
  expect([titles(list.now()), ledge.heard.includes("resumed"), ledge.heard.includes("snapshot")]).toEqual([
    "one two",
    true,
    false,
  ]);
  expect(list.states.every((state) => titles(state).startsWith("one"))).toBe(true);
});

test("[LS10] what was kept is older than a write that took place: the page that opens shows the write all the same", async () => {
  const { ledge, clock, page } = browser();
  ledge.write("tasks", "a", { title: "old" });
  const first = page();
  const before = watch(first.store.list("tasks"));
  await clock.advance(3_000);
  await first.tasks.later.update("a", { title: "new" });
  await clock.advance(100);
  expect([titles(before.now()), before.now().pendingCount]).toEqual(["new", 0]);
  // The page is gone before anything is kept again.
  ledge.become(false);
  const list = watch(page().store.list("tasks"));
  await clock.advance(100);
  expect(list.states.map(titles)).not.toContain("old");
  expect(titles(list.now())).toBe("new");
  ledge.isOnline = true;
  ledge.write("tasks", "a", { title: "newer" });
  await clock.advance(60_000);
  expect([titles(list.now()), list.states.map(titles).includes("old")]).toEqual(["newer", false]);
});

test("[LS11] whoever signs in next sees nothing of whom was there before, shown or kept, not even without a network", async () => {
  const { ledge, clock, page, auth } = browser();
  ledge.write("tasks", "a", { title: "secret" });
  const { store } = page();
  const list = watch(store.list("tasks"));
  await clock.advance(3_000);
  ledge.become(false);
  auth.become("bob");
  expect(list.now().rows).toEqual([]);
  await clock.advance(3_000);
  expect([list.now().rows, list.now().isReady]).toEqual([[], false]);
  auth.become("ann");
  await clock.advance(3_000);
  expect(list.now().rows).toEqual([]);
});

test("[LS11] a write is tied to the person who made it: from the first moment, and after a sign-out", async () => {
  const { ledge, clock, page, auth } = browser();
  const { tasks, client } = page();
  ledge.become(false);
  // Before sign-in has said who is there.
  const stored = tasks.later.create({ id: "a", title: "ann's" });
  await clock.settle();
  await stored;
  auth.become(null);
  await tasks.later.create({ id: "b", title: "still ann's" });
  await clock.settle();
  auth.become("bob");
  ledge.isOnline = true;
  await clock.advance(60_000);
  expect([ledge.requests, client.sync.status.foreign]).toEqual([[], 2]);
  auth.become("ann");
  await clock.advance(60_000);
  expect([ledge.requests, client.sync.status.foreign]).toEqual([["POST /tasks", "POST /tasks"], 0]);
});

test("[LS12] rows whose rights were withdrawn are removed from what is kept, and from what the outbox remembers of them", async () => {
  const { ledge, clock, page } = browser();
  ledge.write("tasks", "a", { title: "secret" });
  const first = page();
  const list = watch(first.store.list("tasks"));
  // Looked at once and left: no watch tells it any more.
  watch(first.store.list("tasks", { orderBy: "-title" })).leave();
  await clock.advance(60_000);
  ledge.refuse = () => problem(400, "VALIDATION_ERROR");
  await first.tasks.later.update("a", { title: "mine" }, { on: list.now().rows[0] as Task });
  await clock.advance(100);
  expect(first.client.outbox.refused()[0]?.writes[0]?.base).toEqual({ title: "secret" });
  ledge.scope = 'status=="none"';
  ledge.cut();
  await clock.advance(10_000);
  expect([list.now().rows, first.client.outbox.refused()[0]?.writes[0]?.base]).toEqual([[], null]);
  ledge.become(false);
  const { store } = page();
  const again = [watch(store.list("tasks")), watch(store.list("tasks", { orderBy: "-title" }))];
  await clock.advance(100);
  expect(again.map((each) => each.now().rows)).toEqual([[], []]);
});

test("[LS12] [RV3] of a row that leaves with a list of which this person is no member any more nothing is kept, in no list; the others are kept on", async () => {
  const { ledge, clock, page } = browser();
  ledge.hasLists = true;
  const member = (list: string) => ({ table: "members", id: list, row: { id: list, user: "ann", list } });
  ledge.commit("tasks", [member("x"), member("y")]);
  ledge.write("tasks", "a", { title: "secret", listId: "y" });
  ledge.write("tasks", "b", { title: "open", listId: "x" });
  const { store } = page();
  const list = watch(store.list("tasks"));
  watch(store.list("tasks", { orderBy: "-title" })).leave();
  await clock.advance(60_000);
  ledge.commit("tasks", [{ ...member("y"), row: null }]);
  await clock.advance(50);
  expect([titles(list.now()), ledge.heard.includes("reset")]).toEqual(["open", false]);
  ledge.become(false);
  const shownByNext = async () => {
    const next = page();
    const lists = [watch(next.store.list("tasks")), watch(next.store.list("tasks", { orderBy: "-title" }))];
    await clock.advance(50);
    next.client.realtime.destroy();
    return lists.map((each) => titles(each.now()));
  };
  // Whoever closes the page this very moment leaves nothing of it behind.
  expect(await shownByNext()).toEqual(["", ""]);
  await clock.advance(5_000);
  expect(await shownByNext()).toEqual(["open", ""]);
});

test.each(["online", "offline", "closed"])(
  "[LS12] of one row that is no longer this person's nothing that was shown is kept, in either tab, while the page is %s; what they wrote is",
  async (standing) => {
    const { ledge, clock, page } = browser();
    ledge.write("tasks", "a", { title: "secret", status: "ann" });
    ledge.write("tasks", "b", { title: "other", status: "ann" });
    ledge.scope = 'status=="ann"';
    const first = page();
    const list = watch(first.store.list("tasks"));
    await clock.advance(100);
    const [a, b] = list.now().rows as readonly Task[];
    ledge.write("tasks", "a", { title: "secret too", status: "ann" });
    ledge.write("tasks", "b", { title: "another", status: "ann" });
    await first.tasks.later.update("a", { title: "mine" }, { on: a as Task });
    await first.tasks.later.update("a", { status: "ann" }, { on: a as Task });
    await first.tasks.later.update("b", { title: "mine" }, { on: b as Task });
    await clock.advance(100);
    const told = ({ client }: ReturnType<typeof page>) =>
      client.outbox.pending().map(({ writes: [write], present }) => [write?.values, write?.base, present?.title]);
    const others = [{ title: "mine" }, { title: "other" }, "another"] as const;
    expect(told(first)).toEqual([
      [{ title: "mine" }, { title: "secret" }, "secret too"],
      [{ status: "ann" }, { status: "ann" }, undefined],
      others,
    ]);
    if (standing !== "online") ledge.become(false);
    if (standing === "closed") first.client.outbox.close();
    ledge.isHidden = (id) => id === "a";
    ledge.write("tasks", "a", { title: "secret", status: "bob" });
    // It has only left the list.
    ledge.write("tasks", "b", { title: "another", status: "bob" });
    ledge.become(true);
    const last = standing === "closed" ? page() : first;
    if (standing === "closed") watch(last.store.list("tasks"));
    await clock.advance(60_000);
    expect(told(last)).toEqual([[{ title: "mine" }, null, undefined], [{ status: "ann" }, null, undefined], others]);
    const second = page();
    await clock.advance(100);
    expect(told(second)).toEqual(told(last));
  },
);

test("[LS10] of a list that is left, what it showed last is kept, also where that is newer than what was kept of it before", async () => {
  const { ledge, clock, page } = browser();
  ledge.write("tasks", "a", { title: "one" });
  const { store } = page();
  watch(store.list("tasks")).leave();
  const list = watch(store.list("tasks"));
  await clock.advance(5_000);
  list.leave();
  await clock.advance(29_500);
  // Half a second before its connection goes.
  ledge.write("tasks", "a", { title: "two" });
  await clock.advance(10_000);
  expect(ledge.open).toBe(0);
  ledge.become(false);
  const again = watch(page().store.list("tasks"));
  await clock.advance(100);
  expect(titles(again.now())).toBe("two");
});

test("[LS10] a storage of rows that never answers is done without after two seconds, and then at once", async () => {
  const ledge = new FakeLedge();
  ledge.write("tasks", "a", { title: "there" });
  const never = () => new Promise<never>(() => {});
  const platform = ledge.platform();
  const bare = createClient<never>({ url: "https://ledge.example", platform, retry: false, timeoutMs: 0 });
  const live = withLive(bare as object, { platform: ledge.livePlatform() });
  const client = withStore(live as never, {
    tabs: new FakeBrowser().tab(),
    persist: { load: never, save: never, clear: never } as RowStorage,
  }) as unknown as { readonly store: ReturnType<ReturnType<typeof browser>["page"]>["store"] };
  const list = watch(client.store.list("tasks"));
  await ledge.clock.advance(1_900);
  expect(list.now().rows).toEqual([]);
  await ledge.clock.advance(1_000);
  expect(titles(list.now())).toBe("there");
  const other = watch(client.store.list("tasks", { orderBy: "-id" }));
  await ledge.clock.advance(1_000);
  expect(titles(other.now())).toBe("there");
});

test("[LS11] writes of another person, in the outbox of the same browser, lie over nothing that this one sees", async () => {
  const { ledge, clock, page, auth } = browser();
  ledge.write("tasks", "a", { title: "everybody's" });
  const { tasks, store } = page();
  await clock.advance(100);
  ledge.become(false);
  await tasks.later.create({ id: "b", title: "ann's" });
  await clock.advance(100);
  auth.become("bob");
  const list = watch(store.list("tasks"));
  ledge.isOnline = true;
  await clock.advance(60_000);
  expect(titles(list.now())).toBe("everybody's");
  auth.become("ann");
  await clock.advance(60_000);
  expect(titles(list.now())).toBe("everybody's ann's");
});

test("[LS11] what is read for one person is not given to the next", async () => {
  let owner = "ann";
  const kept = { key: "ann k", savedAtMs: 0 } as KeptRows;
  const storage = { load: async () => kept, save: async () => {}, clear: async () => {} } as unknown as RowStorage;
  const after = () => () => {};
  const keeper = new RowKeeper({ storage, now: () => 0, after, owner: () => owner, identified: Promise.resolve() });
  expect(await keeper.load("k")).toBe(kept);
  const loading = keeper.load("k");
  await Promise.resolve();
  owner = "bob";
  expect(await loading).toBe(null);
});
