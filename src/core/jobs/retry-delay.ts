/** How long a job waits for its next attempt: growing, capped, and drawn by lot so that those that failed together do not come back together. */

import type { JobPolicy } from "./job-row.ts";

/** `attempt`: the one that failed, from 1; `random`: 0 ≤ r < 1. */
export function retryDelayMs(policy: JobPolicy, attempt: number, random: number): number {
  const { initialMs, capMs, jitter } = policy;
  const full = Math.min(capMs, initialMs * growth(policy, attempt));
  return Math.round(full * (1 - jitter * random));
}

function growth({ backoff }: JobPolicy, attempt: number): number {
  switch (backoff) {
    case "fixed":
      return 1;
    case "linear":
      return attempt;
    case "exponential":
      // Beyond any cap, and still a number.
      return 2 ** Math.min(attempt - 1, 50);
  }
}
