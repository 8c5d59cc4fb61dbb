/**
 * Floods beyond what one object can take, on a real workerd process: what is too much is refused at once with 503 and Retry-After, what
 * is admitted waits no longer than behind a full queue, and memory is given back. The floods are raised inside the Worker, as if
 * many Workers brought them: over HTTP into one process, its own sockets would be the bottleneck. Bounds are relative to runs of
 * the same process without a flood, since machines differ.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_CALLS_IN_FLIGHT } from "../../src/edge/calls-in-flight.ts";
import { app } from "./app/app.ts";
import type { Flood, FloodReport } from "./app/harm.ts";
import { bundleApp } from "./bundle-app.ts";
import { checkObject } from "./check-object.ts";
import { type HttpClient, httpClient } from "./http-client.ts";
import { readObjects } from "./object-file.ts";
import { headersOf } from "./operations.ts";
import { freePort, killAll, type WorkerdProcess, workerdProcess } from "./workerd-process.ts";

/** So many times what is admitted at once. */
const EXCESS = 6;
const ROUNDS = Number(process.env.ROUNDS ?? 3);

let bundle = "";
let folder = "";
let server: WorkerdProcess;
let http: HttpClient;
beforeAll(async () => {
  bundle = await bundleApp({ name: "campaign", app: join(import.meta.dirname, "app/app.ts"), variant: "harmful" });
  folder = mkdtempSync(join(tmpdir(), "ledge-overload-"));
  server = workerdProcess({ bundle, folder, port: await freePort() });
  http = httpClient(server.origin);
  await server.start();
});
afterAll(async () => {
  http.close();
  await killAll();
  rmSync(folder, { recursive: true, force: true });
});

const row = { origin: "flood", last: "flood", body: "text ".repeat(40) };
const KINDS: readonly Omit<Flood, "count">[] = [
  { method: "GET", path: "/api/notes?limit=100" },
  { method: "POST", path: "/api/notes", body: row },
  { method: "POST", path: "/api/notes/batch", body: { items: Array.from({ length: 10 }, () => row) } },
];

describe("an overloaded object", () => {
  it("[HT72] refuses what is too much at once, answers the rest in bounded time, and keeps no memory of it", async () => {
    let acknowledged = 0;
    const flood = async (kind: Omit<Flood, "count">, count: number): Promise<FloodReport> => {
      const reply = await http.send({ method: "POST", path: "/harm/flood", body: { ...kind, count } });
      const report = JSON.parse(reply.text) as FloodReport;
      expect(report.others.slice(0, 3)).toEqual([]);
      expect(report.admittedMs.length + report.refusedMs.length).toBe(count);
      if (kind.method === "POST") acknowledged += report.admittedMs.length * (kind.path.endsWith("batch") ? 10 : 1);
      return report;
    };
    const lines: string[] = [];
    const resident: number[] = [];
    const shares = new Map(KINDS.map((kind) => [kind, [] as number[]]));
    // The first rounds warm the process up and fill its caches.
    for (let round = -2; round < ROUNDS; round++) {
      for (const kind of KINDS) {
        const alone = await flood(kind, 1);
        const full = await flood(kind, MAX_CALLS_IN_FLIGHT);
        const over = await flood(kind, MAX_CALLS_IN_FLIGHT * EXCESS);
        resident.push(server.residentBytes());
        if (round < 0) continue;
        const [aloneMs, fullMs, overMs, refusedMs] = [
          alone.admittedMs,
          full.admittedMs,
          over.admittedMs,
          over.refusedMs,
        ].map(last);
        if (round === ROUNDS - 1)
          lines.push(
            `${kind.method} ${kind.path}: alone ${aloneMs} ms; ${MAX_CALLS_IN_FLIGHT} at once ${fullMs} ms; ${MAX_CALLS_IN_FLIGHT * EXCESS} at once: ${over.admittedMs.length} admitted within ${overMs} ms, ${over.refusedMs.length} refused within ${refusedMs} ms`,
          );
        expect(full.refusedMs, "nobody is refused up to the limit").toEqual([]);
        expect(over.refusedMs.length, "refused").toBeGreaterThan(MAX_CALLS_IN_FLIGHT * (EXCESS - 2));
        shares.get(kind)?.push((overMs ?? 0) / Math.max(1, (fullMs ?? 0) + (refusedMs ?? 0)));
      }
    }
    // The last of those admitted waits for a full queue, after what the Worker itself took to turn the others away; three times that,
    // in the best round, because machines are shared.
    for (const [{ method, path }, each] of shares) expect(Math.min(...each), `${method} ${path}`).toBeLessThan(3);
    const kept = resident.slice(2 * KINDS.length);
    const half = kept.length / 2;
    const [first, second] = [mean(kept.slice(0, half)), mean(kept.slice(half))];
    lines.push(`resident memory: ${megabytes(first)} in the first half, ${megabytes(second)} in the second`);
    console.log(lines.join("\n"));
    expect(second, "resident memory, second half").toBeLessThan(first * 1.25);

    const count = await http.send({ method: "GET", path: "/api/notes/count", headers: headersOf("w", "count") });
    expect(JSON.parse(count.text)).toMatchObject({ count: acknowledged });
    await server.kill();
    const objects = readObjects(server.objects, app.definition);
    expect([...objects.values()].flatMap((object) => checkObject(object, null))).toEqual([]);
  });
});

function last(times: readonly number[]): number {
  return Math.max(...times);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
