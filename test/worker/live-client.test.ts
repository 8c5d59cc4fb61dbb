/** The live client against the test application on real workerd: rows, pages and aggregates followed, breaks, sharing, streams, typed by `typeof app`. */

import { SELF } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import type { WithTraits } from "../../src/client/ledge-client.ts";
import { createClient, type LiveClient, type SubscriptionHandle } from "../../src/client/ledge-client-live.ts";
import { testNetwork, until } from "../support/live-client.ts";
import type { app } from "../support/test-app.ts";

type Test = WithTraits<typeof app, { articles: { hidden: "secret" }; boxes: { partitionBy: "room" } }>;

const clients: LiveClient<Test>[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.realtime.destroy();
});

function open(user: string, network = testNetwork(), more: object = {}) {
  const client = createClient<Test>({
    url: "http://localhost",
    fetch: (url, init) => SELF.fetch(url, init as RequestInit),
    token: `dev:${user}`,
    live: { platform: network.platform, ...more },
  });
  clients.push(client);
  const add = (title: string) => client.articles.create({ title, ownerId: user });
  return { client, network, add };
}

const mine = (user: string) => ({ filter: `ownerId=="${user}"` });

/** Every callback, as a line. */
function journal() {
  const lines: string[] = [];
  const title = (row: { readonly title?: string } | undefined) => row?.title ?? "nothing";
  return {
    lines,
    callbacks: {
      onConnected: () => void lines.push("connected"),
      onSubscribed: () => void lines.push("subscribed"),
      onDisconnected: () => void lines.push("disconnected"),
      onClosed: () => void lines.push("closed"),
      onInvalidate: (reason: string) => void lines.push(`invalidate ${reason}`),
      onError: (error: Error & { readonly code?: string }) => void lines.push(`error ${error.code}`),
      onExisting: (row: { readonly title: string }) => void lines.push(`existing ${title(row)}`),
      onAdded: (row: { readonly title: string }) => void lines.push(`added ${title(row)}`),
      onChanged: (row: { readonly title: string }, previous: { readonly title: string } | undefined) =>
        void lines.push(`changed ${title(previous)} to ${title(row)}`),
      onRemoved: (_id: unknown, previous: { readonly title: string } | undefined) =>
        void lines.push(`removed ${title(previous)}`),
      onInsert: (row: { readonly title: string }) => void lines.push(`INSERT ${title(row)}`),
      onUpdate: (row: { readonly title: string }, previous: { readonly title: string } | undefined) =>
        void lines.push(`UPDATE ${title(previous)} to ${title(row)}`),
      onDelete: (previous: { readonly title: string } | undefined) => void lines.push(`DELETE ${title(previous)}`),
      onAll: (change: { readonly eventType: string; readonly table: string }) =>
        void lines.push(`all ${change.eventType} ${change.table}`),
      onCommit: ({ changes }: { readonly changes: readonly unknown[] }) =>
        void lines.push(`commit of ${changes.length}`),
    },
  };
}

const subscribed = (handle: SubscriptionHandle) => until(() => handle.isSubscribed());

describe("a subscription", () => {
  it("[CI5] [SDK14] tells rows and changes in both vocabularies, from one source, with what was held before", async () => {
    const { client, add } = open("voc");
    await add("one");
    const { lines, callbacks } = journal();
    const handle = client.articles.subscribe(mine("voc"), callbacks);
    await until(() => lines.includes("existing one"));
    expect(lines.splice(0)).toEqual(["connected", "subscribed", "existing one"]);
    const two = await add("two");
    await until(() => lines.length >= 4);
    expect(lines.splice(0)).toEqual(["added two", "INSERT two", "all INSERT articles", "commit of 1"]);
    await client.articles.update(two.id, { title: "deux" });
    await until(() => lines.length >= 4);
    expect(lines.splice(0)).toEqual([
      "changed two to deux",
      "UPDATE two to deux",
      "all UPDATE articles",
      "commit of 1",
    ]);
    await client.articles.delete(two.id);
    await until(() => lines.length >= 4);
    expect(lines.splice(0)).toEqual(["removed deux", "DELETE deux", "all DELETE articles", "commit of 1"]);
    handle.unsubscribe();
    expect([lines, handle.getState(), client.realtime.getChannels()]).toEqual([["closed"], "CLOSED", []]);
  });

  it("[CI5] event narrows the changes told, not the rows", async () => {
    const { client, add } = open("narrowed");
    const { lines, callbacks } = journal();
    await subscribed(client.articles.subscribe({ ...mine("narrowed"), event: "DELETE" }, callbacks));
    const made = await add("one");
    await client.articles.delete(made.id);
    await until(() => lines.filter((line) => line.startsWith("commit")).length === 2);
    expect(lines).toEqual([
      "connected",
      "subscribed",
      "added one",
      "commit of 1",
      "removed one",
      "DELETE one",
      "all DELETE articles",
      "commit of 1",
    ]);
  });

  it("[LV12] [CI7] a live page is exactly the first rows of the list, in its order", async () => {
    const { client, add } = open("paged");
    for (const title of ["b", "d", "f"]) await add(title);
    const shown: (readonly string[])[] = [];
    client.articles.subscribe(
      { ...mine("paged"), orderBy: "-title", limit: 2 },
      { onRows: ({ rows, hasMore }) => void shown.push([...rows.map(({ title }) => title), String(hasMore)]) },
    );
    await until(() => shown.length === 1);
    await add("e");
    await until(() => shown.length === 2);
    expect(shown).toEqual([
      ["f", "d", "true"],
      ["f", "e", "true"],
    ]);
  });

  it("[LA1] an aggregate is told now and whenever it changes", async () => {
    const { client, add } = open("counted");
    await add("one");
    const counts: unknown[] = [];
    client.articles.subscribeAggregate(
      { ...mine("counted"), count: true },
      { onResult: ({ groups }) => void counts.push(groups[0]?.count) },
    );
    await until(() => counts.length === 1);
    await add("two");
    await until(() => counts.length === 2);
    expect(counts).toEqual([1, 2]);
  });

  it("[CI3] equal subscriptions share a watch, all of an object one socket, and who comes late is shown what is there", async () => {
    const { client, network, add } = open("sharer");
    await add("one");
    const first = journal();
    const second = journal();
    const handle = client.articles.subscribe(mine("sharer"), first.callbacks);
    await until(() => first.lines.includes("existing one"));
    const late = client.articles.subscribe(mine("sharer"), second.callbacks);
    client.articles.subscribe({ filter: 'title=="nothing"' }, {});
    await until(() => second.lines.includes("existing one") && client.realtime.getSubscribedChannels().length === 2);
    expect(late.key).toBe(handle.key);
    expect(network.opened).toHaveLength(1);
    expect(network.opened[0]?.said.filter((text) => text.includes('"watch"'))).toHaveLength(2);
    handle.unsubscribe();
    await add("two");
    await until(() => second.lines.includes("added two"));
    expect(first.lines).not.toContain("added two");
    client.realtime.unsubscribeAll();
    expect([client.realtime.getChannels(), client.realtime.getConnectionState()]).toEqual([[], "disconnected"]);
  });

  it("[CI2] [SDK2] partitions have sockets of their own, and rows are narrowed to what was selected", async () => {
    const { client, network } = open("boxer");
    const told: object[] = [];
    await subscribed(
      client.boxes.in("live-a").subscribe({ select: ["title"] }, { onAdded: (row) => void told.push(row) }),
    );
    await subscribed(client.boxes.in("live-b").subscribe({}, { onAdded: () => void told.push({ wrong: true }) }));
    const made = await client.boxes.in("live-a").create({ title: "in a" });
    await until(() => told.length === 1);
    expect(told).toEqual([{ id: made.id, title: "in a" }]);
    expect(network.opened).toHaveLength(2);
  });

  it("[LV10] one row is followed, and several tables at once", async () => {
    const { client, add } = open("rower");
    const { id } = await add("one");
    const { lines, callbacks } = journal();
    await subscribed(client.realtime.subscribeToRow("articles", id, callbacks));
    const handles = client.realtime.subscribeToTables([
      { config: { table: "articles", filter: 'title=="none"' }, callbacks: {} },
      { config: { table: "boxes", partition: "rower" }, callbacks: {} },
    ]);
    for (const handle of handles) await subscribed(handle);
    await client.articles.update(id, { title: "changed" });
    await until(() => lines.includes("changed one to changed"));
    expect(client.realtime.getChannels().map(({ channel, state }) => [channel, state])).toEqual([
      ["articles", "SUBSCRIBED"],
      ["articles", "SUBSCRIBED"],
      ["@rower/boxes", "SUBSCRIBED"],
    ]);
  });
});

describe("a break", () => {
  it("[CI1] [WS6] is mended without a gap or a repetition, and told as connection states", async () => {
    const { client, network, add } = open("breaker");
    await add("one");
    const states: string[] = [];
    client.realtime.onConnectionChange((state) => void states.push(state));
    const { lines, callbacks } = journal();
    const handle = client.articles.subscribe(mine("breaker"), callbacks);
    await until(() => lines.includes("existing one"));
    network.opened[0]?.cut();
    expect([handle.getState(), handle.status]).toEqual(["CONNECTING", "reconnecting"]);
    await add("missed");
    await until(() => lines.includes("added missed"));
    expect(handle.status).toBe("live");
    expect(lines.filter((line) => /^(existing|added|disconnected|invalidate)/.test(line))).toEqual([
      "existing one",
      "disconnected",
      "added missed",
    ]);
    expect(states).toEqual(["connecting", "connected", "reconnecting", "connected"]);
    expect(network.opened[1]?.said.some((text) => text.includes('"since"'))).toBe(true);
  });

  it("[CI2] reconnect opens another socket, and resumeFrom tells again what came after a position", async () => {
    const { client, network, add } = open("resumes");
    const { lines, callbacks } = journal();
    const handle = client.articles.subscribe(mine("resumes"), callbacks);
    await subscribed(handle);
    await until(() => handle.position !== null);
    const position = String(handle.position);
    await add("one");
    await until(() => lines.includes("added one"));
    handle.reconnect();
    await until(() => network.opened.length === 2 && handle.isSubscribed());
    handle.resumeFrom(position);
    await until(() => lines.filter((line) => line === "added one").length === 2);
    expect(lines.filter((line) => line.startsWith("existing"))).toEqual([]);
    const { client: other } = open("resumes");
    const held = journal();
    other.articles.subscribe({ ...mine("resumes"), resumeFrom: position }, held.callbacks);
    await until(() => held.lines.includes("added one"));
  });

  it("[CI4] streams take over where sockets fail twice, with the same callbacks", async () => {
    const network = testNetwork();
    network.isBlocked = true;
    const { client, add } = open("streams", network);
    await add("one");
    const { lines, callbacks } = journal();
    const counts: unknown[] = [];
    const handle = client.articles.subscribe({ ...mine("streams"), orderBy: "title" }, callbacks);
    client.articles.subscribeAggregate(
      { ...mine("streams"), count: true },
      { onResult: ({ groups }) => void counts.push(groups[0]?.count) },
    );
    await until(() => lines.includes("existing one") && counts.length === 1);
    const made = await add("two");
    await until(() => lines.includes("commit of 1") && counts.length === 2);
    await client.articles.delete(made.id);
    await until(() => lines.includes("DELETE two") && counts.length === 3);
    expect(lines.filter((line) => !line.startsWith("all"))).toEqual([
      "connected",
      "subscribed",
      "existing one",
      "added two",
      "INSERT two",
      "commit of 1",
      "removed two",
      "DELETE two",
      "commit of 1",
    ]);
    expect(counts).toEqual([1, 2, 1]);
    expect([handle.status, network.opened.length]).toEqual(["live", 2]);
    // With sockets again, a reconnect goes back to one.
    network.isBlocked = false;
    client.realtime.reconnect();
    await until(() => network.opened.length === 3 && handle.isSubscribed());
    await add("three");
    await until(() => lines.includes("added three"));
    expect(lines.filter((line) => line.startsWith("existing"))).toEqual(["existing one"]);
  });
});

describe("a change from sockets to streams and back", () => {
  it("[CI4] [WS6] goes on from what is shown: what happened in between is told as commits, each once", async () => {
    const network = testNetwork();
    const { client, add } = open("moves", network);
    await add("one");
    const { lines, callbacks } = journal();
    const handle = client.articles.subscribe(mine("moves"), callbacks);
    // Another watch of the object, which may be resumed before or after.
    const other = journal();
    client.articles.subscribe({ filter: 'ownerId=="moves";title!="x"' }, other.callbacks);
    await until(() => lines.includes("existing one") && other.lines.includes("existing one"));
    lines.splice(0);
    other.lines.splice(0);
    // The sockets fail, and something happens before the stream is there.
    network.isBlocked = true;
    const opened = network.opened.length;
    client.realtime.reconnect();
    const two = await add("two");
    await client.articles.update(two.id, { title: "deux" });
    await until(() => network.opened.length >= opened + 2 && handle.isSubscribed());
    await until(() => lines.filter((line) => line === "commit of 1").length === 2);
    await client.articles.delete(two.id);
    await until(() => lines.filter((line) => line === "commit of 1").length === 3);
    network.isBlocked = false;
    const atStream = network.opened.length;
    client.realtime.reconnect();
    await add("three");
    await until(() => network.opened.length > atStream && lines.includes("added three"));
    await until(() => other.lines.includes("added three") && other.lines.at(-1) === "commit of 1");
    const toldOf = (all: readonly string[]) =>
      all.filter((line) => /^(existing|added|changed|removed|commit|invalidate)/.test(line));
    expect(toldOf(other.lines)).toEqual(toldOf(lines));
    expect(toldOf(lines)).toEqual([
      "added two",
      "commit of 1",
      "changed two to deux",
      "commit of 1",
      "removed deux",
      "commit of 1",
      "added three",
      "commit of 1",
    ]);
  });
});

describe("a refusal", () => {
  it("[CI2] is told with its reason, and not tried again", async () => {
    const { client, network } = open("refused");
    const { lines, callbacks } = journal();
    const wrong = client.articles.subscribe({ filter: "secret==1" }, callbacks);
    await until(() => lines.includes("error FILTER_PARSE_ERROR"));
    expect([wrong.getState(), wrong.status]).toEqual(["CHANNEL_ERROR", "error"]);
    const missing = journal();
    client.resource<{ readonly id: string; readonly title: string }>("nowhere").subscribe({}, missing.callbacks);
    await until(() => missing.lines.includes("error NOT_FOUND"));
    // One that is right is served beside it.
    await subscribed(client.articles.subscribe(mine("refused"), {}));
    expect(network.opened).toHaveLength(1);
  });

  it("[CI3] no answer in time is told, and asked for again", async () => {
    const { client } = open("silent", testNetwork(), {
      platform: { ...testNetwork().platform, makeSocket: () => ({ send() {}, close() {}, addEventListener() {} }) },
      timings: { answerMs: 5 },
    });
    let timedOut = 0;
    client.articles.subscribe({}, { onTimedOut: () => void timedOut++ });
    await until(() => timedOut >= 2);
    client.realtime.destroy();
    expect(() => client.articles.subscribe({}, {})).toThrow("destroyed");
  });
});
