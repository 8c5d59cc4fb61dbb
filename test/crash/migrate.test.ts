/**
 * A deployment with a table rebuild is killed with -9 while objects migrate: each object is afterwards wholly on version A or
 * wholly on B, its rows and its ledger untouched, and the next start completes what was not done.
 *
 *   npx vitest run --config test/vitest.crash.config.ts migrate
 *   KILLS=60 SEED=1000 npx vitest run --config … migrate           60 kills
 *
 * The moment of each kill is searched for by halving between "still on A" and "already on B", so that most kills fall close to
 * the commit. A run that left no half-written migration in the write-ahead log, or never saw both versions, fails. Besides, the process
 * is killed, and the object aborted, at each fail point of a migration; one that is never reached fails the test.
 */

import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FAIL_POINTS } from "../../durable-objects/table/fail-points.ts";
import { type HarmDone, type Plan, STOPPED_AT } from "./app/harm.ts";
import { bundleApp } from "./bundle-app.ts";
import { describePoints, newTally } from "./harm-driver.ts";
import { ConnectionFailure, type HttpClient, httpClient } from "./http-client.ts";
import { look } from "./look-at-versions.ts";
import { hasTable, sqliteFiles, walBytes, withDatabase } from "./object-file.ts";
import { headersOf } from "./operations.ts";
import { seeded } from "./random.ts";
import { freePort, killAll, pause, type WorkerdProcess, workerdProcess } from "./workerd-process.ts";

const KILLS = Number(process.env.KILLS ?? 16);
const SEED = Number(process.env.SEED ?? 1);
/** Large rows, so that the rebuild is more than SQLite holds in memory and reaches the disk before its commit. */
const MANY = { shelves: 60, books: 180, letters: 200_000 };
/** Enough to migrate, where the point is chosen and not searched for. */
const FEW = { shelves: 6, books: 12, letters: 20_000 };
/** A write-ahead log that grew by this much holds pages of an unfinished migration, and not some small commit. */
const SPILLED_BYTES = 500_000;

let bundles = { a: "", b: "" };
beforeAll(async () => {
  const app = (name: string) => join(import.meta.dirname, `app/${name}.ts`);
  const a = await bundleApp({ name: "migrate-a", app: app("before-rebuild") });
  const next = { name: "migrate-b", app: app("after-rebuild"), after: "migrate-a", variant: "harmful" } as const;
  bundles = { a, b: await bundleApp(next) };
});
afterAll(killAll);

describe("a migration survives kill -9", () => {
  it("[MG2] an object killed while it migrates is wholly on the old schema or wholly on the new one", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ledge-migrate-"));
    const server = workerdProcess({ bundle: bundles.a, folder, port: await freePort() });
    const http = httpClient(server.origin);
    try {
      await server.start();
      await fill(http, MANY);
      await server.kill();
      cpSync(join(folder, "data"), join(folder, "before"), { recursive: true });

      const seen = await killMigrations(server, http, folder);
      expect(
        Math.min(seen.a, seen.b, seen.torn),
        `kills on A, on B, and within the migration: ${JSON.stringify(seen)}`,
      ).toBeGreaterThan(0);

      await server.start({ bundle: bundles.b });
      await useVersionB(http);
      await server.kill();
      expect(withDatabase(libraryFile(server.objects), look)).toMatchObject({ schema: "B", problems: [] });
    } finally {
      await server.kill();
      http.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("[MG2] killed or aborted between any two steps of its migration, an object is on either schema, and the next call migrates it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ledge-migrate-"));
    const server = workerdProcess({ bundle: bundles.a, folder, port: await freePort() });
    const http = httpClient(server.origin);
    const stopped: string[] = [];
    server.onLine((line) => {
      if (line.startsWith(STOPPED_AT)) stopped.push(line.slice(STOPPED_AT.length));
    });
    try {
      await server.start();
      await fill(http, FEW);
      await server.kill();
      cpSync(join(folder, "data"), join(folder, "before"), { recursive: true });
      const before = withDatabase(libraryFile(server.objects), look);
      const counts = newTally(FAIL_POINTS.filter((name) => name.startsWith("migrate.")));
      for (const [point, count] of counts) {
        for (let skip = 0; ; skip++) {
          const isHit = await killAtStep(server, http, { point, act: "stop", skip, times: 1 }, stopped);
          const found = withDatabase(libraryFile(server.objects), look);
          expect(found, `killed at ${point}, pass ${skip}`).toMatchObject({
            problems: [],
            data: before.data,
            ledger: before.ledger,
          });
          if (!isHit) break;
          count.killed += 1;
          restore(folder);
        }
        restore(folder);
        for (let skip = 0; skip < count.killed; skip++) {
          await server.start({ bundle: bundles.b });
          await arm(http, { point, act: "abort", skip, times: 1 });
          // The Worker asks once more, and finds the object migrated.
          const shelf = await http.send({ method: "GET", path: "/api/shelves/s1" });
          expect(JSON.parse(shelf.text), `aborted at ${point}, pass ${skip}`).toMatchObject({ name: "no name" });
          const done = JSON.parse((await http.send({ method: "GET", path: "/harm/done" })).text) as HarmDone;
          count.aborted += done.aborted[point] ?? 0;
          count.passed += done.passed[point] ?? 0;
          await server.kill();
          const found = withDatabase(libraryFile(server.objects), look);
          expect(found, `aborted at ${point}, pass ${skip}`).toMatchObject({
            schema: "B",
            problems: [],
            data: before.data,
          });
          restore(folder);
        }
      }
      console.log(describePoints(counts));
      const missed = [...counts]
        .filter(([, { aborted, killed }]) => aborted === 0 || killed === 0)
        .map(([name]) => name);
      expect(missed, "fail points where nothing ended").toEqual([]);
    } finally {
      await server.kill();
      http.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** Wakes the object on version B; killed where the plan says. False: it never came there, and serves. */
async function killAtStep(
  server: WorkerdProcess,
  http: HttpClient,
  plan: Plan,
  stopped: readonly string[],
): Promise<boolean> {
  await server.start({ bundle: bundles.b });
  await arm(http, plan);
  const count = stopped.length;
  let isServed = false;
  const waking = http
    .send({ method: "GET", path: "/api/shelves/s1" })
    .then((reply) => {
      expect(reply.status, reply.text).toBe(200);
      isServed = true;
    })
    .catch((error: unknown) => {
      if (!(error instanceof ConnectionFailure)) throw error;
    });
  while (stopped.length === count && !isServed) await pause(2);
  await server.kill();
  await waking;
  return !isServed;
}

async function arm(http: HttpClient, plan: Plan): Promise<void> {
  const reply = await http.send({ method: "POST", path: "/harm/plans", body: [plan] });
  expect(reply.status).toBe(200);
}

/** The files as they were before the deployment. */
function restore(folder: string): void {
  rmSync(join(folder, "data"), { recursive: true });
  cpSync(join(folder, "before"), join(folder, "data"), { recursive: true });
}

interface Seen {
  a: number;
  b: number;
  /** On A, with pages of the unfinished migration in the write-ahead log. */
  torn: number;
}

/** Deploys B over A again and again, each time killed, and looks at what the object is then. */
async function killMigrations(server: WorkerdProcess, http: HttpClient, folder: string): Promise<Seen> {
  const random = seeded(SEED);
  const file = libraryFile(server.objects);
  const before = withDatabase(file, look);
  expect(before).toMatchObject({ schema: "A", problems: [] });
  const seen: Seen = { a: 0, b: 0, torn: 0 };
  // ms from the request that wakes the object: killed then, it was found on A, or on B.
  let [early, late] = [0, 300];
  for (let kill = 0; kill < KILLS; kill++) {
    const delayMs = Math.max(0, (early + late) / 2 + random.next() * 4 - 2);
    const logged = walBytes(file);
    await killAfter(server, http, delayMs);
    const grown = walBytes(file) - logged;
    const found = withDatabase(file, look);
    expect(found.problems, `kill ${kill}, after ${delayMs} ms`).toEqual([]);
    expect(found.data === before.data, `kill ${kill}: rows as they were`).toBe(true);
    expect(found.ledger === before.ledger, `kill ${kill}: ledger as it was`).toBe(true);
    if (found.schema === "A") {
      seen.a += 1;
      if (grown > SPILLED_BYTES) seen.torn += 1;
      early = Math.min(delayMs, late);
      if (seen.b === 0) late *= 2;
      else if (late - early < 2) late = early + 30;
      // Half-written as it is, it meets the next start.
    } else {
      seen.b += 1;
      late = Math.max(delayMs, early);
      if (late - early < 2) early = Math.max(0, late - 30);
      restore(folder);
    }
  }
  console.log(
    `${KILLS} kills: ${seen.a} left the object on A (${seen.torn} with a half-written migration on disk), ${seen.b} on B; the commit came after about ${Math.round((early + late) / 2)} ms`,
  );
  return seen;
}

/** Starts version B, wakes the object, and kills. */
async function killAfter(server: WorkerdProcess, http: HttpClient, delayMs: number): Promise<void> {
  await server.start({ bundle: bundles.b });
  const waking = http.send({ method: "GET", path: "/api/shelves/s0" }).catch((error: unknown) => {
    if (!(error instanceof ConnectionFailure)) throw error;
  });
  await pause(delayMs);
  await server.kill();
  await waking;
}

/** What the migration was for works, and what was there before it still counts. */
async function useVersionB(http: HttpClient): Promise<void> {
  const shelf = await http.send({ method: "GET", path: "/api/shelves/s1" });
  expect(JSON.parse(shelf.text)).toMatchObject({ id: "s1", name: "no name" });
  const book = { id: "new", shelfId: "s0", title: "new", pages: 3 };
  const wrote = await http.send({ method: "POST", path: "/api/books", headers: headersOf("w", "after"), body: book });
  expect(wrote.status, wrote.text).toBe(201);
  expect(wrote.position?.split(":")[1], "seq goes on").toBe(String(MANY.shelves + MANY.books + 1));
  const replay = await http.send(bookCall(0, MANY.shelves));
  expect([replay.status, replay.isReplay], "keys from before the migration are known").toEqual([201, true]);
  const orphan = { id: "o", shelfId: "nowhere", title: "o" };
  const refused = await http.send({
    method: "POST",
    path: "/api/books",
    headers: headersOf("w", "orphan"),
    body: orphan,
  });
  expect(refused.status, "foreign keys hold").toBe(409);
}

async function fill(http: HttpClient, { shelves, books, letters }: typeof MANY): Promise<void> {
  const load = "é".repeat(letters / 2);
  for (let n = 0; n < shelves; n++) {
    // Every other one has no name: the rebuild gives it the default.
    const body = { id: `s${n}`, load: `${n}${load}`, ...(n % 2 === 0 ? { name: `shelf ${n}` } : {}) };
    const reply = await http.send({ method: "POST", path: "/api/shelves", headers: headersOf("w", `s${n}`), body });
    expect(reply.status, reply.text.slice(0, 500)).toBe(201);
  }
  for (let n = 0; n < books; n++) expect((await http.send(bookCall(n, shelves))).status).toBe(201);
}

function bookCall(n: number, shelves: number) {
  return {
    method: "POST",
    path: "/api/books",
    headers: headersOf("w", `b${n}`),
    body: { id: `b${n}`, shelfId: `s${n % shelves}`, title: `book ${n}` },
  };
}

function libraryFile(folder: string): string {
  const file = sqliteFiles(folder).find((each) => withDatabase(each, (database) => hasTable(database, "books")));
  if (file === undefined) throw new Error("no file holds the books");
  return file;
}
