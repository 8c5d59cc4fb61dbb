/** Runs of a schedule that are due, in time and after an outage; and the waits between attempts. */

import { describe, expect, it } from "vitest";
import { everyRun, MAX_MADE_UP, planRuns } from "../../../src/core/jobs/plan-runs.ts";
import { retryDelayMs } from "../../../src/core/jobs/retry-delay.ts";
import { DEFAULT_POLICY } from "../../../src/features/jobs/define-job.ts";

const MINUTE = 60_000;
const minutely = everyRun(0, MINUTE);

describe("planRuns", () => {
  it("[J4] a run in time is one run, and the next is the one after", () => {
    for (const catchUp of ["skip", "last", "all"] as const)
      expect(planRuns({ nextAtMs: 10 * MINUTE, catchUp, nowMs: 10 * MINUTE + 40 }, minutely)).toEqual({
        runs: [10 * MINUTE],
        nextAtMs: 11 * MINUTE,
      });
  });

  it("[J5] after an outage `skip` makes what is not late, `last` the latest, `all` each, up to a thousand", () => {
    const made = (minutes: number, catchUp: "skip" | "last" | "all") =>
      planRuns({ nextAtMs: 10 * MINUTE, catchUp, nowMs: minutes * MINUTE + 30_000 }, minutely).runs;
    expect(made(500, "skip")).toEqual([500 * MINUTE]);
    expect(made(500, "last")).toEqual([500 * MINUTE]);
    expect(made(500, "all")).toEqual(Array.from({ length: 491 }, (_, index) => (index + 10) * MINUTE));
    const long = made(1_000_000, "all");
    expect([long.length, long.at(0), long.at(-1)]).toEqual([
      MAX_MADE_UP,
      (1_000_001 - MAX_MADE_UP) * MINUTE,
      1_000_000 * MINUTE,
    ]);
  });

  it("[J5] a daily run that is an hour late is left out, made once, or made once", () => {
    const daily = everyRun(0, 1440 * MINUTE);
    const runs = (catchUp: "skip" | "last" | "all") =>
      planRuns({ nextAtMs: 1440 * MINUTE, catchUp, nowMs: 1500 * MINUTE }, daily).runs.length;
    expect([runs("skip"), runs("last"), runs("all")]).toEqual([0, 1, 1]);
  });
});

describe("retryDelayMs", () => {
  const waits = (backoff: "exponential" | "linear" | "fixed", random = 0) =>
    [1, 2, 3, 7, 1000].map((attempt) => retryDelayMs({ ...DEFAULT_POLICY, backoff, jitter: 0.5 }, attempt, random));

  it("[J6] waits grow as the definition says, are capped, and are drawn by lot from below", () => {
    expect(waits("exponential")).toEqual([1000, 2000, 4000, 60_000, 60_000]);
    expect(waits("linear")).toEqual([1000, 2000, 3000, 7000, 60_000]);
    expect(waits("fixed")).toEqual([1000, 1000, 1000, 1000, 1000]);
    expect(waits("fixed", 0.5)).toEqual([750, 750, 750, 750, 750]);
  });
});
