/**
 * Whether a failed request is repeated, and after how long ([SDK6]). Decided by fields of the error; pure, chance is a parameter.
 * That a write is repeated only under an Idempotency-Key is the caller's care (`send.ts`).
 */

import type { LedgeError } from "./ledge-error.ts";

export interface RetryPolicy {
  /** Attempts after the first; default 3, 0: none. */
  readonly maxRetries: number;
  /** Upper bound of the first wait; each further one is twice as long. Default 1000. */
  readonly retryDelayMs: number;
  /** Longest wait; when the server asks for a longer one, the failure is the answer. Default 20 000. */
  readonly maxDelayMs: number;
}

export const RETRY: RetryPolicy = { maxRetries: 3, retryDelayMs: 1000, maxDelayMs: 20_000 };

/**
 * ms to wait before the next attempt; null: give up. `failures` counts the attempts that have failed, 1 after the first. Full
 * jitter (a random part of the exponential bound), so that clients that failed together do not come back together; on top of
 * what the server asked for.
 */
export function nextDelayMs(
  { retryable, details }: LedgeError,
  failures: number,
  policy: RetryPolicy,
  random: () => number,
): number | null {
  if (!retryable || failures > policy.maxRetries) return null;
  const askedMs = typeof details.retryAfter === "number" ? details.retryAfter * 1000 : 0;
  if (askedMs > policy.maxDelayMs) return null;
  return askedMs + random() * Math.min(policy.maxDelayMs, policy.retryDelayMs * 2 ** (failures - 1));
}
