/**
 * Rows that a watch shows no longer, of whose earlier state a refused write still keeps something. They may only have left the list, so whoever
 * asks looks whether they can be read. Writes that are not refused find out when they are sent. Pure.
 */

import type { LiveView, ViewStep } from "../live/live-view.ts";
import type { OutboxEntry, RowWrite } from "./outbox-entry.ts";

interface Shows {
  readonly place: { readonly resource: string; readonly partition?: string | undefined };
  readonly view: LiveView | null;
}

/** `view`: what the watch shows after the steps. A plain loop: every frame comes by here, past all that waits. */
export function lostRows(
  entries: readonly OutboxEntry[],
  { place, view }: Shows,
  steps: readonly ViewStep[],
): RowWrite[] {
  const lost: RowWrite[] = [];
  const isLost = ({ table, partition, id }: RowWrite) =>
    table === place.resource &&
    partition === place.partition &&
    view?.rows.has(id) !== true &&
    steps.some(
      (step) => step.kind === "replaced" || step.changes.some((change) => change.op === "removed" && change.id === id),
    );
  for (const { state, writes } of entries)
    if (state.kind === "refused")
      lost.push(...writes.filter((write) => (write.base !== null || state.present != null) && isLost(write)));
  return lost;
}
