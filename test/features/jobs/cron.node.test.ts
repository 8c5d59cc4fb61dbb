/** Cron expressions over both changes of the clock, in zones that change at different hours and by different amounts: no day is missed, none doubled. */

import { expect, it } from "vitest";
import { cronProblem, cronRun } from "../../../src/features/jobs/cron.ts";
import { seeded } from "../../crash/random.ts";

const ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu"];
const YEAR = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

function runsOf(cron: string, zone: string, fromMs: number, toMs: number): number[] {
  const next = cronRun(cron, zone);
  const runs: number[] = [];
  for (let at = next(fromMs); at !== null && at < toMs; at = next(at)) runs.push(at);
  return runs;
}

it.each(ZONES)("[J4] a daily run comes once on every day of the year in %s", (zone) => {
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: zone });
  for (const cron of ["30 2 * * *", "0 0 * * *", "45 1 * * *"]) {
    const days = runsOf(cron, zone, YEAR, YEAR + 365 * DAY_MS).map((at) => day.format(at));
    expect([cron, new Set(days).size, days.length]).toEqual([cron, days.length, 365]);
  }
});

it.each(ZONES)("[J4] which run comes next in %s does not depend on when it is asked", (zone) => {
  const random = seeded(ZONES.indexOf(zone) + 1);
  for (const cron of ["30 2 * * *", "0 */8 * * *"]) {
    const all = runsOf(cron, zone, YEAR, YEAR + 365 * DAY_MS);
    const next = cronRun(cron, zone);
    for (let index = 0; index < 60; index++) {
      const at = all[random.between(0, all.length - 2)] as number;
      const asked = at + random.between(0, 3_600_000);
      expect(next(asked)).toBe(all.find((run) => run > asked) ?? next(asked));
    }
  }
});

it("[J4] an hour that comes twice has its quarters twice, one that is left out none", () => {
  const berlin = (from: number, hours: number) =>
    runsOf("*/15 * * * *", "Europe/Berlin", from, from + hours * 3_600_000);
  for (const from of [Date.UTC(2026, 9, 24, 23), Date.UTC(2026, 2, 29, 0)])
    expect(berlin(from, 4).map((at) => (at - from) / 900_000)).toEqual(
      Array.from({ length: 15 }, (_, index) => index + 1),
    );
});

it("[J4] what is no schedule is told", () => {
  expect(cronProblem("61 * * * *", null)).toMatch(/cannot be read/);
  expect(cronProblem("0 7 * * 1", "Nowhere/Town")).toMatch(/cannot be read/);
  expect(cronProblem("0 0 30 2 *", null)).toBe("never runs");
  expect(cronProblem("0 7 * * 1", "Europe/Berlin")).toBeNull();
});
