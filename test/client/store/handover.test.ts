/** What a server has read for a page: handed over as JSON, shown before anything is asked, gone on from, and begun with once. */

import { expect, test } from "vitest";
import { createClient, type UntypedTable } from "../../../src/client/ledge-client.ts";
import { withLive } from "../../../src/client/ledge-client-live.ts";
import { type DehydratedStore, withStore } from "../../../src/client/ledge-client-store.ts";
import { FakeBrowser } from "../offline/fake-tabs.ts";
import { FakeLedge } from "./fake-ledge.ts";

interface Task {
  readonly id: string;
  readonly title: string | null;
  readonly rank: number | null;
}

function page(ledge: FakeLedge) {
  const bare = createClient({ url: "https://ledge.example", platform: ledge.platform(), retry: false, timeoutMs: 0 });
  const client = withLive(bare as unknown as { readonly tasks: UntypedTable<Task> }, {
    platform: ledge.livePlatform(),
  });
  const { store, realtime } = withStore(client, { tabs: new FakeBrowser().tab() });
  const asked = () => ({
    list: store.list("tasks", { orderBy: "-rank" }),
    top: store.list("tasks", { orderBy: "-rank", limit: 2 }),
    row: store.row("tasks", "b"),
    pages: store.infinite("tasks", { orderBy: "rank", pageSize: 2 }),
    count: store.aggregate("tasks", { count: true }),
    report: store.query({ key: ["report"], load: async () => ({ at: ++loads }), tables: ["tasks"] }),
  });
  let loads = 0;
  return { store, realtime, asked, loads: () => loads };
}

/** A server's part: reads, dehydrates, and is gone. */
async function rendered(ledge: FakeLedge) {
  const server = page(ledge);
  const handles = Object.values(server.asked());
  const read = Promise.all(handles.map((handle) => server.store.prefetch(handle)));
  await ledge.clock.advance(1_000);
  await read;
  const before = handles.map((handle) => handle.getServerSnapshot());
  const state = JSON.stringify(server.store.dehydrate());
  const snapshots = handles.map((handle) => handle.getServerSnapshot() as object);
  server.realtime.destroy();
  return { state: JSON.parse(state) as DehydratedStore, snapshots, before };
}

function ledgeOfThree() {
  const ledge = new FakeLedge();
  for (const [rank, id] of ["a", "b", "c"].entries()) ledge.write("tasks", id, { title: id, rank });
  return ledge;
}

test("[LS13] a server renders what it has read, and the browser begins with the very same, from a text", async () => {
  const ledge = ledgeOfThree();
  const { state, snapshots, before } = await rendered(ledge);
  expect(before).toMatchObject([{ isReady: false }, {}, {}, {}, {}, { status: "loading" }]);
  const browser = page(ledge);
  browser.store.hydrate(state);
  const asked = browser.asked();
  expect(asked.list.getSnapshot().rows.map(({ id }) => id)).toEqual(["c", "b", "a"]);
  expect(asked.top.getSnapshot()).toMatchObject({ status: "live", hasMore: true, lastSeq: 3 });
  expect(asked.top.getSnapshot().rows.map(({ id }) => id)).toEqual(["c", "b"]);
  expect(asked.row.getSnapshot()).toMatchObject({ row: { title: "b" }, isReady: true });
  expect(asked.pages.getSnapshot().rows.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(asked.count.getSnapshot().groups).toMatchObject([{ count: 3 }]);
  expect(asked.report.getSnapshot()).toEqual({ status: "ready", data: { at: 1 }, error: null, isRefreshing: false });
  for (const [index, handle] of Object.values(asked).entries()) {
    expect(handle.getServerSnapshot()).toEqual(snapshots[index]);
    expect(handle.getServerSnapshot()).toBe(handle.getSnapshot());
  }
});

test("[LS13] the browser goes on from there: what came meanwhile is told, nothing is sent twice, no row is ever gone", async () => {
  const ledge = ledgeOfThree();
  const { state } = await rendered(ledge);
  ledge.write("tasks", "d", { title: "d", rank: 7 });
  const browser = page(ledge);
  browser.store.hydrate(state);
  ledge.heard.length = 0;
  const { list, report, count } = browser.asked();
  const kept = list.getSnapshot().rows[0];
  const shown: string[] = [];
  const look = () =>
    void shown.push(
      list
        .getSnapshot()
        .rows.map(({ id }) => id)
        .join(""),
    );
  list.subscribe(look);
  look();
  report.subscribe(() => {});
  count.subscribe(() => {});
  await ledge.clock.advance(1_000);
  look();
  expect([...new Set(shown)]).toEqual(["cba", "dcba"]);
  expect(list.getSnapshot().status).toBe("live");
  expect(list.getSnapshot().rows[1]).toBe(kept);
  expect(count.getSnapshot().groups).toMatchObject([{ count: 4 }]);
  // Rows are replayed; only an aggregate, which changed, comes whole.
  expect(ledge.heard.filter((type) => type === "snapshot")).toHaveLength(1);
  // The commit that was missed has the query asked again, and only that.
  expect(browser.loads()).toBe(1);
});

test("[LS13] a list with a limit is not sent again either, as long as no row under its filter has changed meanwhile", async () => {
  const ledge = ledgeOfThree();
  const { state } = await rendered(ledge);
  const browser = page(ledge);
  browser.store.hydrate(state);
  const { top, pages } = browser.asked();
  expect(pages.getSnapshot()).toMatchObject({ hasMore: true, cursor: "b" });
  ledge.heard.length = 0;
  top.subscribe(() => {});
  await ledge.clock.advance(1_000);
  expect(ledge.heard.filter((type) => type === "snapshot")).toEqual([]);
  expect(top.getSnapshot()).toMatchObject({ status: "live", hasMore: true, lastSeq: 3 });
  ledge.write("tasks", "e", { title: "e", rank: 9 });
  await ledge.clock.advance(1_000);
  expect(top.getSnapshot().rows.map(({ id }) => id)).toEqual(["e", "c"]);
});

test("[LS13] what was handed over is begun with once, not by whoever signs in next, and not in another form", async () => {
  const ledge = ledgeOfThree();
  const { state } = await rendered(ledge);
  const browser = page(ledge);
  browser.store.hydrate(state);
  const leave = browser.asked().list.subscribe(() => {});
  await ledge.clock.advance(1_000);
  leave();
  await ledge.clock.advance(60_000);
  expect(browser.asked().list.getSnapshot().isReady).toBe(false);
  expect(browser.asked().row.getSnapshot().isReady).toBe(true);
  // Another page of the server's brings its own.
  browser.store.hydrate(state);
  expect(browser.asked().list.getSnapshot().isReady).toBe(true);
  browser.store.purge();
  expect(browser.asked().row.getSnapshot().isReady).toBe(false);
  browser.store.hydrate({ ...state, v: 2 } as never);
  expect(browser.asked().row.getSnapshot().isReady).toBe(false);
});
