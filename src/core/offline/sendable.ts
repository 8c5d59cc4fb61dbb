/**
 * Which entries may leave now: in order for each row, and for rows that mention one which is still to be created; all others go their own
 * way, also past one that was refused. Pure.
 */

import type { RowId } from "../ids.ts";
import type { OutboxEntry, RowWrite } from "./outbox-entry.ts";

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
  const taken = new RowSet();
  const toCome = new Set<unknown>();
  for (const entry of entries) {
    if (entry.state.kind === "done") continue;
    const isHeldUp = entry.writes.some((write) => taken.has(write) || mentions(write.values, toCome));
    if (entry.state.kind !== "refused") yield { entry, isHeldUp };
    for (const write of entry.writes) {
      taken.add(write);
      if (write.op === "create" || write.op === "replace") toCome.add(write.id);
    }
  }
}

/** Rows of tables and partitions, without making a name for each: all that waits comes by here whenever something happens. */
class RowSet {
  readonly #tables = new Map<string, Map<string | undefined, Set<RowId>>>();

  has({ table, partition, id }: RowWrite): boolean {
    return this.#tables.get(table)?.get(partition)?.has(id) === true;
  }

  add({ table, partition, id }: RowWrite): void {
    const partitions = this.#tables.get(table) ?? new Map<string | undefined, Set<RowId>>();
    const ids = partitions.get(partition) ?? new Set();
    this.#tables.set(table, partitions.set(partition, ids.add(id)));
  }
}

/** Whether a column holds the id of a row that is still to be created. */
export function mentions(values: Readonly<Record<string, unknown>>, ids: ReadonlySet<unknown>): boolean {
  if (ids.size === 0) return false;
  for (const name in values) if (ids.has(values[name])) return true;
  return false;
}
