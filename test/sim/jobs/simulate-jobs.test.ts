/**
 * The short campaign of `npm test`: fixed seeds, every interval gone through. The long one is `RUNS=20000 npm run sim:jobs`. Seeds that find a planted
 * fault (test/mutants/jobs-faults.ts) are among the fixed ones.
 */

import { expect, test } from "vitest";
import { JOBS_INTERVALS } from "./jobs-intervals.ts";
import { simulateJobs } from "./simulate-jobs.ts";

const RUNS = 100;

test("[J2] [J5] [J10] [J13] fixed seeds: every job ends, what it records stays once, nobody overtakes, no run is missed or doubled", () => {
  const problems: string[] = [];
  const hits = new Map<string, number>();
  let count = 0;
  for (let seed = 1; seed <= RUNS; seed++) {
    const report = simulateJobs(seed);
    for (const problem of report.problems) problems.push(`SEED=${seed} RUNS=1 npm run sim:jobs: ${problem}`);
    for (const [interval, times] of report.hits) hits.set(interval, (hits.get(interval) ?? 0) + times);
    count += report.count;
  }
  expect(problems).toEqual([]);
  // A simulation in which nothing happened, or nothing broke, proves nothing.
  expect(count).toBeGreaterThan(RUNS * 10);
  expect(JOBS_INTERVALS.filter((interval) => !hits.has(interval))).toEqual([]);
}, 120_000);

test("a seed replays", () => {
  const first = simulateJobs(77, { isTraced: true });
  expect(first.trace.length).toBeGreaterThan(20);
  expect(simulateJobs(77, { isTraced: true }).trace).toEqual(first.trace);
});

test("seed 10717: a job that is asked for again long after it has ended", () => {
  expect(simulateJobs(10_717).problems).toEqual([]);
});
