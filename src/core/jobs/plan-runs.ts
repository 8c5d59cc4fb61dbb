/**
 * When a schedule runs, and which of the runs it missed are made up for. How a cron expression counts is told by a function from one time
 * to the next one after it; here it is decided what that means now.
 */

import type { CatchUp } from "./schedule-row.ts";

/** The first time after this one (ms), or null: never again. */
export type NextRun = (afterMs: number) => number | null;

/** A run that is no later than this is on time: alarms come late after a restart. */
export const ON_TIME_MS = 60_000;
export const MAX_MADE_UP = 1000;

export interface PlannedRuns {
  /** Oldest first. */
  readonly runs: readonly number[];
  readonly nextAtMs: number | null;
}

export function planRuns(
  { nextAtMs, catchUp, nowMs }: { readonly nextAtMs: number; readonly catchUp: CatchUp; readonly nowMs: number },
  next: NextRun,
): PlannedRuns {
  return { runs: dueRuns(nextAtMs, nowMs, catchUp, next), nextAtMs: next(nowMs) };
}

function dueRuns(fromMs: number, nowMs: number, catchUp: CatchUp, next: NextRun): readonly number[] {
  switch (catchUp) {
    case "skip":
      return latestRuns(Math.max(fromMs, nowMs - ON_TIME_MS), nowMs, MAX_MADE_UP, next);
    case "last":
      return latestRuns(fromMs, nowMs, 1, next);
    case "all":
      return latestRuns(fromMs, nowMs, MAX_MADE_UP, next);
  }
}

/** The last `limit` runs from one time to another, both included. Looks back in growing steps, so that a long outage costs no walk through it. */
function latestRuns(fromMs: number, toMs: number, limit: number, next: NextRun): readonly number[] {
  for (let backMs = ON_TIME_MS; ; backMs *= 2) {
    const start = Math.max(fromMs, toMs - backMs);
    const runs: number[] = [];
    for (let at = next(start - 1); at !== null && at <= toMs; at = next(at)) runs.push(at);
    if (runs.length >= limit || start <= fromMs) return runs.slice(-limit);
  }
}

/** Every so many ms, counted from a fixed time. */
export function everyRun(startedAtMs: number, everyMs: number): NextRun {
  return (afterMs) => startedAtMs + Math.max(1, Math.floor((afterMs - startedAtMs) / everyMs) + 1) * everyMs;
}
