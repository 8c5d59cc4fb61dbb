/** How long to wait before the next try ([WS17]): full jitter, base 1 s, cap 30 s, without end. */

const BASE_MS = 1000;
const CAP_MS = 30_000;

/**
 * `attempt` counts from 0; `random` is from 0 up to, not including, 1. What the server asked for is a floor, and bounds the rest to four times
 * as much: it has said when it can be reached, however often it could not be before.
 */
export function backoffMs(attempt: number, random: number, retryAfterMs = 0): number {
  const boundMs = Math.min(CAP_MS, 4 * retryAfterMs || CAP_MS, BASE_MS * 2 ** Math.min(attempt, 10));
  return retryAfterMs + Math.floor(random * boundMs);
}
