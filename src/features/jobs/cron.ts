/**
 * Cron expressions in a time zone, through croner: from one time to the next one after it. A day on which clocks go forward has every daily run
 * once (one in the hour that is left out comes right after it), as has one on which they go back.
 */

import { Cron } from "croner";
import type { NextRun } from "../../core/jobs/plan-runs.ts";

const known = new Map<string, Cron>();
const MAX_KNOWN = 100;

export function cronRun(cron: string, timeZone: string | null): NextRun {
  const found = cronOf(cron, timeZone);
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

function cronOf(cron: string, timeZone: string | null): Cron {
  const key = `${timeZone}|${cron}`;
  let found = known.get(key);
  if (found === undefined) {
    found = new Cron(cron, { timezone: timeZone ?? "UTC", paused: true });
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(key, found);
  }
  return found;
}
