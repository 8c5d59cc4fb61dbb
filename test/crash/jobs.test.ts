/**
 * Jobs on a real workerd process that is killed with -9 under people who enqueue. There is no queue here: handlers run beside requests and
 * alarms, so a kill loses every call and every handler there is, as the worst queue would. Afterwards every acknowledged job has ended, what it
 * recorded in another object stands once, and no run of a schedule is missing or doubled.
 *
 *   RUNS=20 SEED=100 LOAD_MS=30000 npm run chaos -- jobs
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundleApp } from "./bundle-app.ts";
import { seeded } from "./random.ts";
import { freePort, killAll, pause, workerdProcess } from "./workerd-process.ts";

const RUNS = Number(process.env.RUNS ?? 1);
const FIRST = Number(process.env.SEED ?? 1);
const LOAD_MS = Number(process.env.LOAD_MS ?? 4000);
/** It lasts so many times `LOAD_MS` at most. */
const PATIENCE = 6;
const WRITERS = 3;

let bundle = "";
beforeAll(async () => {
  bundle = await bundleApp({ name: "jobs", app: join(import.meta.dirname, "app/jobs-app.ts") });
});
afterAll(killAll);

interface Row {
  readonly id: string;
  readonly jobId: string;
  readonly name: string;
  readonly state: string;
  readonly attempt: number;
  readonly scheduleId: string | null;
  readonly input: { readonly key: string } | null;
}

interface ScheduleRow {
  readonly startedAt: string;
  readonly lastAt: string;
}

it.each(Array.from({ length: RUNS }, (_, index) => FIRST + index))(
  "[J2] [J4] [J13] after kills every acknowledged job has ended, and what it records stands once (seed %i)",
  async (seed) => {
    const random = seeded(seed);
    const folder = mkdtempSync(join(tmpdir(), "ledge-crash-jobs-"));
    const workerd = workerdProcess({ bundle, folder, port: await freePort() });
    await workerd.start();
    const ask = async (user: string, method: string, path: string, body?: object, key?: string) => {
      const response = await fetch(`${workerd.origin}${path}`, {
        method,
        headers: {
          authorization: `Bearer dev:${user}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(key === undefined ? {} : { "idempotency-key": key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(5000),
      });
      return {
        status: response.status,
        json: (await response.json()) as {
          readonly id: string;
          readonly items: Row[];
          readonly nextCursor: string | null;
        } & ScheduleRow,
      };
    };
    const all = async (path: string): Promise<Row[]> => {
      const rows: Row[] = [];
      for (let cursor: string | null = ""; cursor !== null; ) {
        const { json } = await ask(
          "root,role=admin",
          "GET",
          `${path}?limit=100${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
        );
        rows.push(...json.items);
        cursor = json.nextCursor;
      }
      return rows;
    };

    const acknowledged = new Set<string>();
    const startedAt = Date.now();
    let kills = 0;
    // On a slow machine until it was killed often enough.
    const isOver = () => Date.now() - startedAt > LOAD_MS * (kills > 2 && acknowledged.size > 20 ? 1 : PATIENCE);
    const enqueue = async (writer: number) => {
      for (let count = 0; !isOver(); count++) {
        const key = `${seed}-${writer}-${count}`;
        // The same key until it is answered: once, however often it was sent.
        while (!isOver()) {
          const sent = await ask(`w${writer}`, "POST", "/api/jobs", { name: "recording", input: { key } }, key).catch(
            () => null,
          );
          if (sent?.status === 201) {
            acknowledged.add(sent.json.id);
            break;
          }
          await pause(50);
        }
        await pause(20);
      }
    };
    const kill = async () => {
      while (!isOver()) {
        await pause(random.between(300, 1200));
        await workerd.kill();
        kills++;
        await workerd.start();
      }
    };
    await Promise.all([...Array.from({ length: WRITERS }, (_, writer) => enqueue(writer)), kill()]);

    const givenUpAt = Date.now() + 60_000;
    const left = async () =>
      (await all("/api/jobs")).filter(({ state, name }) => name === "recording" && state !== "completed");
    for (let open = await left(); open.length > 0; open = await left()) {
      if (Date.now() > givenUpAt)
        throw new Error(`never ended: ${JSON.stringify(open.slice(0, 3))}\n${workerd.output().slice(-2000)}`);
      await pause(200);
    }
    // No run comes any more, so that rows and schedule are read as of one moment.
    expect((await ask("root,role=admin", "POST", "/_/jobs/pause", { schedule: "ticking" })).status).toBe(200);
    const schedule = (await ask("root,role=admin", "GET", "/api/job_schedules/ticking")).json;
    const jobs = await all("/api/jobs");
    const recorded = await all("/api/entries");
    await workerd.kill();
    rmSync(folder, { recursive: true, force: true });

    const done = jobs.filter(({ name }) => name === "recording").map(({ id }) => id);
    expect([...acknowledged].filter((id) => !done.includes(id))).toEqual([]);
    expect(recorded.map(({ jobId }) => jobId).sort()).toEqual([...done].sort());
    // One job a key, however often it was posted.
    const keys = jobs.flatMap(({ input }) => input?.key ?? []);
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
    // As many ticks as seconds from when the schedule became a row to its last run: one less is missing, one more is doubled.
    const ticks = jobs.filter(({ scheduleId }) => scheduleId === "ticking").length;
    expect(ticks).toBe((Date.parse(schedule.lastAt) - Date.parse(schedule.startedAt)) / 1000);
    expect(ticks).toBeGreaterThan(LOAD_MS / 1000 - 3);
    expect(kills).toBeGreaterThan(2);
    expect(acknowledged.size).toBeGreaterThan(20);
    expect(jobs.filter(({ attempt }) => attempt > 1).length).toBeGreaterThan(0);
    console.log(`seed ${seed}: ${done.length} jobs, ${acknowledged.size} acknowledged, ${kills} kills, ${ticks} ticks`);
  },
);
