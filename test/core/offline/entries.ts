/** Entries for the tests of the outbox: what a test does not say has a value here. */

import type { EntryState, OutboxEntry, RowWrite } from "../../../src/core/offline/outbox-entry.ts";

export function write(id: string, more: Partial<RowWrite> = {}): RowWrite {
  return { op: "update", table: "tasks", id, values: { title: id }, base: null, tag: null, ...more };
}

export function entry(place: number, writes: readonly RowWrite[], more: Partial<OutboxEntry> = {}): OutboxEntry {
  const key = `k${place}`;
  return { key, place, rev: 0, principal: null, madeAtMs: place, writes, state: { kind: "queued" }, ...more };
}

export const REFUSED: EntryState = { kind: "refused", problem: { status: 400, code: "VALIDATION_ERROR" } };
