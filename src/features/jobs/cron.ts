/**
 * Cron expressions in a time zone, through croner: from one time to the next one after it. A day on which clocks go forward has every daily run
 * once (one in the hour that is left out comes right after it), as has one on which they go back.
 */

import { Cron } from "croner";
import type { NextRun } from "../../core/jobs/plan-runs.ts";

export function cronRun(cron: string, timeZone: string | null): NextRun {
  const found = new Cron(cron, { timezone: timeZone ?? "UTC", paused: true });
  return (afterMs) => found.nextRun(new Date(afterMs))?.getTime() ?? null;
}

/** Why the expression or the time zone cannot be used, or null. While modules load it is 1970 in a Worker: then one that is over is not seen. */
export function cronProblem(cron: string, timeZone: string | null): string | null {
  try {
    return cronRun(cron, timeZone)(Date.now()) === null ? "never runs" : null;
  } catch (error) {
    return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}
