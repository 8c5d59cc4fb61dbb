/** What is not yet on the server, and why: figures for a person, from the entries of the outbox. Pure. */

import type { EntryState, OutboxEntry } from "./outbox-entry.ts";
import type { Pause } from "./outbox-port.ts";
import { countHeldUp } from "./sendable.ts";

export interface SyncStatus {
  /** Writes that the server has not acknowledged and has not refused. */
  readonly unsent: number;
  /** Of these: under way now. */
  readonly sending: number;
  /** Of these: they have left, and nobody knows yet what became of them. */
  readonly unknown: number;
  /** Of these: behind an earlier write of the same row. */
  readonly heldUp: number;
  /** Of these: another person's, who is not signed in now. */
  readonly foreign: number;
  /** Set aside, until somebody decides. */
  readonly refused: number;
  /** When the oldest of the unsent was made, in ms since 1970. */
  readonly oldestUnsentAtMs: number | null;
  /** Acknowledged writes that reading has not reached. */
  readonly unread: number;
  readonly pause: Pause | null;
}

export interface SyncFacts {
  readonly entries: readonly OutboxEntry[];
  readonly isInFlight: (key: string) => boolean;
  readonly principal: string | null;
  readonly pause: Pause | null;
  readonly unread: number;
}

export function syncStatus({ entries, isInFlight, principal, pause, unread }: SyncFacts): SyncStatus {
  const open = entries.filter(({ state }) => state.kind === "queued" || state.kind === "sent");
  const count = (test: (entry: OutboxEntry) => boolean) => open.filter(test).length;
  return {
    unsent: open.length,
    sending: count(({ key }) => isInFlight(key)),
    unknown: count(({ key, state }) => state.kind === "sent" && !isInFlight(key)),
    heldUp: countHeldUp(entries),
    foreign: count((entry) => entry.principal !== null && entry.principal !== principal),
    refused: entries.filter(({ state }) => state.kind === "refused").length,
    oldestUnsentAtMs: open.reduce<number | null>(
      (oldest, { madeAtMs }) => Math.min(oldest ?? madeAtMs, madeAtMs),
      null,
    ),
    unread,
    pause: open.length === 0 ? null : pause,
  };
}

/** One word for an entry, as a person sees it. */
export function statusOf(
  state: EntryState,
  isInFlight: boolean,
): "queued" | "sending" | "unknown" | "refused" | "done" {
  if (state.kind !== "sent") return state.kind;
  return isInFlight ? "sending" : "unknown";
}
