/**
 * Live queries by figures, on real workerd processes and, where it is about reading alone, in this one. Each case by its name:
 *
 *   npm run bench:live                      all of them
 *   npm run bench:live -- matching fanout   some
 *
 * matching: a commit with 1, 100 and 10,000 watches of distinct equality filters, of which one matches; until its frame has come.
 * fanout:   a commit until its frame has reached 1,000 sockets, against a bare send loop in an object, with the same bytes; in turns.
 * reply:    the writer's reply with 1,000 sockets against that without any.
 * resume:   a watch resumed over many commits, against reading and parsing the same stretch of the ledger.
 * memory:   what an idle socket, and an idle watch, take of the process.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { build } from "esbuild";
import { bundleApp, ROOT } from "../crash/bundle-app.ts";
import { sqliteFiles } from "../crash/object-file.ts";
import { freePort, killAll, pause, type WorkerdProcess, workerdProcess } from "../crash/workerd-process.ts";
import { median } from "./median.ts";

const ROUNDS = Number(process.env.ROUNDS ?? 40);
const SOCKETS = 1000;
/** Sockets of one person; an object holds fifty of one. */
const EACH = 40;

/** Sockets opened so far: every forty are another person's. */
let opened = 0;

const CASES = { matching, fanout, reply, resume, memory } as const;

/** One socket with its watches; `next` resolves when the next frame of a commit has come. */
interface Client {
  readonly socket: WebSocket;
  readonly ready: Promise<void>;
  seen: number;
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const names = Object.keys(CASES) as (keyof typeof CASES)[];
  const unknown = wanted.filter((name) => !(names as string[]).includes(name));
  if (unknown.length > 0) throw new Error(`There is no case ${unknown.join(", ")}; there are ${names.join(", ")}`);
  try {
    for (const name of names) if (wanted.length === 0 || wanted.includes(name)) await CASES[name]();
  } finally {
    await killAll();
  }
}

async function matching(): Promise<void> {
  const times = new Map<number, number>();
  for (const watches of [1, 100, 10_000]) {
    await withLedge(async (server) => {
      // The last watch matches; the others are of values that no row has.
      const perSocket = Math.min(watches, 100);
      const clients = await openAll(server, Math.ceil(watches / perSocket), (socket) =>
        Array.from({ length: perSocket }, (_, index) => ({ filter: `bucket==${1 + socket * perSocket + index}` })),
      );
      const target = clients.at(-1) as Client;
      times.set(watches, await timed(server, watches, () => [target]));
    });
  }
  const one = times.get(1) ?? 1;
  for (const [watches, ms] of times)
    print("matching", `${watches} watches`, `${ms.toFixed(2)} ms a commit, ${(ms / one).toFixed(2)} of one`);
}

async function fanout(): Promise<void> {
  const ledge: number[] = [];
  const bare: number[] = [];
  let bytes = "";
  await withLedge(async (server) => {
    const clients = await openAll(server, SOCKETS, () => [{}]);
    clients[0]?.socket.addEventListener("message", ({ data }) => {
      if (String(data).includes('"commit"')) bytes = String(data);
    });
    for (let round = 0; round < ROUNDS; round++) ledge.push(await onceTold(clients, () => post(server, 1)));
  });
  await withBare(async (server) => {
    const clients = await connectAll(server, SOCKETS, "/");
    for (let round = 0; round < ROUNDS; round++)
      bare.push(await onceTold(clients, () => fetch(server.origin, { method: "POST", body: bytes })));
  });
  const [ours, theirs] = [median(ledge), median(bare)];
  print(
    "fanout",
    `${SOCKETS} sockets`,
    `${ours.toFixed(1)} ms a commit, bare loop ${theirs.toFixed(1)} ms: ${(theirs / ours).toFixed(2)} of it`,
  );
}

async function reply(): Promise<void> {
  const times: number[] = [];
  await withLedge(async (server) => {
    for (const sockets of [0, SOCKETS]) {
      const clients = await openAll(server, sockets, () => [{}]);
      const replies: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const expected = seenBy(clients) + clients.length;
        const from = performance.now();
        await post(server, 1);
        replies.push(performance.now() - from);
        while (seenBy(clients) < expected) await pause(1);
      }
      times.push(median(replies));
    }
  });
  const [without = 1, withAll = 1] = times;
  print(
    "reply",
    `${SOCKETS} sockets`,
    `${withAll.toFixed(2)} ms, without any ${without.toFixed(2)} ms: ${(withAll / without).toFixed(2)} of it`,
  );
}

async function resume(): Promise<void> {
  const commits = Number(process.env.COMMITS ?? 20_000);
  await withLedge(async (server) => {
    const since = await sinceOf(server);
    let written = 0;
    const writer = async () => {
      while (written++ < commits) await post(server, 1);
    };
    await Promise.all(Array.from({ length: 32 }, writer));
    await post(server, 2);
    const times: number[] = [];
    for (let round = 0; round < 7; round++) {
      const from = performance.now();
      const frame = await firstFrames(server, { filter: "bucket==2", since });
      times.push(performance.now() - from);
      if (!frame.includes('"resumed"')) throw new Error(`not resumed: ${frame.slice(0, 200)}`);
    }
    await server.kill();
    const raw = rawRead(server.objects, commits);
    const ours = median(times);
    print(
      "resume",
      `${commits} commits`,
      `${ours.toFixed(0)} ms with its socket, ledger read raw and parsed ${raw.toFixed(0)} ms: ${(ours / raw).toFixed(2)} times`,
    );
  });
}

async function memory(): Promise<void> {
  await withLedge(async (server) => {
    // As much garbage as the same number of requests leaves behind.
    for (let round = 0; round < SOCKETS; round++) await post(server, 1);
    await pause(500);
    const empty = server.residentBytes();
    await eachThousand(server, "idle socket with a watch", empty, () =>
      openAll(server, SOCKETS, () => [{ filter: "bucket==0" }]),
    );
  });
  await withBare(async (server) => {
    await connectAll(server, 1, "/");
    await pause(500);
    await eachThousand(server, "silent socket, bare object", server.residentBytes(), () =>
      connectAll(server, SOCKETS, "/"),
    );
  });
  // From its first frame on workerd keeps more for a socket, whoever sends it.
  await withBare(async (server) => {
    await connectAll(server, 1, "/");
    await pause(500);
    await eachThousand(server, "told socket, bare object", server.residentBytes(), async () => {
      await connectAll(server, SOCKETS, "/");
      await fetch(server.origin, { method: "POST", body: "{}" });
    });
  });
  await withLedge(async (server) => {
    await openAll(server, 100, () => [{}]);
    await pause(500);
    const few = server.residentBytes();
    await openAll(server, 100, (socket) =>
      Array.from({ length: 100 }, (_, index) => ({ filter: `bucket==${socket * 100 + index}` })),
    );
    await pause(1000);
    print(
      "memory",
      "idle watch of its own filter",
      `${((server.residentBytes() - few) / 10_000 / 1024).toFixed(1)} KB`,
    );
  });
}

/** The first thousand also fills the heap with what opening leaves behind; what each further one takes is what sockets take. */
async function eachThousand(
  server: WorkerdProcess,
  what: string,
  empty: number,
  open: () => Promise<unknown>,
): Promise<void> {
  const sizes = [empty];
  for (let thousand = 0; thousand < 4; thousand++) {
    await open();
    await pause(1000);
    sizes.push(server.residentBytes());
  }
  const each = sizes.slice(1).map((size, index) => ((size - (sizes[index] ?? 0)) / SOCKETS / 1024).toFixed(1));
  print("memory", what, `${each.join(", ")} KB, by thousands`);
}

/** Median of the time from a write until the frame of its commit has come. */
async function timed(server: WorkerdProcess, bucket: number, clients: () => readonly Client[]): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS * 5; round++) times.push(await onceTold(clients(), () => post(server, bucket)));
  return median(times.slice(ROUNDS));
}

async function onceTold(clients: readonly Client[], write: () => Promise<unknown>): Promise<number> {
  const expected = seenBy(clients) + clients.length;
  const from = performance.now();
  void write();
  while (seenBy(clients) < expected) await new Promise((resolve) => setImmediate(resolve));
  return performance.now() - from;
}

const seenBy = (clients: readonly Client[]) => clients.reduce((sum, { seen }) => sum + seen, 0);

const post = (server: WorkerdProcess, bucket: number) =>
  fetch(`${server.origin}/api/items`, {
    method: "POST",
    headers: { authorization: "Bearer dev:writer", "content-type": "application/json" },
    body: JSON.stringify({ bucket, value: 1 }),
  }).then((response) => response.text());

async function openAll(
  server: WorkerdProcess,
  count: number,
  watches: (socket: number) => readonly { readonly filter?: string }[],
): Promise<Client[]> {
  const clients: Client[] = [];
  // Some at a time: a listening socket's queue is short.
  for (let from = 0; from < count; from += 50) {
    const some = Array.from({ length: Math.min(50, count - from) }, (_, index) =>
      openOne(server, `user${Math.floor(opened++ / EACH)}`, watches(from + index)),
    );
    await Promise.all(some.map(({ ready }) => ready));
    clients.push(...some);
  }
  return clients;
}

function openOne(server: WorkerdProcess, user: string, watches: readonly object[]): Client {
  const options = { headers: { authorization: `Bearer dev:${user}` } } as unknown as string;
  const socket = new WebSocket(`${server.origin.replace("http", "ws")}/api/items/live`, options);
  let answered = 0;
  let frames = 0;
  const ready = new Promise<void>((resolve, reject) => {
    socket.addEventListener("error", () => reject(new Error("a socket was refused")));
    socket.addEventListener("open", () => {
      socket.send(JSON.stringify({ type: "hello", v: 1, client: "bench" }));
      for (const [index, watch] of watches.entries())
        socket.send(JSON.stringify({ type: "watch", id: index + 1, resource: "items", ...watch }));
    });
    socket.addEventListener("message", ({ data }) => {
      const text = String(data);
      if (++frames % 64 === 0) socket.send(JSON.stringify({ type: "ack", obj: "1", seq: 0, n: frames }));
      if (text.startsWith('{"type":"commit"')) client.seen++;
      else if (text.includes('"last":true') && ++answered === watches.length) resolve();
    });
  });
  const client: Client = { socket, ready, seen: 0 };
  return client;
}

async function connectAll(server: WorkerdProcess, count: number, path: string): Promise<Client[]> {
  const clients: Client[] = [];
  for (let from = 0; from < count; from += 50) {
    const some = Array.from({ length: Math.min(50, count - from) }, () => {
      const socket = new WebSocket(`${server.origin.replace("http", "ws")}${path}`);
      const client: Client = {
        socket,
        ready: new Promise<void>((resolve) => socket.addEventListener("open", () => resolve())),
        seen: 0,
      };
      socket.addEventListener("message", () => void client.seen++);
      return client;
    });
    await Promise.all(some.map(({ ready }) => ready));
    clients.push(...some);
  }
  return clients;
}

/** Where a watch of that filter stands now. */
async function sinceOf(server: WorkerdProcess): Promise<string> {
  const { epoch, seq, tag } = JSON.parse(await firstFrames(server, { filter: "bucket==2" })) as Record<string, unknown>;
  return `${epoch}:${seq}:${tag}`;
}

/** The first frame that answers a watch, after all of its frames have come. */
function firstFrames(server: WorkerdProcess, watch: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { headers: { authorization: "Bearer dev:reader" } } as unknown as string;
    const socket = new WebSocket(`${server.origin.replace("http", "ws")}/api/items/live`, options);
    let first = "";
    socket.addEventListener("error", () => reject(new Error("a socket was refused")));
    socket.addEventListener("open", () => {
      socket.send(JSON.stringify({ type: "hello", v: 1, client: "bench" }));
      socket.send(JSON.stringify({ type: "watch", id: 1, resource: "items", ...watch }));
    });
    socket.addEventListener("message", ({ data }) => {
      const text = String(data);
      if (text.includes('"welcome"')) return;
      if (first === "") first = text;
      if (!text.includes('"last":true')) return;
      socket.close();
      resolve(first);
    });
  });
}

/** ms to read the newest commits of the largest ledger, and to parse them. */
function rawRead(folder: string, commits: number): number {
  const times = sqliteFiles(folder).map((file) => {
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      const from = performance.now();
      const rows = database.prepare("SELECT seq, changes FROM _log ORDER BY seq DESC LIMIT ?").all(commits);
      for (const { changes } of rows) JSON.parse(String(changes));
      return { count: rows.length, ms: performance.now() - from };
    } catch {
      return { count: 0, ms: 0 };
    } finally {
      database.close();
    }
  });
  return times.toSorted((a, b) => b.count - a.count)[0]?.ms ?? 0;
}

async function withLedge(run: (server: WorkerdProcess) => Promise<void>): Promise<void> {
  const bundle = await bundleApp({ name: "bench-live", app: join(ROOT, "test/crash/app/live-app.ts") });
  await withProcess(bundle, run);
}

async function withBare(run: (server: WorkerdProcess) => Promise<void>): Promise<void> {
  const outfile = join(ROOT, "test/.generated/crash/bare-sockets.js");
  await build({
    entryPoints: [join(import.meta.dirname, "bare-sockets-worker.ts")],
    outfile,
    bundle: true,
    format: "esm",
    external: ["cloudflare:*"],
  });
  await withProcess(outfile, run);
}

async function withProcess(bundle: string, run: (server: WorkerdProcess) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ledge-bench-live-"));
  const server = workerdProcess({ bundle, folder, port: await freePort() });
  try {
    await server.start();
    await run(server);
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(name: string, what: string, result: string): void {
  console.log(`${name.padEnd(10)}${what.padEnd(32)}${result}`);
}

await main();
