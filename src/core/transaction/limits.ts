/** Limits of one transaction ([TX20]–[TX25] [HT61]), and their breach as a fault. */

import { Fault } from "../fault.ts";

export const TRANSACTION_LIMITS = {
  objects: 6,
  operations: 100,
  /** Encoded changes of all rows. */
  bytes: 1_048_576,
  /** Rows written by `where`, over all operations. */
  rows: 1000,
  /** Rows of one `list`. */
  listRows: 100,
  /** Waiting and tries included. */
  timeMs: 10_000,
  tries: 5,
} as const;

/** Pauses between tries: the first, and the longest ([TX30]). */
export const RETRY_PAUSE_MS = { first: 20, longest: 500 } as const;

export function limitExceeded(limit: "objects" | "operations" | "bytes", actual: number, max: number): Fault {
  return new Fault({ slug: "transaction-limit-exceeded", limit, max, actual });
}

/** How long to wait before the next try, ms; full jitter. `random`: 0 ≤ x < 1. `tries` have failed, 1 after the first. */
export function retryPauseMs(tries: number, random: number): number {
  return random * Math.min(RETRY_PAUSE_MS.longest, RETRY_PAUSE_MS.first * 2 ** (tries - 1));
}
