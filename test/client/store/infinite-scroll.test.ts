/** The infinite list as one object, and writes that are shown while a request of one's own makes them, over a server in memory. */

import { expect, test } from "vitest";
import { createClient, type UntypedTable } from "../../../src/client/ledge-client.ts";
import { type Realtime, withLive } from "../../../src/client/ledge-client-live.ts";
import { memoryStorage, withOutbox } from "../../../src/client/ledge-client-offline.ts";
import { createInfiniteScroll, optimisticUpdate, withStore } from "../../../src/client/ledge-client-store.ts";
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
}

/** `outbox`: writes are stored first; `direct`: they go straight to the server. */
function open(way: "outbox" | "direct", rows = 25) {
  const ledge = new FakeLedge();
  for (let rank = 0; rank < rows; rank++) ledge.write("tasks", `t${rank}`, { title: `${rank}`, rank, status: "open" });
  const platform = ledge.platform();
  const bare = createClient({ url: "https://ledge.example", platform, retry: false, timeoutMs: 0 });
  const live = withLive(bare as unknown as Tables, { platform: ledge.livePlatform() });
  const tabs = new FakeBrowser().tab();
  const client =
    way === "outbox"
      ? withStore(withOutbox(live, { tabs, storage: memoryStorage(), platform }), { tabs })
      : (withStore(live, { tabs }) as never);
  const scroll = createInfiniteScroll(client, {
    table: "tasks",
    sort: "rank",
    filters: { status: "open" },
    pageSize: 10,
    totalCount: true,
  });
  /** What a promise of it comes to, with the network's time. */
  const after = async <T>(asked: Promise<T>): Promise<T> => {
    let isOver = false;
    const over = asked.finally(() => {
      isOver = true;
    });
    for (let turn = 0; turn < 100 && !isOver; turn++) await ledge.clock.advance(20);
    expect(isOver).toBe(true);
    return over;
  };
  const titles = () => scroll.getState().data.map(({ title }) => title);
  return { ledge, clock: ledge.clock, client, scroll, after, titles };
}

test("[P10] an infinite list is loaded page by page, says where it stands, and stays live without anybody who listens", async () => {
  const { ledge, clock, scroll, after, titles } = open("outbox");
  expect(scroll.getState()).toMatchObject({
    data: [],
    loading: true,
    loadingMore: false,
    hasMore: false,
    cursor: null,
  });
  expect(ledge.socketCount).toBe(0);
  const first = await after(scroll.load());
  expect(first).toMatchObject({ loading: false, hasMore: true, cursor: "t9", error: null, status: "live" });
  expect(scroll.getState()).toBe(scroll.getState());
  ledge.holdsFrames = true;
  const asked = scroll.loadMore();
  await clock.advance(20);
  expect(scroll.getState()).toMatchObject({ loadingMore: true, cursor: "t9" });
  ledge.release();
  expect(await after(asked)).toMatchObject({ loadingMore: false, hasMore: true, cursor: "t19" });
  expect(await after(scroll.loadMore())).toMatchObject({ hasMore: false, cursor: null, totalCount: 25 });
  expect(await after(scroll.loadMore())).toMatchObject({ hasMore: false });
  await clock.advance(60_000);
  ledge.write("tasks", "t3", { title: "changed", rank: 3, status: "open" });
  ledge.write("tasks", "new", { title: "new", rank: 4, status: "open" });
  await clock.advance(50);
  expect([titles()[3], titles().length, scroll.getState().totalCount]).toEqual(["changed", 26, 26]);
  scroll.close();
  await clock.advance(60_000);
  expect(ledge.open).toBe(0);
});

test("[P10] the next page is loaded ahead and shown when it is asked for; what is being loaded can be let go", async () => {
  const { ledge, clock, client, scroll, after } = open("outbox");
  await after(scroll.load());
  scroll.preloadNext();
  await clock.advance(100);
  expect(scroll.getState()).toMatchObject({ loadingMore: false, cursor: "t9" });
  const watches = () => ledge.said.filter((type) => type === "watch").length;
  const before = watches();
  ledge.write("tasks", "t4", { title: "moved", rank: 15, status: "open" });
  await clock.advance(50);
  // Without another question, and as the rows stand by now.
  expect((await scroll.loadMore()).data.map(({ title }) => title)).toContain("moved");
  expect(watches()).toBe(before);
  const shown = scroll.getState().data.length;
  const { realtime } = client as unknown as { readonly realtime: Realtime };
  const followed = realtime.getChannels().length;
  ledge.holdsFrames = true;
  const asked = scroll.loadMore();
  await clock.advance(20);
  scroll.cancel();
  ledge.release();
  expect((await after(asked)).data).toHaveLength(shown);
  await clock.advance(100);
  expect(scroll.getState()).toMatchObject({ loadingMore: false, hasMore: true });
  expect(realtime.getChannels()).toHaveLength(followed);
  expect((await after(scroll.loadMore())).data).toHaveLength(25);
});

test("[P10] reset goes back to the first page and shows no less on the way", async () => {
  const { clock, scroll, after } = open("outbox");
  await after(scroll.load());
  await after(scroll.loadMore());
  const lengths = new Set<number>();
  scroll.subscribe(() => void lengths.add(scroll.getState().data.length));
  scroll.reset();
  await clock.advance(100);
  expect([...lengths].filter((length) => length < 10)).toEqual([]);
  expect(scroll.getState()).toMatchObject({ cursor: "t9", hasMore: true });
  expect((await after(scroll.loadMore())).data).toHaveLength(20);
});

for (const way of ["outbox", "direct"] as const)
  test(`[P10] rows are appended, changed and removed by writes (${way}), shown at once where they belong, and taken back if they are refused`, async () => {
    const { ledge, clock, scroll, after, titles } = open(way, 3);
    await after(scroll.load());
    ledge.holdsAnswers = ledge.holdsFrames = true;
    const writes = [
      scroll.append({ id: "n", title: "new", rank: 1, status: "open" }),
      scroll.update("t0", { rank: 5 }, { on: scroll.getState().data[0] as Task }),
      scroll.remove("t2"),
    ];
    await clock.advance(50);
    expect([titles(), scroll.getState().pendingCount]).toEqual([["new", "1", "0"], 3]);
    ledge.release();
    await after(Promise.all(writes));
    await clock.advance(100);
    expect([titles(), scroll.getState().pendingCount]).toEqual([["new", "1", "0"], 0]);
    ledge.refuse = () => problem(400, "VALIDATION_ERROR");
    const refused = scroll.append({ id: "bad", title: "bad", rank: 0, status: "open" });
    const outcome = refused.then(
      () => "stored",
      (error: { code: string }) => error.code,
    );
    await clock.advance(100);
    expect([await outcome, titles()]).toEqual([way === "outbox" ? "stored" : "VALIDATION_ERROR", ["new", "1", "0"]]);
  });

test("[P10] a list that was refused is asked again by refresh, and one that has lost its connection is opened at once", async () => {
  const { ledge, clock, client, scroll, after } = open("outbox");
  const broken = createInfiniteScroll(client, { table: "tasks", filters: "no==" as never });
  expect(await after(broken.load())).toMatchObject({ status: "error", loading: false, data: [] });
  const before = ledge.said.filter((type) => type === "watch").length;
  expect(await after(broken.refresh())).toMatchObject({ status: "error" });
  expect(ledge.said.filter((type) => type === "watch").length).toBe(before + 1);
  await after(scroll.load());
  ledge.cut();
  await clock.advance(20);
  expect(scroll.getState().status).toBe("reconnecting");
  expect((await after(scroll.refresh())).status).toBe("live");
});

const optimistic = (client: ReturnType<typeof open>["client"], send?: () => Promise<unknown>) =>
  optimisticUpdate(client, "tasks", "t0", { title: "mine" }, send);

test("[SDK7] a change is shown while it is made, and stays until the watches have it: no row falls back", async () => {
  const { ledge, clock, client, scroll, after, titles } = open("direct", 2);
  await after(scroll.load());
  for (const held of ["holdsFrames", "holdsAnswers"] as const) {
    const seen = new Set<string>();
    const leave = scroll.subscribe(() => void seen.add(titles().join()));
    ledge[held] = true;
    const { done } = optimistic(client);
    await clock.advance(100);
    expect(titles()).toEqual(["mine", "1"]);
    if (held === "holdsFrames") expect(await done).toMatchObject({ title: "mine" });
    expect(titles()).toEqual(["mine", "1"]);
    ledge.release();
    await after(done);
    await clock.advance(100);
    expect([...seen]).toEqual(["mine,1"]);
    expect(client.store.stats.overlaid.shown).toBe(0);
    leave();
    ledge.write("tasks", "t0", { title: "0", rank: 0, status: "open" });
    await clock.advance(100);
  }
});

test("[SDK7] rollback gives back the row as it stands by then, with what others have changed; of what the server has there is none", async () => {
  const { ledge, clock, client, scroll, after, titles } = open("direct", 2);
  await after(scroll.load());
  let signal: { readonly aborted: boolean } | undefined;
  const pending = optimisticUpdate(client, "tasks", "t0", { title: "mine" }, (given) => {
    signal = given;
    return new Promise<never>((_, reject) => given.addEventListener("abort", () => reject(new Error("aborted"))));
  });
  await clock.advance(20);
  ledge.write("tasks", "t0", { title: "theirs", rank: 3, status: "open" });
  await clock.advance(50);
  expect(titles()).toEqual(["1", "mine"]);
  pending.rollback();
  await clock.advance(50);
  expect([titles(), signal?.aborted]).toEqual([["1", "theirs"], true]);
  const { done, rollback } = optimistic(client, () =>
    (client as unknown as Tables).tasks.update("t0", { title: "sent" }),
  );
  await after(done);
  rollback();
  await clock.advance(50);
  expect(titles()).toEqual(["1", "sent"]);
});

test("[SDK7] what is refused is taken back before the failure is told; without a tag in the answer the object is asked where it stands", async () => {
  const { ledge, clock, client, scroll, after, titles } = open("direct", 2);
  await after(scroll.load());
  const failed = optimistic(client, () => Promise.reject(new Error("no")));
  await expect(failed.done).rejects.toThrow("no");
  await clock.advance(50);
  expect(titles()).toEqual(["0", "1"]);
  ledge.holdsFrames = true;
  const byRpc = optimistic(client, async () => {
    ledge.write("tasks", "t0", { title: "mine", rank: 0, status: "open" });
    return "done";
  });
  await after(byRpc.done);
  await clock.advance(50);
  expect([titles(), client.store.stats.overlaid.shown]).toEqual([["mine", "1"], 1]);
  ledge.release();
  await clock.advance(100);
  expect([titles(), client.store.stats.overlaid.shown]).toEqual([["mine", "1"], 0]);
});
