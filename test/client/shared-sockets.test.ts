/** Clients in several tabs of one browser, which share the socket of one of them, before a server in memory. */

import { expect, test } from "vitest";
import { createClient, type UntypedTable } from "../../src/client/ledge-client.ts";
import { shareSockets, withLive } from "../../src/client/ledge-client-live.ts";
import { FakeBrowser } from "./offline/fake-tabs.ts";
import { FakeLedge } from "./store/fake-ledge.ts";

interface Tables {
  readonly tasks: UntypedTable<{ readonly id: string; readonly title: string | null }>;
}

function open(ledge: FakeLedge, browser: FakeBrowser) {
  const tab = browser.tab();
  const bare = createClient({ url: "https://ledge.example", platform: ledge.platform(), retry: false, timeoutMs: 0 });
  const client = withLive(bare as unknown as Tables, { platform: ledge.livePlatform(), share: shareSockets(tab) });
  let rows: readonly (string | null)[] = [];
  const follow = () =>
    client.tasks.subscribe(
      { orderBy: "title" },
      {
        onRows: (shown) => {
          rows = shown.rows.map(({ title }) => title);
        },
      },
    );
  return { client, tab, follow, titles: () => rows.join(" ") };
}

test("[O8] tabs share a socket and each is shown its own watches; the last to leave closes it", async () => {
  const [ledge, browser] = [new FakeLedge(), new FakeBrowser()];
  const [one, two] = [open(ledge, browser), open(ledge, browser)];
  ledge.write("tasks", "a", { title: "a" });
  one.follow();
  two.follow();
  await ledge.clock.settle();
  ledge.write("tasks", "b", { title: "b" });
  expect([one.titles(), two.titles(), ledge.open, ledge.socketCount]).toEqual(["a b", "a b", 1, 1]);
  one.client.realtime.unsubscribeAll();
  ledge.write("tasks", "c", { title: "c" });
  expect([one.titles(), two.titles(), ledge.open]).toEqual(["a b", "a b c", 1]);
  two.client.realtime.unsubscribeAll();
  await ledge.clock.settle();
  expect(ledge.open).toBe(0);
});

test("[O8] a socket that lives, and the tab that holds it, are asked again and again, and stay", async () => {
  const [ledge, browser] = [new FakeLedge(), new FakeBrowser()];
  const [one, two] = [open(ledge, browser), open(ledge, browser)];
  one.follow();
  two.follow();
  await ledge.clock.settle();
  await ledge.clock.advance(600_000);
  expect([ledge.open, ledge.socketCount, ledge.heard.filter((type) => type === "welcome").length]).toEqual([1, 1, 1]);
  expect(ledge.said.filter((type) => type === "watch")).toHaveLength(2);
});

test("[O8] the tab that holds the socket is closed: another opens one, and goes on from what it shows", async () => {
  const [ledge, browser] = [new FakeLedge(), new FakeBrowser()];
  const [one, two, three] = [open(ledge, browser), open(ledge, browser), open(ledge, browser)];
  for (const tab of [one, two, three]) tab.follow();
  await ledge.clock.settle();
  ledge.write("tasks", "a", { title: "a" });
  one.client.realtime.destroy();
  ledge.write("tasks", "b", { title: "b" });
  await ledge.clock.advance(5_000);
  expect([two.titles(), three.titles(), ledge.open, ledge.socketCount]).toEqual(["a b", "a b", 1, 2]);
  expect(ledge.heard.filter((type) => type === "resumed").length).toBeGreaterThan(1);
});

test("[O8] a tab that dies without a word is struck, and its watches with it", async () => {
  const [ledge, browser] = [new FakeLedge(), new FakeBrowser()];
  const [one, two] = [open(ledge, browser), open(ledge, browser)];
  one.follow();
  two.follow();
  await ledge.clock.settle();
  expect(ledge.said.filter((type) => type === "unwatch")).toEqual([]);
  browser.kill(two.tab);
  expect(ledge.said.filter((type) => type === "unwatch")).toHaveLength(1);
  one.client.realtime.unsubscribeAll();
  await ledge.clock.settle();
  expect(ledge.open).toBe(0);
});

test("[O8] where the tab that holds the socket does not answer, another has one of its own", async () => {
  const [ledge, browser] = [new FakeLedge(), new FakeBrowser()];
  const [one, two] = [open(ledge, browser), open(ledge, browser)];
  one.follow();
  await ledge.clock.settle();
  browser.suspend(one.tab);
  two.follow();
  await ledge.clock.settle();
  expect(ledge.socketCount).toBe(1);
  await ledge.clock.advance(3_000);
  ledge.write("tasks", "a", { title: "a" });
  expect([two.titles(), ledge.open]).toEqual(["a", 2]);
});

test("[O8] [CI3] a tab whose leader falls silent is on a socket of its own within a minute", async () => {
  const [ledge, browser] = [new FakeLedge(), new FakeBrowser()];
  const [one, two] = [open(ledge, browser), open(ledge, browser)];
  one.follow();
  two.follow();
  await ledge.clock.settle();
  expect(ledge.open).toBe(1);
  browser.suspend(one.tab);
  await ledge.clock.advance(60_000);
  ledge.write("tasks", "a", { title: "a" });
  expect([two.titles(), ledge.open]).toEqual(["a", 2]);
});

test("[O8] whoever sees other rows has another socket", async () => {
  const [ledge, browser] = [new FakeLedge(), new FakeBrowser()];
  const [one, two] = [open(ledge, browser), open(ledge, browser)];
  one.follow();
  await ledge.clock.settle();
  ledge.scope = 'title=="a"';
  two.follow();
  await ledge.clock.settle();
  ledge.write("tasks", "a", { title: "a" });
  ledge.write("tasks", "b", { title: "b" });
  expect([one.titles(), two.titles(), ledge.open]).toEqual(["a b", "a", 2]);
});

test("[O8] a tab whose watches find no room has a socket of its own", async () => {
  const [ledge, browser] = [new FakeLedge(), new FakeBrowser()];
  const [one, two] = [open(ledge, browser), open(ledge, browser)];
  for (let n = 0; n < 99; n++) one.client.tasks.subscribe({ filter: { title: `t${n}` } }, {});
  await ledge.clock.settle();
  two.follow();
  two.client.tasks.subscribe({ filter: { title: "other" } }, {});
  await ledge.clock.advance(40_000);
  ledge.write("tasks", "a", { title: "a" });
  expect([two.titles(), ledge.open, two.client.realtime.getSubscribedChannels().length]).toEqual(["a", 2, 2]);
  expect(one.client.realtime.getSubscribedChannels()).toHaveLength(99);
});
