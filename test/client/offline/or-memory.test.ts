/** Where a browser's database is not to be had: what is written is kept in memory, goes out all the same, and the person is told. */

import { afterEach, expect, test, vi } from "vitest";
import { createClient } from "../../../src/client/ledge-client.ts";
import {
  memoryStorage,
  type OutboxOptions,
  statusLabel,
  withOutbox,
} from "../../../src/client/ledge-client-offline.ts";
import { fakePlatform } from "../fake-server.ts";
import { FakeBrowser } from "./fake-tabs.ts";

const DONE = { status: 200, body: { id: "a" }, headers: { etag: '"e:2:s"', "ledge-seq": "e:2" } };
const until = (test: () => unknown) => vi.waitFor(() => expect(test()).toBeTruthy(), { timeout: 5_000, interval: 5 });

afterEach(() => {
  Reflect.deleteProperty(globalThis, "indexedDB");
});

interface Opening {
  onsuccess?: () => void;
  onerror?: () => void;
  readonly error?: Error;
  result?: unknown;
}

const refuse = (): never => {
  throw Object.assign(new Error("The operation is insecure"), { name: "SecurityError" });
};
const failing = () => {
  const request: Opening = { error: new Error("Internal error opening backing store") };
  void Promise.resolve().then(() => request.onerror?.());
  return request;
};

/** Whose database `open` opens, or nobody's. */
function database(get: () => unknown): void {
  Object.defineProperty(globalThis, "indexedDB", { configurable: true, get });
}

function openTabs(browser = new FakeBrowser()) {
  const platform = fakePlatform(() => DONE);
  const tab = (more: OutboxOptions = {}) => {
    const options = { tabs: browser.tab(), ...more };
    const client = withOutbox(createClient({ url: "https://ledge.example", platform, timeoutMs: 0 }), options);
    return { client, tasks: client.resource("tasks") };
  };
  return { browser, tab, sent: platform.sent };
}

test.each([
  ["is not there", () => undefined],
  ["may not be looked at", refuse],
  ["may not be opened", () => ({ open: refuse })],
  ["fails to open", () => ({ open: failing })],
  ["never answers, or is blocked", () => ({ open: (): Opening => ({}) })],
])(
  "[O5] a database that %s: writes are kept in memory, sent by the tab they are made in, and the status says so",
  async (_what, get) => {
    database(get);
    const { browser, tab, sent } = openTabs();
    const tabs = [tab(), tab()];
    browser.become(false);
    for (const { tasks } of tabs) await tasks.later.create({ title: "x" });
    for (const { client } of tabs) {
      expect(client.sync.status).toMatchObject({ unsent: 1, canStore: false, isDurable: false, pause: "offline" });
      expect(statusLabel(client.sync.status)).toBe("cannot-store");
    }
    browser.become(true);
    await until(() => tabs.every(({ client }) => client.outbox.pendingCount === 0));
    expect(sent.map(({ method }) => method)).toEqual(["POST", "POST"]);
    expect(new Set(sent.map(({ headers }) => headers["idempotency-key"])).size).toBe(2);
    // Nothing has opened it since, and it stays said.
    expect(tabs.map(({ client }) => client.sync.status.canStore)).toEqual([false, false]);
  },
);

test("[O4] [O5] a tab that has memory only lets another lead, and neither hears of what the other keeps", async () => {
  database(() => ({ open: failing }));
  const { browser, tab, sent } = openTabs();
  const alone = tab();
  const shared = tab({ storage: memoryStorage() });
  browser.become(false);
  const [own, theirs] = [
    await alone.tasks.later.create({ title: "1" }),
    await shared.tasks.later.create({ title: "2" }),
  ];
  const keys = ({ client }: typeof alone) => client.outbox.pending().map(({ key }) => key);
  expect([keys(alone), keys(shared)]).toEqual([[own.key], [theirs.key]]);
  browser.become(true);
  await until(() => keys(alone).length + keys(shared).length === 0);
  expect(sent).toHaveLength(2);
  expect(shared.client.sync.status).toMatchObject({ canStore: true, isDurable: true });
});

test("[O5] a database that opens after it was given up is closed again, so that it stands in nobody's way", async () => {
  const opening: Opening = {};
  database(() => ({ open: () => opening }));
  const { tab } = openTabs();
  const { client, tasks } = tab();
  await tasks.later.create({ title: "x" });
  expect(client.sync.status.isDurable).toBe(false);
  let closed = 0;
  opening.result = { close: () => void closed++ };
  opening.onsuccess?.();
  await until(() => closed === 1);
});

interface Connection {
  onclose?: () => void;
  transaction(): object;
  close(): void;
}

/** A database of entries, as far as an outbox asks; `clear` is what a browser does for a person. */
function entriesInMemory() {
  const held = new Map<number, object>();
  const open: Connection[] = [];
  let place = 0;
  const answer = <T>(result: T) => {
    const request: { result: T; onsuccess?: () => void } = { result };
    void Promise.resolve().then(() => request.onsuccess?.());
    return request;
  };
  const store = {
    add: (entry: object) => {
      held.set(++place, { ...entry, place });
      return answer(place);
    },
    put: (entry: { readonly place: number }) => void held.set(entry.place, entry),
    delete: (at: number) => void held.delete(at),
    get: (at: number) => answer(held.get(at)),
    getAll: () => answer([...held.values()]),
  };
  const transaction = () => {
    const made: { oncomplete?: () => void; objectStore: () => typeof store } = { objectStore: () => store };
    // After what was asked in it, and before any timer.
    void Promise.resolve()
      .then(() => {})
      .then(() => {})
      .then(() => made.oncomplete?.());
    return made;
  };
  const opening = () => {
    const connection: Connection = { transaction, close: () => {} };
    open.push(connection);
    return answer(connection);
  };
  const clear = () => {
    held.clear();
    for (const { onclose } of open.splice(0)) onclose?.();
  };
  return { indexedDB: { open: opening }, clear };
}

test("[O5] [O7] once a person has had the browser clear what it holds, no tab counts what is gone", async () => {
  const { indexedDB, clear } = entriesInMemory();
  database(() => indexedDB);
  const { browser, tab, sent } = openTabs();
  const tabs = [tab(), tab()];
  browser.become(false);
  for (const { tasks } of tabs) await tasks.later.create({ title: "x" });
  const unsent = () => tabs.map(({ client }) => client.sync.status.unsent);
  expect([unsent(), tabs[0]?.client.sync.status.isDurable]).toEqual([[2, 2], true]);
  clear();
  await until(() => unsent().join() === "0,0");
  browser.become(true);
  await tabs[1]?.tasks.later.create({ title: "y" });
  await until(() => sent.length === 1 && unsent().join() === "0,0");
});
