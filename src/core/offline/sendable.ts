/**
 * Which entries may leave now: in order for each row, and for rows that mention one which is still to be created; all others go their own
 * way, also past one that was refused. Pure.
 */

import { type OutboxEntry, rowKey } from "./outbox-entry.ts";

export interface SendLimits {
  /** How many are wanted. */
  readonly count: number;
  /** Whether this one may leave, were it first in its line. */
  readonly may: (entry: OutboxEntry) => boolean;
}

/** `entries` in the order of their places. Looks no further than it must. */
export function sendable(entries: Iterable<OutboxEntry>, { count, may }: SendLimits): OutboxEntry[] {
  const found: OutboxEntry[] = [];
  if (count <= 0) return found;
  for (const { entry, isHeldUp } of inLine(entries)) {
    if (isHeldUp || !may(entry)) continue;
    found.push(entry);
    if (found.length >= count) break;
  }
  return found;
}

/** How many wait for an earlier one, behind whatever it is that holds that one. */
export function countHeldUp(entries: Iterable<OutboxEntry>): number {
  let count = 0;
  for (const { isHeldUp } of inLine(entries)) if (isHeldUp) count++;
  return count;
}

/** Every entry whose outcome is open or refused, and whether an earlier one has to come first. */
function* inLine(
  entries: Iterable<OutboxEntry>,
): Generator<{ readonly entry: OutboxEntry; readonly isHeldUp: boolean }> {
  const taken = new Set<string>();
  const toCome = new Set<unknown>();
  for (const entry of entries) {
    if (entry.state.kind === "done") continue;
    const isHeldUp = entry.writes.some((write) => taken.has(rowKey(write)) || mentions(write.values, toCome));
    if (entry.state.kind !== "refused") yield { entry, isHeldUp };
    for (const write of entry.writes) {
      taken.add(rowKey(write));
      if (write.op === "create" || write.op === "replace") toCome.add(write.id);
    }
  }
}

/** Whether a column holds the id of a row that is still to be created. */
function mentions(values: Readonly<Record<string, unknown>>, ids: ReadonlySet<unknown>): boolean {
  if (ids.size === 0) return false;
  return Object.entries(values).some(([, value]) => ids.has(value));
}
