/**
 * How many calls to each object this isolate is waiting for, with a limit ([HT72]). An object works one call after the other and cannot
 * see those that the runtime keeps for it, so the wait is bounded here, before anything is sent: beyond the limit the caller is refused
 * at once, and nothing is queued. A guard of this isolate's own; the object counts what comes from all of them (`group-commit.ts`).
 *
 * A request whose client hangs up is dropped by the runtime in the middle, and then never says that its call has ended. So calls are
 * counted by the window of time they began in, and windows older than any call may last are forgotten.
 */

import { CALL_TIMEOUT_MS } from "./limits.ts";

/**
 * Measured with workerd (2026-11): a page of 100 rows takes an object 0.4 ms, a single row 0.1 ms, so the last call waits
 * 0.2 s at most; and 10,000 calls a second from one isolate to an object that is 50 ms away stay below the limit.
 */
export const MAX_CALLS_IN_FLIGHT = 500;

/** The window a call began in: what ends it. */
export type Ticket = number;

interface Flights {
  window: Ticket;
  current: number;
  /** Calls of the window before, of which some may still be under way. */
  previous: number;
}

const flights = new Map<string, Flights>();
/** Above so many objects, those that were forgotten about are looked for, once a window. */
const MANY_OBJECTS = 10_000;
let sweptWindow: Ticket = 0;

/** Counts a call that is about to be sent; null, and not counted, when there are too many. `leaveObject` ends it. */
export function enterObject(object: string, nowMs: number): Ticket | null {
  const window = Math.floor(nowMs / CALL_TIMEOUT_MS);
  let flight = flights.get(object);
  if (flight === undefined) {
    if (flights.size >= MANY_OBJECTS && sweptWindow !== window) sweep(window);
    flight = { window, current: 0, previous: 0 };
    flights.set(object, flight);
  } else if (flight.window !== window) {
    flight.previous = window === flight.window + 1 ? flight.current : 0;
    flight.current = 0;
    flight.window = window;
  }
  if (flight.current + flight.previous >= MAX_CALLS_IN_FLIGHT) return null;
  flight.current++;
  return window;
}

/** Whether a call of the window before has not come back: the object hangs, or the call fell on the edge between two windows. */
export function hasOverdueCall(object: string): boolean {
  return (flights.get(object)?.previous ?? 0) > 0;
}

export function leaveObject(object: string, ticket: Ticket): void {
  const flight = flights.get(object);
  if (flight === undefined) return;
  if (ticket === flight.window) flight.current--;
  else if (ticket === flight.window - 1) flight.previous--;
  if (flight.current <= 0 && flight.previous <= 0) flights.delete(object);
}

/** Whoever asks for ever new objects and hangs up each time must not fill memory with their names. */
function sweep(window: Ticket): void {
  sweptWindow = window;
  for (const [object, flight] of flights) if (flight.window < window - 1) flights.delete(object);
}

/** Objects that are counted at present. */
export function countedObjects(): number {
  return flights.size;
}
