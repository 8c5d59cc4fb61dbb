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
  /** False: the storage failed when it was last asked, so a new write rejects; or there is none (`isDurable` false). */
  readonly canStore: boolean;
  /** False: what is written is kept in memory, is sent while the server can be reached, and is gone with the page. */
  readonly isDurable: boolean;
}

export interface SyncFacts {
  readonly entries: readonly OutboxEntry[];
  readonly isInFlight: (key: string) => boolean;
  readonly principal: string | null;
  readonly pause: Pause | null;
  readonly unread: number;
  readonly canStore: boolean;
  readonly isDurable: boolean;
}

/** In one pass: there may be thousands, and it is asked for whenever one of them moves. */
export function syncStatus({ entries, isInFlight, principal, pause, ...facts }: SyncFacts): SyncStatus {
  let [unsent, sending, unknown, foreign, refused] = [0, 0, 0, 0, 0];
  let oldestUnsentAtMs: number | null = null;
  for (const { key, state, madeAtMs, principal: owner } of entries) {
    if (state.kind === "refused") refused++;
    if (state.kind !== "queued" && state.kind !== "sent") continue;
    unsent++;
    if (isInFlight(key)) sending++;
    else if (state.kind === "sent") unknown++;
    if (owner !== null && owner !== principal) foreign++;
    oldestUnsentAtMs = Math.min(oldestUnsentAtMs ?? madeAtMs, madeAtMs);
  }
  const heldUp = countHeldUp(entries);
  // Without a network what others do is not seen either.
  const why = unsent > 0 || pause === "offline" ? pause : null;
  return { unsent, sending, unknown, heldUp, foreign, refused, oldestUnsentAtMs, pause: why, ...facts };
}

export type StatusLabel = "cannot-store" | "signed-out" | "refused" | "offline" | "saving" | "saved";

/** How it stands in one word, the most pressing first; the application says it in its own. `connection`: of `client.realtime`, if it has one. */
export function statusLabel(
  { canStore, pause, refused, unsent }: Pick<SyncStatus, "canStore" | "pause" | "refused" | "unsent">,
  connection = "connected",
): StatusLabel {
  if (!canStore) return "cannot-store";
  if (pause === "signed-out") return "signed-out";
  if (refused > 0) return "refused";
  // While nothing is followed there is no connection.
  if (pause !== null || connection === "reconnecting") return "offline";
  return unsent > 0 ? "saving" : "saved";
}

/** One word for an entry, as a person sees it. */
export function statusOf(
  state: EntryState,
  isInFlight: boolean,
): "queued" | "sending" | "unknown" | "refused" | "done" {
  if (state.kind !== "sent") return state.kind;
  return isInFlight ? "sending" : "unknown";
}
