/**
 * A thousand sockets on a real workerd process, which is killed with -9 under writers, and whose object is put out of memory in between.
 * Afterwards every client shows what the table holds, and was told each commit of its rows once, in order.
 *
 *   RUNS=20 SEED=100 SOCKETS=1000 LOAD_MS=30000 npm run chaos -- live
 *
 * The clients are those of `ledge/client/live`, in this process. What one lost with a reset would be a snapshot in place of commits: the
 * ledger is long enough here, so there must be none.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createClient } from "../../src/client/ledge-client-live.ts";
import { app } from "./app/live-app.ts";
import { bundleApp } from "./bundle-app.ts";
import { httpClient } from "./http-client.ts";
import { readObjects, type StoredObject } from "./object-file.ts";
import { type Random, seeded } from "./random.ts";
import { freePort, killAll, pause, type WorkerdProcess, workerdProcess } from "./workerd-process.ts";

const SEEDS = Array.from(
  { length: Number(process.env.RUNS ?? 1) },
  (_, index) => Number(process.env.SEED ?? 1) + index,
);
const SOCKETS = Number(process.env.SOCKETS ?? 1000);
const LOAD_MS = Number(process.env.LOAD_MS ?? 8000);
/** It lasts so many times `LOAD_MS` at most, when no kill or no eviction was among what came. */
const PATIENCE = 6;
/** Sockets of one person; an object holds fifty of one. */
const EACH = 40;
const BUCKETS = 10;
const WRITERS = 3;
const OBJECT = "t/live/items";

let bundle = "";
beforeAll(async () => {
  bundle = await bundleApp({ name: "live", app: join(import.meta.dirname, "app/live-app.ts"), variant: "harmful" });
});
afterAll(killAll);

interface Item {
  readonly id: string;
  readonly bucket: number;
  readonly value: number;
}

/** One client: what it holds by its callbacks, and which commits it was told. */
class Watcher {
  readonly bucket: number | null;
  readonly held = new Map<string, number>();
  readonly told: number[] = [];
  readonly wrong: string[] = [];
  /** Seq of the table at its first snapshot. */
  start = -1;
  breaks = 0;
  readonly #client: ReturnType<typeof createClient>;

  constructor(number: number, url: string, random: Random) {
    // Every tenth follows everything.
    this.bucket = number % 10 === 0 ? null : number % BUCKETS;
    this.#client = createClient({
      url,
      token: `dev:user${Math.floor(number / EACH)}`,
      // Tries follow each other quickly: the process is away for moments only.
      live: { platform: { random: () => random.next() * 0.2 } },
    });
    this.#client.resource<Item>("items").subscribe(this.bucket === null ? {} : { filter: { bucket: this.bucket } }, {
      onConnected: (seq) => {
        if (this.start < 0) this.start = seq;
      },
      onExisting: ({ id, value }) => void this.held.set(id, value),
      onAdded: ({ id, value }) => {
        if (this.held.has(id)) this.wrong.push(`${id} was added twice`);
        this.held.set(id, value);
      },
      onChanged: ({ id, value }, previous) => {
        if (this.held.get(id) !== previous?.value) this.wrong.push(`${id} changed from what was not held`);
        this.held.set(id, value);
      },
      onRemoved: (id) => {
        if (!this.held.delete(String(id))) this.wrong.push(`${id} was removed and not held`);
      },
      onCommit: ({ seq }) => void this.told.push(seq),
      onInvalidate: (reason) => void this.wrong.push(`invalidate ${reason}`),
      onDisconnected: () => void this.breaks++,
      onError: (error) => void this.wrong.push(`${error.code} ${error.message}`),
    });
  }

  get position(): number {
    return Math.max(this.start, this.told.at(-1) ?? 0);
  }

  end(): void {
    this.#client.realtime.destroy();
  }
}

it.each(SEEDS)(
  "[LV11] [LV4] [WS4] [WS6] seed %i: every client ends equal to the table, having seen each commit once",
  async (seed) => {
    const folder = mkdtempSync(join(tmpdir(), "ledge-live-"));
    const server = workerdProcess({ bundle, folder, port: await freePort() });
    const random = seeded(seed, 1);
    const watchers: Watcher[] = [];
    try {
      await server.start();
      const http = httpClient(server.origin);
      for (let number = 0; number < SOCKETS; number++) watchers.push(new Watcher(number, server.origin, random));
      await until(() => watchers.every(({ start }) => start >= 0));
      const { kills, evictions, written } = await load(server, http, random);
      // A last row in each bucket, after which nothing more comes: whoever shows it has all before it.
      const last = new Map<number, number>();
      for (let bucket = 0; bucket < BUCKETS; bucket++) last.set(bucket, await create(http, bucket));
      const lastOf = ({ bucket }: Watcher) => (bucket === null ? Math.max(...last.values()) : (last.get(bucket) ?? 0));
      await until(() => watchers.every((watcher) => watcher.position >= lastOf(watcher)));
      await server.kill();
      const object = readObjects(server.objects, app.definition).get(OBJECT);
      if (object === undefined) throw new Error("the object left no file");
      const breaks = watchers.reduce((sum, watcher) => sum + watcher.breaks, 0);
      const told = watchers.reduce((sum, watcher) => sum + watcher.told.length, 0);
      console.log(
        `seed ${seed}: ${watchers.length} sockets, ${object.log.length} commits (${written} acknowledged), ${kills} kills, ${evictions} evictions, ${breaks} breaks, ${told} commits told`,
      );
      expect(watchers.flatMap((watcher) => problemsOf(watcher, object)).slice(0, 20)).toEqual([]);
      expect([kills > 0, evictions > 0, breaks > watchers.length / 2, told > watchers.length]).toEqual([
        true,
        true,
        true,
        true,
      ]);
    } finally {
      for (const watcher of watchers) watcher.end();
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

function problemsOf({ bucket, start, told, held, wrong }: Watcher, { log, tables }: StoredObject): string[] {
  const isMine = (row: { readonly bucket?: unknown } | null) =>
    row !== null && (bucket === null || row.bucket === bucket);
  const expected = log
    .filter(({ seq, changes }) => seq > start && changes.some(({ before, after }) => isMine(before) || isMine(after)))
    .map(({ seq }) => seq);
  const problems = [...wrong];
  if (JSON.stringify(told) !== JSON.stringify(expected))
    problems.push(`bucket ${bucket}: told ${told.length} commits, of ${expected.length}`);
  const rows = [...(tables.get("items") ?? [])]
    .filter(([, { row }]) => isMine(row))
    .map(([id, { row }]) => [id, row.value]);
  const shown = [...held].sort(([a], [b]) => (a < b ? -1 : 1));
  if (JSON.stringify(shown) !== JSON.stringify(rows.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))))
    problems.push(`bucket ${bucket}: shows ${shown.length} rows, of ${rows.length}`);
  return problems;
}

/** Writers, kills and evictions for a while, and on a slow machine until there was one of each. */
async function load(server: WorkerdProcess, http: ReturnType<typeof httpClient>, random: Random) {
  const startedAt = Date.now();
  const counts = { kills: 0, evictions: 0, written: 0 };
  const isOver = () => {
    const lastedMs = Date.now() - startedAt;
    return lastedMs > LOAD_MS * (counts.kills > 0 && counts.evictions > 0 ? 1 : PATIENCE);
  };
  const ids: string[] = [];
  const writer = async (number: number) => {
    for (let turn = 0; !isOver(); turn++) {
      const isNew = ids.length < 20 || random.next() < 0.4;
      const id = isNew ? "" : random.pick(ids);
      const isGone = !isNew && random.next() < 0.2;
      const path = `/api/items/${id}`;
      try {
        const reply = await http.send(
          isNew
            ? { method: "POST", path: "/api/items", headers: AUTH, body: { bucket: turn % BUCKETS, value: turn } }
            : isGone
              ? { method: "DELETE", path, headers: AUTH }
              : { method: "PATCH", path, headers: AUTH, body: { value: turn + 1_000_000 * number } },
        );
        if (reply.status < 300) counts.written++;
        if (isNew && reply.status === 201) ids.push((JSON.parse(reply.text) as Item).id);
      } catch {
        // Killed under it; whether it took place the ledger tells.
        await pause(20);
      }
      await pause(30);
    }
  };
  const harm = async () => {
    while (!isOver()) {
      await pause(400 + Math.floor(random.next() * 1200));
      if (random.next() < 0.5) {
        const reply = await http.send({ method: "GET", path: `/harm/evict?object=${OBJECT}` }).catch(() => null);
        if (reply?.text.includes("true") === true) counts.evictions++;
        continue;
      }
      await server.kill();
      counts.kills++;
      await pause(Math.floor(random.next() * 300));
      await server.start();
    }
  };
  await Promise.all([harm(), ...Array.from({ length: WRITERS }, (_, number) => writer(number))]);
  return counts;
}

const AUTH = { authorization: "Bearer dev:writer" };

/** The seq of the commit that made it. */
async function create(http: ReturnType<typeof httpClient>, bucket: number): Promise<number> {
  const reply = await http.send({
    method: "POST",
    path: "/api/items",
    headers: AUTH,
    body: { bucket, value: 0 },
  });
  if (reply.status !== 201) throw new Error(`${reply.status} ${reply.text}`);
  return Number(reply.position?.split(":")[1]);
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error("the clients did not come to rest");
    await pause(20);
  }
}
