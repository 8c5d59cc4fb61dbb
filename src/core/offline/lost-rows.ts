/**
 * Rows that a watch shows no longer, of whose earlier state a write still keeps something that may stay for long: it was refused, or waits behind one
 * that was. They may only have left the list, so whoever asks looks whether they can be read. Other writes find out when they are sent. Pure.
 */

import type { RowId } from "../ids.ts";
import type { LiveView, ViewStep } from "../live/live-view.ts";
import { type OutboxEntry, type RowOf, type RowWrite, rowKey } from "./outbox-entry.ts";
import { mentions } from "./sendable.ts";

interface Shows {
  readonly place: { readonly resource: string; readonly partition?: string | undefined };
  readonly view: LiveView | null;
}

/** `view`: what the watch shows after the steps. */
export function lostRows(entries: readonly OutboxEntry[], shows: Shows, steps: readonly ViewStep[]): RowWrite[] {
  const isGone = (id: RowId) =>
    steps.some(
      (step) => step.kind === "replaced" || step.changes.some((change) => change.op === "removed" && change.id === id),
    );
  return keeping(entries, ({ state }) => state.kind === "refused").filter(
    (write) => isAt(shows, write) && !isShown(shows, write) && isGone(write.id),
  );
}

/** The same of a write that is refused only now, and of what waits behind it: their rows may have been withdrawn before. */
export function unseenRows(
  entries: readonly OutboxEntry[],
  watches: readonly Shows[],
  { key }: OutboxEntry,
): RowWrite[] {
  return keeping(entries, (entry) => entry.key === key).filter(
    (write) => !watches.some((shows) => isAt(shows, write) && isShown(shows, write)),
  );
}

/** Writes that keep something, of the entries that are meant and of those behind them. A plain loop: every frame comes by here, past all that waits. */
function keeping(entries: readonly OutboxEntry[], isMeant: (entry: OutboxEntry) => boolean): RowWrite[] {
  const found: RowWrite[] = [];
  const stuck = new Set<string>();
  const toCome = new Set<unknown>();
  for (const entry of entries) {
    const { state, writes } = entry;
    const waits =
      state.kind === "queued" &&
      stuck.size > 0 &&
      writes.some((write) => stuck.has(rowKey(write)) || mentions(write.values, toCome));
    if (!waits && !isMeant(entry)) continue;
    for (const write of writes) {
      stuck.add(rowKey(write));
      if (write.op === "create") toCome.add(write.id);
      if (write.base !== null || (state.kind === "refused" && state.present != null)) found.push(write);
    }
  }
  return found;
}

function isAt({ place }: Shows, { table, partition }: RowOf): boolean {
  return table === place.resource && partition === place.partition;
}

function isShown({ view }: Shows, { id }: RowOf): boolean {
  return view?.rows.has(id) === true;
}
