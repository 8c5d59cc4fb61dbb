/** Schedules that are made while the application runs: rows that run, change, pause and go; beside one that stands in the code. */

import { env } from "cloudflare:test";
import { expect, it } from "vitest";
import { app } from "./app.ts";
import { ring, row, send, sql, until } from "./client.ts";

const HOUR = 3_600_000;
const schedule = async (options: object) => send("ann", "POST /schedules", options);
const shown = (id: string) => row(id, "job_schedules");
const jobsOf = (id: string) => sql("SELECT id, state FROM jobs WHERE schedule_id = ? ORDER BY id", id);
/** As if its time had come by the clock of the object, and the alarm had not rung yet. */
const isDue = (id: string, at = Date.now()) =>
  sql("UPDATE job_schedules SET wake_at = ?, started_at = ? WHERE id = ?", at, at - HOUR, id);

it("[J4] a schedule of run time is a row that makes its runs, each once, whatever is said twice", async () => {
  const { json } = await schedule({ everyMs: HOUR, input: { a: 2, b: 3 } });
  expect(await schedule({ everyMs: HOUR, input: { a: 2, b: 3 } })).toMatchObject({ status: 200, json });
  const { id } = json;
  const { startedAt, nextAt, isDeclared } = await shown(id);
  expect([Date.parse(nextAt) - Date.parse(startedAt), isDeclared]).toEqual([HOUR, false]);
  await isDue(id);
  await ring("1 = 0");
  await ring("1 = 0");
  const made = await jobsOf(id);
  expect(made).toHaveLength(1);
  expect(await until(String(made[0]?.id), "completed")).toMatchObject({ result: { sum: 5 }, createdBy: null });
  expect(Date.parse((await shown(id)).nextAt)).toBeGreaterThan(Date.now());
});

it("[J4] one that is changed, paused or removed in the moment in which its run is due has made it", async () => {
  for (const change of [
    (id: string) => schedule({ id, cron: "0 7 * * 1", timeZone: "Europe/Berlin" }),
    (id: string) => send(null, "POST /_/jobs/pause", { schedule: id }),
    (id: string) => send(null, "POST /_/jobs/remove", { schedule: id }),
  ]) {
    const { json } = await schedule({ id: "changing", everyMs: HOUR });
    const before = (await jobsOf(json.id)).length;
    await isDue(json.id);
    expect((await change(json.id)).status).toBe(200);
    expect(await jobsOf(json.id)).toHaveLength(before + 1);
    await send("ann", `POST /schedules/${json.id}/resume`);
  }
});

it("[J4] while it is paused a schedule makes no run, and none for that time afterwards", async () => {
  const { id } = (await schedule({ id: "resting", everyMs: HOUR, catchUp: "all" })).json;
  expect((await send("ann", `POST /schedules/${id}/pause`)).json).toEqual({ isThere: true });
  expect(await shown(id)).toMatchObject({ isPaused: true, nextAt: null });
  // Days have gone by.
  await sql("UPDATE job_schedules SET started_at = started_at - ? WHERE id = ?", 50.5 * HOUR, id);
  await ring("1 = 0");
  expect((await send("ann", `POST /schedules/${id}/resume`)).json).toEqual({ isThere: true });
  await ring("1 = 0");
  expect(await jobsOf(id)).toEqual([]);
  expect(Date.parse((await shown(id)).nextAt) - Date.now()).toBeLessThan(HOUR);
  expect((await send("ann", `POST /schedules/${id}/remove`)).json).toEqual({ isThere: true });
  expect((await send("ann", `POST /schedules/${id}/remove`)).json).toEqual({ isThere: false });
  expect((await send(null, "POST /_/jobs/pause", { schedule: id })).status).toBe(404);
});

it("[J4] one of the code is kept by the code: paused by operators, not changed or removed", async () => {
  // A cron trigger of the platform: what the first request of an isolate does may have been another test's.
  await app.scheduled({}, env as never);
  expect(await shown("nightly")).toMatchObject({ isDeclared: true });
  expect((await schedule({ id: "nightly", everyMs: HOUR })).status).toBe(400);
  expect((await send(null, "POST /_/jobs/remove", { schedule: "nightly" })).status).toBe(400);
  expect((await send(null, "POST /_/jobs/pause", { schedule: "nightly" })).json).toMatchObject({ isPaused: true });
  expect((await send(null, "POST /_/jobs/resume", { schedule: "nightly" })).json).toMatchObject({ isPaused: false });
  expect(await shown("nightly")).toMatchObject({ cron: "0 3 * * *", isPaused: false });
});

it.each([
  [{}, "needs one of"],
  [{ cron: "0 7 * * 1", everyMs: HOUR }, "needs one of"],
  [{ cron: "0 0 30 2 *" }, "never runs"],
  [{ cron: "0 0 0 1 1 * 2020" }, "never runs"],
  [{ cron: "every day" }, "cannot be read"],
  [{ cron: `0 ${"0,".repeat(100)}0 * * *` }, "longer than 200"],
  [{ cron: "0 7 * * *", timeZone: "Mars/Olympus" }, "cannot be read"],
  [{ cron: "0 7 * * *", timeZone: "" }, "empty"],
  [{ everyMs: 999 }, "no integer from 1000"],
  [{ everyMs: 9e15 }, "no integer from 1000"],
  [{ everyMs: HOUR, priority: 101 }, "from 0 to 100"],
  [{ everyMs: HOUR, id: "a/b" }, "must be 1 to 64"],
  [{ everyMs: HOUR, catchUp: "sometimes" }, "`catchUp`"],
  [{ everyMs: HOUR, input: { a: "x" } }, "expected number"],
])("[J4] a schedule of %j is refused", async (options, reason) => {
  const { status, json } = await schedule(options);
  expect([status, JSON.stringify(json)]).toEqual([400, expect.stringContaining(reason)]);
});
