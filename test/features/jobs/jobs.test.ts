/** Jobs from the request to their end, through real objects: enqueue, run, fail, try again, give up, cancel, see. */

import { enqueueWith, initializeTasks, job, registerTasks, startTaskWorkers } from "ledge/jobs";
import { describe, expect, it, vi } from "vitest";
import { jobIdOf } from "../../../src/features/jobs/job-id.ts";
import { dead, held, released, seen } from "./app.ts";
import { enqueueJob, ring, row, rowsWritten, send, sql, until } from "./client.ts";

/** Enqueue, start and end: three commits, each the row, its indexes and the ledger's. */
const MAX_ROWS_A_JOB = 11;

const BOSS = "boss,role=boss";

describe("enqueue and run", () => {
  it("[J2] a job runs once, and its row says how it went", async () => {
    const id = await enqueueJob("add", { a: 40, b: 2 });
    const job = await until(id, "completed");
    expect(job).toMatchObject({ name: "add", attempt: 1, progress: 100, result: { sum: 42 }, error: null });
    expect(seen.filter((each) => each === "add 40+2 #1")).toHaveLength(1);
    expect(Object.keys(job)).not.toContain("place");
    expect(Object.keys(job)).not.toContain("wakeAt");
  });

  it("[J16] an input that does not fit is 400 and enqueues nothing", async () => {
    const { status, json } = await send(null, "POST /enqueue/add", { input: { a: "x", b: 1 } });
    expect(status).toBe(400);
    expect(json.errors[0].field).toBe("input.a");
  });

  it("[J2] a commit brings its jobs, a rollback none; each once", async () => {
    const { status } = await send("ann", "POST /api/orders", { total: 500 });
    expect(status).toBe(201);
    await vi.waitFor(() => expect(seen).toContain("add 500+1 #1"), { timeout: 10_000 });
    expect((await send("ann", "POST /api/orders", { total: 13 })).status).toBe(500);
    const { json } = await send(null, "POST /order", {});
    await vi.waitFor(() => expect(seen).toContain("add 20+22 #1"), { timeout: 10_000 });
    await until(json.id, "scheduled");
    expect(seen.filter((each) => each.startsWith("add 13+"))).toEqual([]);
    expect(seen.filter((each) => each === "add 500+1 #1")).toHaveLength(1);
  });

  it("[J9] the same key is the same job; another is another", async () => {
    const [first, second] = [
      await enqueueJob("add", { a: 1, b: 1 }, { key: "k" }),
      await enqueueJob("add", { a: 9, b: 9 }, { key: "k" }),
    ];
    expect(second).toBe(first);
    expect(await enqueueJob("add", { a: 1, b: 1 }, { key: "l" })).not.toBe(first);
    await until(first, "completed");
    expect(await enqueueJob("add", { a: 9, b: 9 }, { key: "k" })).toBe(first);
  });

  it("[J9] the id of a job that is known by its key cannot be taken by a client", async () => {
    const id = await jobIdOf("key", "add", "invoice-17");
    const taken = await send("ann", "POST /api/jobs", { id, name: "add", input: { a: 6, b: 6 } });
    expect(taken.status).toBe(400);
    expect(await enqueueJob("add", { a: 17, b: 0 }, { key: "invoice-17" })).toBe(id);
    expect(await until(id, "completed")).toMatchObject({ result: { sum: 17 }, createdBy: null });
  });

  it("[J2] a job that no application lists is refused where it is asked for", () => {
    const unlisted = job({ name: "unlisted", handler: () => null });
    expect(() => enqueueWith({} as never, unlisted, {})).toThrow(/in no list of jobs/);
  });

  it("[J14] registering tasks is the feature itself, and there are no workers to start", () => {
    const feature = registerTasks([job({ name: "registered", handler: () => null })]);
    expect([feature.name, Object.keys(feature.effects ?? {})]).toEqual([
      "jobs",
      expect.arrayContaining(["registered"]),
    ]);
    expect([initializeTasks(), startTaskWorkers()]).toEqual([undefined, undefined]);
  });

  it("[J16] an input is measured in bytes, and told how many it has", async () => {
    const { status, json } = await send(null, "POST /enqueue/noting", { input: { text: "ä".repeat(70_000) } });
    expect([status, json.errors[0].message]).toEqual([
      400,
      expect.stringMatching(/has 140\d{3} bytes, limit is 131072/),
    ]);
  });

  it("[J3] a job with a delay waits for its time, and the alarm for nothing else", async () => {
    const id = await enqueueJob("add", { a: 7, b: 0 }, { delayMs: 90 * 86_400_000 });
    expect((await row(id)).state).toBe("scheduled");
    await ring(`id = '${id}'`);
    await until(id, "completed");
  });
});

describe("failure", () => {
  it("[J6] an attempt that fails is followed by another, up to the last", async () => {
    const id = await enqueueJob("shaky", { failures: 2 });
    expect(await until(id, "completed")).toMatchObject({ attempt: 3, result: 3 });
  });

  it("[J12] a job out of attempts is on the dead list; the alert is told, a replay names its line", async () => {
    const id = await enqueueJob("shaky", { failures: 9 });
    expect(await until(id, "dead")).toMatchObject({ attempt: 3, error: "not yet" });
    await vi.waitFor(() => expect(dead.map(({ taskId }) => taskId)).toContain(id), { timeout: 10_000 });
    expect((await send("ann", "POST /_/jobs/replay", { ids: [id, id] })).status).toBe(200);
    const { replayedAs } = await row(id);
    expect(await until(replayedAs, "dead")).toMatchObject({ originalId: id, replayCount: 1 });
    const again = await send("ann", "POST /_/jobs/replay", { ids: [id] });
    expect(again.json.replayed).toEqual([]);
  });

  it("[J6] an error that is final ends the job at once", async () => {
    const [thrown, refused] = [
      await enqueueJob("shaky", { failures: 0, final: true }),
      await enqueueJob("shaky", { failures: 7 }),
    ];
    expect(await until(thrown, "dead")).toMatchObject({ attempt: 1, error: "no use" });
    expect(await until(refused, "dead")).toMatchObject({ attempt: 2, error: "final" });
  });

  it("[J6] a retryOn that throws decides nothing: each attempt has failed with its own error, not by the end of its lease", async () => {
    const id = await enqueueJob("shaky", { failures: 99 });
    expect(await until(id, "dead")).toMatchObject({ attempt: 3, error: "unforeseen" });
  });

  it("[J13] a result that a row cannot hold ends the job at once", async () => {
    const id = await enqueueJob("broken", { bytes: 400_000 });
    expect(await until(id, "dead")).toMatchObject({ attempt: 1, error: expect.stringContaining("has 400002 bytes") });
    expect(await until(await enqueueJob("broken", { bytes: 300_000 }), "completed")).toMatchObject({ attempt: 1 });
  });

  it("[J15] who enqueued a job reads of a defect that it was one, of an error that was meant for them all", async () => {
    const errorOf = async (user: string, input: object) => {
      const { json } = await send(user, "POST /api/jobs", { name: "broken", input });
      return (await until(json.id, "dead")).error;
    };
    expect(await errorOf("ann", {})).toBe("The handler failed; the log has its error under the id of the job");
    expect(await errorOf("ann", { isSaid: true })).toBe("the partner answers 503");
    // Server code enqueued this one: operators alone see it.
    expect(await until(await enqueueJob("broken", {}), "dead")).toMatchObject({
      error: "connect to 10.1.2.3 with password hunter2",
    });
  });

  it("[J13] a handler that dies is found by the end of its lease", async () => {
    const id = await enqueueJob("add", { a: 5, b: 5 }, { delayMs: 3_600_000 });
    // As a Worker leaves it that claimed the job and was gone.
    await sql("UPDATE jobs SET state = 'running', attempt = 1, place = -1, started_at = 1 WHERE id = ?", id);
    await ring(`id = '${id}'`);
    expect(await row(id)).toMatchObject({ state: "failed", error: "The handler stopped answering" });
    await ring(`id = '${id}'`);
    expect(await until(id, "completed")).toMatchObject({ attempt: 2 });
  });
});

describe("recorded effects", () => {
  const notesOf = async (text: string) =>
    (await send("ann", "GET /api/notes?limit=100")).json.items.filter((note: { text: string }) =>
      note.text.startsWith(text),
    );

  it("[J13] what a handler writes with its end is one commit with it, whatever comes after", async () => {
    const id = await enqueueJob("noting", { text: "one", failAfter: true });
    expect(await until(id, "completed")).toMatchObject({ attempt: 1, result: { text: "one" } });
    expect(await notesOf("one")).toHaveLength(1);
  });

  it("[J13] an attempt that has lost its job writes nothing", async () => {
    const id = await enqueueJob("noting", { text: "two", stuck: true });
    await vi.waitFor(() => expect(held.has(id)).toBe(true), { timeout: 10_000 });
    // The lease is over by the clock of the object; another attempt takes the job while the first still runs.
    await ring(`id = '${id}'`);
    await ring(`id = '${id}'`);
    expect(await until(id, "completed")).toMatchObject({ attempt: 2 });
    released.add(id);
    await vi.waitFor(
      async () => expect((await notesOf("two")).map(({ text }: { text: string }) => text)).toEqual(["two #2"]),
      { timeout: 10_000 },
    );
  });
});

describe("concurrency, progress, cancel", () => {
  it("[J10] no more run at once than may, and the next begins when one ends", async () => {
    const ids = [];
    for (const label of ["x", "y", "z"]) ids.push(await enqueueJob("slow", { label }));
    const [x = "", y = "", z = ""] = ids;
    await vi.waitFor(() => expect([...held]).toEqual(expect.arrayContaining(["x", "y"])), { timeout: 10_000 });
    expect((await row(z)).state).toBe("pending");
    released.add("x");
    await until(x, "completed");
    await until(z, "running");
    released.add("y");
    await vi.waitFor(() => expect(held.has("z")).toBe(true), { timeout: 10_000 });
    released.add("z");
    await Promise.all([until(y, "completed"), until(z, "completed")]);
  });

  it("[J7] progress is in the row while the job runs", async () => {
    const id = await enqueueJob("slow", { label: "p" });
    await vi.waitFor(async () => expect(await row(id)).toMatchObject({ progress: 40, note: "half way, nearly" }), {
      timeout: 10_000,
    });
    await vi.waitFor(() => expect(held.has("p")).toBe(true), { timeout: 10_000 });
    released.add("p");
    await until(id, "completed");
  });

  it("[J15] its owner sees and cancels a job, others do not", async () => {
    const created = await send(BOSS, "POST /api/jobs", { name: "slow", input: { label: "c" } });
    expect(created.status).toBe(201);
    const { id } = created.json;
    expect((await send("ann", `GET /api/jobs/${id}`)).status).toBe(404);
    expect((await send("ann", `POST /api/jobs/${id}/cancel`)).status).toBe(404);
    expect((await send(null, `POST /api/jobs/${id}/cancel`)).status).toBe(401);
    await vi.waitFor(() => expect(held.has("c")).toBe(true), { timeout: 10_000 });
    expect((await send(BOSS, `POST /api/jobs/${id}/cancel`)).json).toMatchObject({
      state: "running",
      isCancelling: true,
    });
    expect(await until(id, "cancelled")).toMatchObject({ result: null });
    const waiting = await enqueueJob("add", { a: 1, b: 1 }, { delayMs: 100_000 });
    expect((await send("root,role=admin", `POST /api/jobs/${waiting}/cancel`)).json).toMatchObject({
      state: "cancelled",
    });
  });

  it("[J15] who may enqueue what is for the definition to say, and rows are nobody's to write", async () => {
    const post = (user: string | null, body: object) => send(user, "POST /api/jobs", body);
    expect((await post("ann", { name: "slow", input: { label: "no" } })).status).toBe(403);
    expect((await post("ann", { name: "shaky", input: { failures: 0 } })).status).toBe(403);
    expect((await post("ann", { name: "nothing" })).status).toBe(400);
    expect((await post(null, { name: "add", input: { a: 1, b: 1 } })).status).toBe(401);
    const made = await post("ann", { name: "add", input: { a: 3, b: 4 }, state: "completed", attempt: 9 });
    expect(made.status).toBe(201);
    expect(await until(made.json.id, "completed")).toMatchObject({ createdBy: "ann", attempt: 1 });
    expect((await send("ann", `PATCH /api/jobs/${made.json.id}`, { priority: 100 })).status).toBe(405);
    expect((await send("ann", `DELETE /api/jobs/${made.json.id}`)).status).toBe(405);
  });
});

describe("operators", () => {
  it("[J11] while it is paused nothing begins and nothing is lost", async () => {
    expect((await send(null, "POST /_/jobs/pause", { name: "add" })).status).toBe(200);
    const id = await enqueueJob("add", { a: 100, b: 1 });
    await enqueueJob("shaky", { failures: 0 }).then((other) => until(other, "completed"));
    expect((await row(id)).state).toBe("pending");
    await send(null, "POST /_/jobs/resume", { name: "add" });
    await until(id, "completed");
  });

  it("[J11] [J8] while jobs wait for a pause to end the alarm sleeps, and its end calls for them", async () => {
    await send(null, "POST /_/jobs/pause", {});
    const id = await enqueueJob("add", { a: 100, b: 2 });
    await sql("UPDATE job_controls SET wake_at = 1 WHERE id = '_pulse'");
    await ring("1 = 0");
    expect(await sql("SELECT wake_at FROM job_controls WHERE id = '_pulse'")).toEqual([{ wake_at: null }]);
    await send(null, "POST /_/jobs/resume", {});
    await until(id, "completed");
  });

  it("[J11] [J12] a job whose definition is gone waits, looked for ever less often, until it is given up", async () => {
    const [hour, day] = [3_600_000, 86_400_000];
    const known = await enqueueJob("add", { a: 3, b: 3 }, { delayMs: hour });
    const strays = async (state: string, ageMs: number) => {
      await sql("UPDATE job_controls SET wake_at = 1 WHERE id = '_pulse'");
      await sql(
        "UPDATE jobs SET name = 'gone', state = ?, place = 1, wake_at = NULL, due_at = ?",
        state,
        Date.now() - ageMs,
      );
      await ring("1 = 0");
      const [pulse] = await sql("SELECT wake_at - ? AS wait FROM job_controls WHERE id = '_pulse'", Date.now());
      return Number(pulse?.wait);
    };
    expect(await strays("pending", 0)).toBeLessThanOrEqual(30_000);
    expect(await strays("pending", hour / 2)).toBeGreaterThan(hour / 4);
    expect(await strays("pending", 6.9 * day)).toBeLessThanOrEqual(hour);
    expect((await row(known)).state).toBe("pending");
    await strays("pending", 7 * day);
    expect(await row(known)).toMatchObject({
      state: "dead",
      attempt: 0,
      error: expect.stringContaining('"gone" for 7 days'),
    });
    await vi.waitFor(() => expect(dead.map(({ taskId }) => taskId)).toContain(known), { timeout: 10_000 });
  });

  it("[J13] a job that was posted is looked for, although nobody may have been called", async () => {
    await sql("DELETE FROM job_controls WHERE id = '_pulse'");
    await send(null, "POST /_/jobs/pause", { name: "add" });
    const { json } = await send("ann", "POST /api/jobs", { name: "add", input: { a: 6, b: 6 } });
    expect(await sql("SELECT wake_at > 0 AS is_set FROM job_controls WHERE id = '_pulse'")).toEqual([{ is_set: 1 }]);
    await sql("UPDATE job_controls SET is_paused = 0");
    await sql("UPDATE job_controls SET wake_at = 1 WHERE id = '_pulse'");
    await ring();
    await until(json.id, "completed");
  });

  it("[J8] a job that has ended goes when its time is over, and the alarm then sleeps", async () => {
    const id = await enqueueJob("add", { a: 2, b: 2 });
    await until(id, "completed");
    // The schedule of the code waits for its night otherwise.
    await send(null, "POST /_/jobs/pause", { schedule: "nightly" });
    await ring();
    expect((await send("root,role=admin", `GET /api/jobs/${id}`)).status).toBe(404);
    const rowsAfterRinging = async () => {
      await ring();
      return sql("SELECT id, state FROM jobs");
    };
    await expect.poll(rowsAfterRinging).toEqual([]);
    await sql("UPDATE job_controls SET wake_at = 1 WHERE wake_at IS NOT NULL");
    await ring();
    expect(await sql("SELECT name FROM _timers WHERE name = 'wake'")).toEqual([]);
  });
});

describe("cost", () => {
  it("[J13] a job from its beginning to its end writes a fixed handful of rows, and no timer of its own", async () => {
    // Warm: the pulse is a row, the timers stand.
    await until(await enqueueJob("add", { a: 0, b: 0 }), "completed");
    const written = await rowsWritten(async () => {
      await until(await enqueueJob("add", { a: 0, b: 1 }), "completed");
    });
    expect(written).toBeLessThanOrEqual(MAX_ROWS_A_JOB);
  });
});
