/**
 * The outbox in a real browser, on a real workerd process: two tabs, no network, tabs closed and opened again, the server killed with -9 in
 * the middle of edits. Every commit takes the next seq, so the seq tells how often writes took place.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OutboxItem, SyncStatus } from "../../src/client/ledge-client-offline.ts";
import { bundleApp, ROOT } from "../crash/bundle-app.ts";
import { freePort, pause, type WorkerdProcess, workerdProcess } from "../crash/workerd-process.ts";

const SCRIPT = `
import { createClient, shareSockets } from "./src/client/ledge-client-live.ts";
import { indexedDbStorage, withOutbox } from "./src/client/ledge-client-offline.ts";
import { indexedDbRows, withStore } from "./src/client/ledge-client-store.ts";
import { storageContract } from "./test/client/offline/storage-contract.ts";
import { rowsContract } from "./test/client/store/rows-contract.ts";
const sending = withOutbox(createClient({ url: location.origin, timeoutMs: 3000, live: { share: shareSockets() } }), { conflicts: "merge" });
const client = withStore(sending, { persist: true });
const list = () => client.store.list("notes", { orderBy: "title" });
const opened = [];
const open = indexedDB.open.bind(indexedDB);
indexedDB.open = (...given) => {
  const request = open(...given);
  request.addEventListener("success", () => opened.push(request.result));
  return request;
};
Object.assign(globalThis, {
  client,
  notes: client.resource("notes"),
  contract: () => storageContract(indexedDbStorage("contract"), () => indexedDbStorage("contract")),
  rowsContract: () => rowsContract(indexedDbRows("contract"), () => indexedDbRows("contract")),
  reopened: async () => {
    const [entries, rows] = [indexedDbStorage("closed"), indexedDbRows("closed")];
    await Promise.all([entries.all(), rows.load("x")]);
    for (const database of opened.splice(0)) database.close();
    await entries.add({ key: "k", principal: null, madeAtMs: 1, writes: [] });
    await rows.clear();
    return [(await entries.all()).length, await rows.load("x"), opened.length];
  },
  follow: () => void list().subscribe(() => {}),
  shown: () => ({ status: list().getSnapshot().status, titles: list().getSnapshot().rows.map(({ title }) => title) }),
});
`;

let folder: string;
let server: WorkerdProcess;
let browser: Browser;
let context: BrowserContext;
const complaints: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ledge-offline-"));
  const bundle = await bundleApp({ name: "offline", app: join(ROOT, "test/e2e/offline-app/app.ts") });
  server = workerdProcess({ bundle, folder, port: await freePort() });
  await server.start();
  const script = await build({
    stdin: { contents: SCRIPT, resolveDir: ROOT },
    bundle: true,
    format: "iife",
    write: false,
    outdir: "out",
  });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // The page is put in the browser's way, so that it counts as one from elsewhere: its sockets to this machine would be held back.
    args: ["--no-sandbox", "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets"],
  });
  context = await browser.newContext();
  const body = `<!doctype html><title>Offline</title><script>${script.outputFiles[0]?.text}</script>`;
  await context.route("**/page", (route) => route.fulfill({ contentType: "text/html", body }));
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await server?.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function openPage(): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", ({ message }) => complaints.push(message));
  await page.goto(`${server.origin}/page`);
  await page.evaluate("client.outbox.ready");
  return page;
}

const run = <T>(page: Page, script: string) => page.evaluate<T>(script);
const status = (page: Page) => run<SyncStatus>(page, "client.sync.status");
const refused = (page: Page) => run<OutboxItem[]>(page, "client.outbox.refused()");
const unsent = async (page: Page) => (await status(page)).unsent;
const isEmpty = (page: Page) => expect.poll(() => unsent(page), { timeout: 60_000 }).toBe(0);

async function rows(): Promise<{ seq: number; items: Record<string, unknown>[] }> {
  const reply = await fetch(`${server.origin}/api/notes?orderBy=id`);
  return (await reply.json()) as { seq: number; items: Record<string, unknown>[] };
}

test("[O5] entries in IndexedDB keep the contract of a storage", async () => {
  const page = await openPage();
  expect(await run(page, "contract()")).toEqual([]);
  // Also after the browser has closed what they hold open.
  expect(await run(page, "reopened()")).toEqual([1, null, 2]);
  await page.close();
});

test("[O2] [O4] [O7] two tabs write without a network, both are closed: the next to open brings all of it to the server, once and in order", async () => {
  const first = await openPage();
  const second = await openPage();
  const note = "01930000-0000-7000-8000-000000000001";
  await run(first, `notes.later.create({ id: "${note}", title: "1", body: "1" })`);
  await isEmpty(first);
  expect((await rows()).seq).toBe(1);

  await context.setOffline(true);
  await run(first, `notes.later.update("${note}", { title: "2" })`);
  await run(second, `notes.later.update("${note}", { body: "2" })`);
  await run(first, `notes.later.update("${note}", { title: "3" })`);
  await run(second, 'notes.later.create({ title: "far longer than twenty characters" })');
  await run(second, 'notes.later.create({ title: "short" })');
  for (const page of [first, second])
    await expect.poll(() => status(page)).toMatchObject({ unsent: 5, heldUp: 2, refused: 0, pause: "offline" });
  await first.close();
  await second.close();
  await server.kill();
  await context.setOffline(false);

  const third = await openPage();
  expect(await status(third)).toMatchObject({ unsent: 5 });
  await expect.poll(async () => (await status(third)).pause).toBe("unreachable");
  await server.start();
  await isEmpty(third);
  const { seq, items } = await rows();
  expect(seq).toBe(5);
  expect(items).toMatchObject([{ id: note, title: "3", body: "2" }, { title: "short" }]);
  const [item, ...others] = await refused(third);
  expect([others, item?.problem]).toMatchObject([[], { code: "VALIDATION_ERROR", status: 400 }]);

  const fourth = await openPage();
  expect((await refused(fourth)).map(({ key }) => key)).toEqual([item?.key]);
  expect(
    await run(
      fourth,
      `client.outbox.edit("${item?.key}", { ...client.outbox.refused()[0].writes[0].values, title: "shorter" })`,
    ),
  ).toBe(true);
  await isEmpty(fourth);
  await expect.poll(async () => (await refused(third)).length).toBe(0);
  expect((await rows()).items.map(({ title }) => title).sort()).toEqual(["3", "short", "shorter"]);
  await third.close();
  await fourth.close();
}, 120_000);

test("[O2] the server is killed in the middle of edits, and the tab that leads is closed: each edit takes place once, in order", async () => {
  const before = await rows();
  const leader = await openPage();
  const other = await openPage();
  const id = before.items[0]?.id;
  const edits = (page: Page, from: number) =>
    run(
      page,
      `(async () => {
      for (let n = ${from}; n < ${from} + 20; n++) await notes.later.update("${id}", { title: String(n) });
    })()`,
    );
  for (let round = 0; round < 3; round++) {
    await edits(leader, 100 + round * 20);
    await pause(30 + round * 40);
    await server.kill();
    await pause(100);
    await server.start();
  }
  await leader.close();
  await edits(other, 200);
  await isEmpty(other);
  const after = await rows();
  expect([after.seq - before.seq, after.items[0]?.title]).toEqual([80, "219"]);
  expect([await refused(other), complaints]).toEqual([[], []]);
  await other.close();
}, 180_000);

test("[O3] an edit whose row another person has changed meanwhile is merged, or set aside with what stands there", async () => {
  const page = await openPage();
  const { items } = await rows();
  const id = String(items[0]?.id);
  const change = (values: object) =>
    fetch(`${server.origin}/api/notes/${id}`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(values),
    });
  await run(page, `(async () => { seen = await notes.get("${id}"); })()`);
  await change({ body: "theirs" });
  await run(page, `notes.later.update("${id}", { title: "mine" }, { on: seen })`);
  await isEmpty(page);
  expect((await rows()).items.find((row) => row.id === id)).toMatchObject({ title: "mine", body: "theirs" });
  await run(page, `(async () => { seen = await notes.get("${id}"); })()`);
  await change({ title: "theirs" });
  const { key } = await run<{ key: string }>(page, `notes.later.update("${id}", { title: "again" }, { on: seen })`);
  await expect
    .poll(() => refused(page))
    .toMatchObject([{ key, present: { title: "theirs" }, problem: { fields: ["title"] } }]);
  expect(await run(page, `client.outbox.retry("${key}")`)).toBe(true);
  await isEmpty(page);
  expect((await rows()).items.find((row) => row.id === id)).toMatchObject({ title: "again", body: "theirs" });
  await page.close();
}, 60_000);

test("[LS10] rows in IndexedDB keep the contract of a storage", async () => {
  const page = await openPage();
  expect(await run(page, "rowsContract()")).toEqual([]);
  await page.close();
});

test("[LS3] [LS10] a page opened without a network shows the last rows and what is written there, and goes on once there is one", async () => {
  const first = await openPage();
  await run(first, 'notes.later.create({ title: "kept" })');
  await isEmpty(first);
  await run(first, "follow()");
  await expect.poll(() => run(first, "shown()")).toMatchObject({ status: "live" });
  const { items } = await rows();
  const titles = items.map(({ title }) => String(title)).sort();
  expect(await run(first, "shown()")).toMatchObject({ titles });
  await run(first, "client.store.flush()");
  await first.close();

  await context.setOffline(true);
  const second = await openPage();
  await run(second, "follow()");
  // A page that is opened so does not always know that there is no network.
  const notLive = expect.stringMatching(/^(offline|reconnecting)$/);
  await expect.poll(() => run(second, "shown()")).toEqual({ status: notLive, titles });
  await run(second, `notes.later.update("${String(items[0]?.id)}", { title: "zz offline" })`);
  const changed = items.map(({ title }, index) => (index === 0 ? "zz offline" : String(title))).sort();
  await expect.poll(() => run(second, "shown()")).toEqual({ status: notLive, titles: changed });
  await context.setOffline(false);
  await isEmpty(second);
  await expect.poll(() => run(second, "shown()"), { timeout: 60_000 }).toEqual({ status: "live", titles: changed });
  expect((await rows()).items.map(({ title }) => title).sort()).toEqual(changed);
  await second.close();
}, 120_000);

test("[O8] tabs share one socket: the tab that holds it is closed, and the others go on and miss nothing", async () => {
  const sockets = new Map<Page, Set<unknown>>();
  const open = async () => {
    const page = await openPage();
    const seen = new Set<unknown>();
    sockets.set(page, seen);
    page.on("websocket", (socket) => {
      seen.add(socket);
      socket.on("close", () => void seen.delete(socket));
    });
    await run(page, "follow()");
    await expect.poll(() => run(page, "shown()"), { timeout: 20_000 }).toMatchObject({ status: "live" });
    return page;
  };
  const socketsOf = (pages: readonly Page[]) => pages.map((page) => sockets.get(page)?.size);
  const add = (title: string) =>
    fetch(`${server.origin}/api/notes`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ title }),
    });
  const sees = (page: Page, title: string) =>
    expect
      .poll(() => run(page, "shown()"), { timeout: 20_000 })
      .toMatchObject({ status: "live", titles: expect.arrayContaining([title]) });

  const [first, second, third] = [await open(), await open(), await open()];
  expect(socketsOf([first, second, third])).toEqual([1, 0, 0]);
  await add("to all");
  for (const page of [first, second, third]) await sees(page, "to all");

  await Promise.all([first.close(), add("while it goes")]);
  for (const page of [second, third]) await sees(page, "while it goes");
  await expect.poll(() => socketsOf([second, third]).toSorted()).toEqual([0, 1]);
  await add("after");
  for (const page of [second, third]) await sees(page, "after");

  await server.kill();
  await server.start();
  await add("after the server");
  for (const page of [second, third]) await sees(page, "after the server");
  expect(socketsOf([second, third]).toSorted()).toEqual([0, 1]);
  const fresh = (await rows()).items.map(({ title }) => String(title)).sort();
  for (const page of [second, third])
    expect((await run<{ titles: string[] }>(page, "shown()")).titles.toSorted()).toEqual(fresh);
  expect(complaints).toEqual([]);
  await second.close();
  await third.close();
}, 120_000);
