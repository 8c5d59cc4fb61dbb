/**
 * What a write asks before it stays: is anything that it touched held by a transaction over several objects ([TX32])? While nothing is
 * held the answer is one comparison, and nothing is recorded. A write that has to wait is undone and runs again.
 */

import type { Footprint } from "../../src/core/commit/footprint.ts";

export interface KeyGate {
  /** Nothing is held or waited for: what is touched need not be told. */
  isFree(): boolean;
  /** Throws `Blocked` when the work may not stay. */
  admit(footprint: Footprint): void;
}

/** Thrown through the storage transaction of a write, so that nothing of it remains; never an answer. */
export class Blocked extends Error {
  readonly footprint: Footprint;

  constructor(footprint: Footprint) {
    super("what the write touches is held by a transaction");
    this.footprint = footprint;
  }
}

/** Of an object that takes part in no transaction yet. */
export const OPEN_GATE: KeyGate = { isFree: () => true, admit: () => {} };
