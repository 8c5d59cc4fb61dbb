/** Jobs in line whose definition is gone: how often handlers are called for them, and that they end. Over the simulator's object, by the clock. */

import { expect, it } from "vitest";
import { enqueue } from "../../../src/core/jobs/job-turns.ts";
import { seeded } from "../../crash/random.ts";
import { SimJobsObject } from "../../sim/jobs/sim-jobs-object.ts";

const DAY_MS = 86_400_000;
const asked = (id: string, name: string) => ({
  ...{ id, name, input: null, priority: 50, dueAtMs: 0, createdBy: null, scheduleId: null, keepUntilMs: null },
});

it("[J11] [J12] a job that nobody takes up costs some hundred calls, and is given up after a week, its reason told", () => {
  const object = new SimJobsObject(seeded(1), () => {});
  object.turn(0, (port) => enqueue(port, [asked("stray", "gone")]));
  let [rings, givenUpAtMs] = [0, 0];
  for (let at = object.nextWakeMs(); at !== null && rings < 1000; at = object.nextWakeMs()) {
    object.alarm(at, 4);
    rings++;
    const stray = object.state.jobs.get("stray");
    if (stray?.state !== "dead" || givenUpAtMs > 0) continue;
    givenUpAtMs = at;
    expect(stray.error).toBe('No version of the application has taken up "gone" for 7 days');
  }
  expect(givenUpAtMs).toBeGreaterThanOrEqual(7 * DAY_MS);
  expect(givenUpAtMs).toBeLessThan(7.1 * DAY_MS);
  const calls = object.state.effects.filter(({ kind }) => kind === "call");
  expect([calls.length > 150, calls.length < 200]).toEqual([true, true]);
  expect(object.state.effects).toContainEqual({ kind: "dead", id: "stray" });
  expect(object.nextWakeMs()).toBeNull();
});

it("[J13] beside one that nobody takes up the others are called for as ever, and one that comes later soon", () => {
  const object = new SimJobsObject(seeded(1), () => {});
  object.turn(0, (port) => enqueue(port, [asked("stray", "gone")]));
  object.turn(DAY_MS, (port) => enqueue(port, [asked("other", "free")]));
  for (let round = 0; round < 20; round++) object.alarm(object.nextWakeMs() ?? 0, 4);
  expect(object.nextWakeMs()).toBeLessThanOrEqual(DAY_MS + 20 * 30_000);
  object.turn(DAY_MS + 600_000, (port) => {
    const other = port.find("other");
    if (other !== null) port.remove(other);
  });
  for (let round = 0; round < 3; round++) object.alarm(object.nextWakeMs() ?? 0, 4);
  const far = object.nextWakeMs() ?? 0;
  object.turn(far - 3_000_000, (port) => enqueue(port, [asked("late", "free")]));
  expect(object.nextWakeMs()).toBe(far - 3_000_000 + 30_000);
});
