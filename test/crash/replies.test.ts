/**
 * Stored replies go by an alarm when their time is over. The process is killed, and objects are aborted, at each step of that: nothing
 * that still answers a key is lost, what has expired goes in the end, without a request to wake the object, and the timer stands for
 * the next time.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FailPointName } from "../../durable-objects/table/fail-points.ts";
import { type HarmDone, type Plan, STOPPED_AT } from "./app/harm.ts";
import { app, SHORT_TTL_MS } from "./app/short-keys.ts";
import { bundleApp } from "./bundle-app.ts";
import { describePoints, newTally } from "./harm-driver.ts";
import { type HttpClient, httpClient } from "./http-client.ts";
import { readObjects } from "./object-file.ts";
import { headersOf } from "./operations.ts";
import { freePort, killAll, pause, type WorkerdProcess, workerdProcess } from "./workerd-process.ts";

const POINTS = [
  "alarm.begun",
  "replies.pruned",
  "alarm.timer-ran",
  "alarm.timer-settled",
  "alarm.rearmed",
] as const satisfies readonly FailPointName[];
const KEYS = 5;
const DEADLINE_MS = 30_000;

let bundle = "";
beforeAll(async () => {
  bundle = await bundleApp({
    name: "short-keys",
    app: join(import.meta.dirname, "app/short-keys.ts"),
    variant: "harmful",
  });
});
afterAll(killAll);

describe("expired replies", () => {
  const counts = newTally(POINTS);

  it.each(POINTS)("[HT41] [HT71] killed at %s, they go after the next start, and no others", async (point) => {
    await onServer(async ({ server, http, stopped }) => {
      await plan(http, [{ point, act: "stop", skip: 0, times: 1 }]);
      const isStopped = until(() => stopped.length > 0, `the process to stop at ${point}`);
      // On a slow machine the first key expires, and the process stands still, before the last one is written.
      const unwritten = await write(http, "p0", isStopped);
      await isStopped;
      expect(stopped).toEqual([point]);
      await server.kill();
      const count = counts.get(point);
      if (count !== undefined) count.killed += 1;
      await server.start();
      await writeAll(http, unwritten);
      await expectPruned(server, ["p0"]);
      await server.start();
      await expectReplays(http, "p0");
    });
  });

  it("[HT41] [HT71] aborted at any step, each object forgets them all the same, and no others", async () => {
    await onServer(async ({ server, http }) => {
      // Each object passes the points where the ones before it ended, and ends at the next.
      const places = POINTS.map((_, index) => `p${index}`);
      await plan(
        http,
        POINTS.map((point) => ({ point, act: "abort", skip: 0, times: 1 })),
      );
      for (const place of places) await writeAll(http, callsOf(place));
      let aborted: HarmDone["aborted"] = {};
      await until(async () => {
        aborted = (JSON.parse((await http.send({ method: "GET", path: "/harm/done" })).text) as HarmDone).aborted;
        return POINTS.every((point) => (aborted[point] ?? 0) > 0);
      }, "every point to end an object");
      for (const [point, count] of counts) count.aborted += aborted[point] ?? 0;
      await server.kill();
      await server.start();
      await expectPruned(server, places);
      await server.start();
      for (const place of places) await expectReplays(http, place);
    });
    console.log(describePoints(counts));
  });
});

interface Served {
  readonly server: WorkerdProcess;
  readonly http: HttpClient;
  /** Points where the process stood still. */
  readonly stopped: string[];
}

async function onServer(run: (served: Served) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ledge-replies-"));
  const server = workerdProcess({ bundle, folder, port: await freePort() });
  const http = httpClient(server.origin);
  const stopped: string[] = [];
  server.onLine((line) => {
    if (line.startsWith(STOPPED_AT)) stopped.push(line.slice(STOPPED_AT.length));
  });
  try {
    await server.start();
    await run({ server, http, stopped });
  } finally {
    await server.kill();
    http.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function plan(http: HttpClient, plans: readonly Plan[]): Promise<void> {
  expect((await http.send({ method: "POST", path: "/harm/plans", body: plans })).status).toBe(200);
}

const call = (table: string, place: string, n: number) => ({
  method: "POST",
  path: `/api/@${place}/${table}`,
  headers: headersOf("w", `${table}.${n}`),
  body: { id: `${table}.${n}` },
});

type Call = ReturnType<typeof call>;

/** The lasting ones last: what they promise must not rest on being written before the timer was set. */
function callsOf(place: string): Call[] {
  return ["brief", "lasting"].flatMap((table) => Array.from({ length: KEYS }, (_, n) => call(table, place, n)));
}

async function writeAll(http: HttpClient, calls: readonly Call[]): Promise<void> {
  for (const each of calls) {
    const reply = await http.send(each);
    // An object that ends as it is written to is asked again by the Worker, under the same key.
    expect(reply.status, reply.text).toBe(201);
  }
}

/** Writes until the process stands still; what has no reply by then. */
async function write(http: HttpClient, place: string, isStopped: Promise<void>): Promise<Call[]> {
  const calls = callsOf(place);
  for (const [index, each] of calls.entries()) {
    const sent = writeAll(http, [each]).then(() => "written" as const);
    sent.catch(() => undefined);
    if ((await Promise.race([sent, isStopped])) !== "written") return calls.slice(index);
  }
  return [];
}

/** Looks into the files, between which the process runs without a request. */
async function expectPruned(server: WorkerdProcess, places: readonly string[]): Promise<void> {
  const lasting = Array.from({ length: KEYS }, (_, n) => `lasting.${n}`).sort();
  await until(async () => {
    await pause(SHORT_TTL_MS);
    await server.kill();
    const objects = readObjects(server.objects, app.definition);
    const found = places.map((place) => objects.get(`t/keys/keys/${place}`));
    for (const object of found)
      expect([...(object?.replies.keys() ?? [])].filter((key) => key.startsWith("lasting")).sort()).toEqual(lasting);
    const isPruned = found.every((object) => object?.replies.size === KEYS && object.timers.length === 1);
    if (!isPruned) await server.start();
    return isPruned;
  }, "expired replies to go");
}

async function expectReplays(http: HttpClient, place: string): Promise<void> {
  const again = await http.send(call("lasting", place, 0));
  expect([again.status, again.isReplay]).toEqual([201, true]);
  // Forgotten: the same request is a new one, and meets its own row.
  expect((await http.send(call("brief", place, 0))).status).toBe(409);
}

async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await pause(20);
  }
}
