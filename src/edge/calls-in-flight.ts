/**
 * How many calls to each object this isolate is waiting for, with a limit ([HT72]). An object works one call after the other and cannot
 * see those that the runtime keeps for it, so the wait is bounded here, before anything is sent: beyond the limit the caller is refused
 * at once, and nothing is queued. A guard of this isolate's own; the object counts what comes from all of them (`group-commit.ts`).
 */

/**
 * Measured with workerd (2026-11): a page of 100 rows takes an object 0.4 ms, a single row 0.1 ms, so the last call waits
 * 0.2 s at most; and 10,000 calls a second from one isolate to an object that is 50 ms away stay below the limit.
 */
export const MAX_CALLS_IN_FLIGHT = 500;

const counts = new Map<string, number>();

/** Counts a call that is about to be sent; false, and not counted, when there are too many. `leaveObject` ends it. */
export function enterObject(object: string): boolean {
  const count = counts.get(object) ?? 0;
  if (count >= MAX_CALLS_IN_FLIGHT) return false;
  counts.set(object, count + 1);
  return true;
}

export function leaveObject(object: string): void {
  const count = counts.get(object) ?? 0;
  if (count > 1) counts.set(object, count - 1);
  else counts.delete(object);
}
