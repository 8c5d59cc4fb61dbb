/** What a page sees of its connection and its subscriptions, and what it can do with them, over a server in memory: each rule by use. */

import { expect, test } from "vitest";
import { createClient, type UntypedTable } from "../../src/client/ledge-client.ts";
import { type ConnectionState, type LiveCallbacks, withLive } from "../../src/client/ledge-client-live.ts";
import type { FetchLike, Platform } from "../../src/client/platform.ts";
import { FakeLedge } from "./store/fake-ledge.ts";

interface Tables {
  readonly tasks: UntypedTable<{ readonly id: string; readonly title: string | null }>;
  readonly lists: UntypedTable<{ readonly id: string; readonly title: string | null }>;
}

function open(random = 0.5) {
  const ledge = new FakeLedge();
  const { fetch, ...more } = ledge.platform();
  /** When tickets were asked for: each is a try to connect. */
  const tries: number[] = [];
  const platform: Partial<Platform> = {
    ...more,
    random: () => random,
    fetch: (url, init) => {
      if (url.endsWith("/live/ticket")) tries.push(ledge.clock.nowMs);
      return (fetch as FetchLike)(url, init);
    },
  };
  const bare = createClient({ url: "https://ledge.example", platform, retry: false, timeoutMs: 0 });
  const client = withLive(bare as unknown as Tables, { platform: ledge.livePlatform() });
  const lines: string[] = [];
  const callbacks: LiveCallbacks<{ readonly title: string | null }> = {
    onExisting: ({ title }) => void lines.push(`existing ${title}`),
    onAdded: ({ title }) => void lines.push(`added ${title}`),
    onChanged: ({ title }) => void lines.push(`changed ${title}`),
    onTimedOut: () => void lines.push("timed out"),
    onClosed: () => void lines.push("closed"),
    onError: ({ code }) => void lines.push(`error ${code}`),
  };
  return { ledge, clock: ledge.clock, client, realtime: client.realtime, lines, callbacks, tries };
}

test("[CN1] [CN2] the connection says how it stands and tells when that changes, a listener until it is removed; a list says how it does", async () => {
  const { ledge, clock, client, realtime } = open();
  const seen: ConnectionState[] = [];
  const late: ConnectionState[] = [];
  const statuses: string[] = [];
  realtime.onConnectionChange((state) => void seen.push(state));
  const remove = realtime.onConnectionChange((state) => void late.push(state));
  expect(realtime.getConnectionState()).toBe("disconnected");
  client.tasks.subscribe({}, { onStatus: (status) => void statuses.push(status) });
  expect(realtime.getConnectionState()).toBe("connecting");
  await clock.settle();
  expect(realtime.getConnectionState()).toBe("connected");
  remove();
  ledge.cut();
  expect(realtime.getConnectionState()).toBe("reconnecting");
  await clock.advance(1_000);
  realtime.unsubscribeAll();
  expect(seen).toEqual(["connecting", "connected", "reconnecting", "connected", "disconnected"]);
  expect(late).toEqual(["connecting", "connected"]);
  expect(statuses).toEqual(expect.arrayContaining(["live", "reconnecting"]));
});

test("[CN3] [CN4] [CN5] every subscription is listed with its state; those that are served apart", async () => {
  const { ledge, clock, client, realtime } = open();
  const good = client.tasks.subscribe({ filter: 'title=="x"' }, {});
  const sums = client.lists.subscribeAggregate({ count: true }, {});
  expect([good.getState(), realtime.getSubscribedChannels()]).toEqual(["CONNECTING", []]);
  await clock.settle();
  const bad = client.tasks.subscribe({ filter: "no==1" }, {});
  await clock.settle();
  const subscribedAt = ledge.clock.nowMs;
  expect(realtime.getChannels()).toEqual([
    { key: good.key, channel: "tasks", type: "rows", state: "SUBSCRIBED", subscribedAt },
    { key: sums.key, channel: "lists", type: "aggregate", state: "SUBSCRIBED", subscribedAt },
    { key: bad.key, channel: "tasks", type: "rows", state: "CHANNEL_ERROR", subscribedAt: null },
  ]);
  expect(realtime.getSubscribedChannels().map(({ key }) => key)).toEqual([good.key, sums.key]);
  good.unsubscribe();
  expect([good.getState(), good.isSubscribed(), realtime.getChannels().length]).toEqual(["CLOSED", false, 2]);
});

test("[CN6] reconnect opens every connection anew: nothing is lost, nothing told twice, and what was refused is asked again", async () => {
  const { ledge, clock, client, realtime, lines, callbacks, tries } = open();
  ledge.write("tasks", "a", { title: "one" });
  client.tasks.subscribe({}, callbacks);
  client.lists.subscribe({}, {});
  const bad = client.tasks.subscribe({ filter: "no==1" }, callbacks);
  await clock.settle();
  expect(tries).toHaveLength(2);
  realtime.reconnect();
  ledge.write("tasks", "b", { title: "two" });
  await clock.advance(1_000);
  expect(tries).toHaveLength(4);
  expect(lines.toSorted()).toEqual([
    "added two",
    "error FILTER_PARSE_ERROR",
    "error FILTER_PARSE_ERROR",
    "existing one",
  ]);
  expect(bad.getState()).toBe("CHANNEL_ERROR");
});

test("[CN7] [CN8] one is ended, or all of them, and their sockets with them; after destroy there are no others", async () => {
  const { ledge, clock, client, realtime, lines, callbacks } = open();
  const one = client.tasks.subscribe({}, callbacks);
  const other = client.tasks.subscribe({ filter: 'title!="x"' }, {});
  client.lists.subscribe({}, callbacks);
  await clock.settle();
  expect(ledge.open).toBe(2);
  realtime.unsubscribe(one);
  expect([lines, one.getState(), other.isSubscribed()]).toEqual([["closed"], "CLOSED", true]);
  realtime.unsubscribeAll();
  await clock.settle();
  expect([lines, ledge.open, realtime.getChannels()]).toEqual([["closed", "closed"], 0, []]);
  client.tasks.subscribe({}, callbacks);
  await clock.settle();
  const heard: string[] = [];
  realtime.onConnectionChange((state) => void heard.push(state));
  realtime.destroy();
  await clock.advance(60_000);
  expect([ledge.open, lines.length, heard]).toEqual([0, 3, ["disconnected"]]);
  expect(() => client.tasks.subscribe({}, {})).toThrow("destroyed");
});

test("[CN9] a lost connection is tried again without end, each wait at random up to a bound that doubles from 1 s to 30 s", async () => {
  for (const [random, bounds] of [
    [0.5, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]],
    [0.999, [999, 1_998, 3_996, 7_992, 15_984, 29_970, 29_970]],
  ] as const) {
    const { ledge, clock, client, lines, callbacks, tries } = open(random);
    client.tasks.subscribe({}, callbacks);
    await clock.settle();
    const lostAtMs = clock.nowMs;
    tries.length = 0;
    ledge.become(false);
    await clock.advance(1_000_000);
    const waits = tries.map((atMs, index) => atMs - (tries[index - 1] ?? lostAtMs));
    expect(waits.slice(0, bounds.length)).toEqual(bounds);
    // Without end.
    expect(waits.slice(bounds.length).every((ms) => ms === bounds.at(-1))).toBe(true);
    expect(waits.length).toBeGreaterThan(20);
    ledge.become(true);
    ledge.write("tasks", "a", { title: "one" });
    await clock.advance(30_000);
    expect(lines).toEqual(["added one"]);
  }
});

test("[CN10] equal subscriptions, however they are written, are one watch", async () => {
  const { ledge, clock, client, realtime, lines, callbacks } = open();
  const one = client.tasks.subscribe({ filter: { title: "x" }, orderBy: "title" }, callbacks);
  const same = client.tasks.subscribe({ filter: (q) => q.eq("title", "x"), orderBy: ["title"] }, callbacks);
  await clock.settle();
  ledge.write("tasks", "a", { title: "x" });
  await clock.settle();
  expect([same.key === one.key, realtime.getChannels().length]).toEqual([true, 1]);
  expect(ledge.said.filter((type) => type === "watch")).toHaveLength(1);
  expect(lines).toEqual(["added x", "added x"]);
});

test("[CI3] [LS4] who joins what was refused is told so, too, and waits no longer than the first", async () => {
  const { ledge, clock, client, lines, callbacks } = open();
  const asked = { filter: "no==1" };
  client.tasks.subscribe(asked, {});
  await clock.settle();
  client.tasks.subscribe(asked, callbacks);
  await clock.settle();
  expect(lines).toEqual(["error FILTER_PARSE_ERROR"]);
  expect(ledge.said.filter((type) => type === "watch")).toHaveLength(2);
});

test("[CN11] [CN5] a subscription that has no answer for 30 seconds is told, and asked again", async () => {
  const { ledge, clock, client, lines, callbacks } = open();
  ledge.write("tasks", "a", { title: "one" });
  client.lists.subscribe({}, {});
  await clock.settle();
  ledge.holdsFrames = true;
  const handle = client.tasks.subscribe({}, callbacks);
  await clock.advance(29_999);
  expect([lines, handle.getState()]).toEqual([[], "CONNECTING"]);
  await clock.advance(1);
  expect([lines, handle.getState()]).toEqual([["timed out"], "TIMED_OUT"]);
  ledge.release();
  await clock.advance(2_000);
  expect([lines, handle.getState()]).toEqual([["timed out", "existing one"], "SUBSCRIBED"]);
});

test("[CN12] a server that opens anew closes with 1012: the client comes back and goes on from what is shown", async () => {
  const { ledge, clock, client, realtime, lines, callbacks } = open();
  ledge.write("tasks", "a", { title: "one" });
  const handle = client.tasks.subscribe({}, callbacks);
  await clock.settle();
  ledge.cut(1012);
  expect(realtime.getConnectionState()).toBe("reconnecting");
  ledge.write("tasks", "a", { title: "two" });
  await clock.advance(1_000);
  expect([lines, handle.isSubscribed()]).toEqual([["existing one", "changed two"], true]);
});
