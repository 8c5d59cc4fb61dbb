/** The short campaign of `npm test`; the long one is `RUNS=100000 npm run sim:read-model`. */

import { expect, test } from "vitest";
import { simulate } from "./simulate.ts";
import { simulateAge } from "./simulate-age.ts";

const RUNS = 40;
const EVENTS = [
  ...["nudge lost", "nudge doubled", "nudge overtaken", "lost", "died", "consumer failed", "current", "more"],
  ...["rebuild", "switch", "new ledger", "migration", "upgrade", "deployment", "burst"],
  ...["migration of D1: search", "migration of D1: column", "migration of D1: table"],
  ...["read", "read after waiting", "read-behind"],
];

test("[RM2] [RM3] [RM4] fixed seeds: a copy that is read from holds what its object held at its cursor, a reader is shown at least what it has seen, and once quiet D1 equals the objects", async () => {
  const totals: Record<string, number> = {};
  const problems: string[] = [];
  for (let seed = 1; seed <= RUNS; seed++) {
    try {
      for (const [event, n] of Object.entries(await simulate(seed))) totals[event] = (totals[event] ?? 0) + n;
    } catch (error) {
      problems.push(`SEED=${seed} RUNS=1 npm run sim:read-model: ${String(error)}`);
    }
  }
  expect(problems).toEqual([]);
  // A simulation in which nothing was lost, or nothing switched, proves nothing.
  for (const event of EVENTS) expect(totals[event] ?? 0, event).toBeGreaterThan(5);
}, 60_000);

test("[RM3] [HT8] fixed seeds: nothing that was committed up to the age of a view over partitions is missing, also of an object without a copy, and the age comes up to the present", async () => {
  const totals: Record<string, number> = {};
  const problems: string[] = [];
  for (let seed = 1; seed <= RUNS; seed++) {
    try {
      for (const [event, n] of Object.entries(await simulateAge(seed))) totals[event] = (totals[event] ?? 0) + n;
    } catch (error) {
      problems.push(`SEED=${seed} RUNS=1 npm run sim:read-model: ${String(error)}`);
    }
  }
  expect(problems).toEqual([]);
  for (const event of [
    "object begins",
    "age",
    "no age",
    "walked",
    "walk failed",
    "follow failed",
    "younger than the age",
  ])
    expect(totals[event] ?? 0, event).toBeGreaterThan(5);
}, 60_000);
