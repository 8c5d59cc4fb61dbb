/**
 * The short campaign of `npm test`: fixed seeds, every interval gone through. The long one is `RUNS=10000 npm run sim:offline`. Seeds that
 * find a planted fault (test/mutants/offline-faults.ts) are among the fixed ones, or kept below under what they find.
 */

import { expect, test } from "vitest";
import { OFFLINE_INTERVALS } from "./offline-intervals.ts";
import { simulateOffline } from "./simulate-offline.ts";

const RUNS = 200;

test("[O2] [O4] [CI6] [RV3] fixed seeds: every write takes place once or is seen refused, in order, and no row falls back", () => {
  const problems: string[] = [];
  const hits = new Map<string, number>();
  let count = 0;
  for (let seed = 1; seed <= RUNS; seed++) {
    const report = simulateOffline(seed);
    for (const problem of report.problems) problems.push(`SEED=${seed} RUNS=1 npm run sim:offline: ${problem}`);
    for (const [interval, times] of report.hits) hits.set(interval, (hits.get(interval) ?? 0) + times);
    count += report.count;
  }
  expect(problems).toEqual([]);
  // A simulation in which nothing happened, or nothing broke, proves nothing.
  expect(count).toBeGreaterThan(RUNS * 10);
  expect(OFFLINE_INTERVALS.filter((interval) => !hits.has(interval))).toEqual([]);
}, 240_000);

test("a seed replays", () => {
  const first = simulateOffline(77, { isTraced: true });
  expect(first.trace.length).toBeGreaterThan(50);
  expect(simulateOffline(77, { isTraced: true }).trace).toEqual(first.trace);
});

test.each([
  [933, "what is acknowledged may be there later in one of its objects"],
  [224, "an object is restored while another waits for a position of its old history"],
  [700_208, "a transaction took place, its key is forgotten, and the row that it deleted is gone"],
  [814, "a restored object answers in its new epoch before its watches have heard of that"],
] as const)("seed %i: %s", (seed, _what) => {
  expect(simulateOffline(seed).problems).toEqual([]);
});
