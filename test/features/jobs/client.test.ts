/** `ledge/client/jobs` against the real thing: asked for now and then, and live. */

import { SELF } from "cloudflare:test";
import { createClient } from "ledge/client";
import { enqueueJob, followJob } from "ledge/client/jobs";
import { withLive } from "ledge/client/live";
import { expect, it, vi } from "vitest";
import type { app } from "./app.ts";
import { held, released } from "./app.ts";

function clientOf(user: string) {
  const asked: string[] = [];
  const fetch = (url: string, init: RequestInit = {}) => {
    asked.push(`${init.method ?? "GET"} ${new URL(url).pathname}`);
    return SELF.fetch(url, { ...init, signal: null });
  };
  const token = { get: async () => `dev:${user}`, set: () => undefined };
  const client = createClient<typeof app>({ url: "http://localhost", token, fetch: fetch as never });
  return { client: client as never as Parameters<typeof enqueueJob>[0], asked };
}

it("[J15] a job is enqueued and waited for; nobody asks on when it has ended", async () => {
  const { client, asked } = clientOf("ann");
  const handle = await enqueueJob<{ readonly sum: number }>(client, "add", { a: 4, b: 5 });
  expect((await handle.done()).result).toEqual({ sum: 9 });
  const before = asked.length;
  expect((await handle.done()).state).toBe("completed");
  expect(asked.length).toBe(before);
});

it("[J15] what may not be enqueued says so, and what cannot be seen ends the wait", async () => {
  const { client } = clientOf("ann");
  await expect(enqueueJob(client, "slow", { label: "x" })).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(enqueueJob(client, "add", { a: "x" })).rejects.toMatchObject({ code: "VALIDATION_ERROR" });
  await expect(followJob(client, crypto.randomUUID()).done()).rejects.toMatchObject({ code: "NOT_FOUND" });
});

it("[J7] [J15] progress is followed, and a job that is cancelled says so", async () => {
  const { client } = clientOf("boss,role=boss");
  const handle = await enqueueJob(client, "slow", { label: "followed" });
  const shown: number[] = [];
  const leave = handle.subscribe(() => shown.push(handle.getSnapshot()?.progress ?? -1));
  await vi.waitFor(() => expect(shown).toContain(40), { timeout: 10_000 });
  await handle.cancel();
  await expect(handle.done()).rejects.toMatchObject({ code: "JOB_CANCELLED" });
  leave();
});

it("[J15] a job that is not there ends the wait with live queries, too", async () => {
  const { client } = clientOf("ann");
  const live = withLive(client as never, { platform: { makeSocket: null } });
  const handle = followJob(live as never, crypto.randomUUID());
  await expect(handle.done()).rejects.toMatchObject({ code: "NOT_FOUND", status: 404 });
  expect(handle.getStanding()).toMatchObject({ job: null, error: { code: "NOT_FOUND" } });
});

it("[J15] with live queries a job is told of, not asked for", async () => {
  const { client, asked } = clientOf("boss,role=boss");
  const live = withLive(client as never, { platform: { makeSocket: null } });
  const handle = await enqueueJob(live as never, "slow", { label: "live" });
  const wait = handle.done();
  await vi.waitFor(() => expect(held.has("live")).toBe(true), { timeout: 10_000 });
  released.add("live");
  await expect(wait).resolves.toMatchObject({ result: "live" });
  expect(asked.filter((each) => each.startsWith("GET /api/jobs/") && !/live|subscribe/.test(each))).toEqual([]);
});
