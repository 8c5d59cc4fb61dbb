/** What the outbox asks of its shell, and what it is told of the world. Types and figures only; `outbox.ts` decides. */

import type { JsonObject } from "../json.ts";
import type { ConflictPolicy } from "./conflict.ts";
import type { EntryChange, OutboxEntry, RowWrite } from "./outbox-entry.ts";

export type OutboxAction =
  /** All or none, durable; then `saved`. */
  | { readonly kind: "save"; readonly changes: readonly EntryChange[] }
  /** One attempt under the entry's key; then `replied`. */
  | { readonly kind: "send"; readonly entry: OutboxEntry }
  /** The server's present row; then `found`. */
  | { readonly kind: "read"; readonly entry: OutboxEntry; readonly write: RowWrite }
  /** What the storage holds; then `loaded`. */
  | { readonly kind: "reload" }
  /** Then `tick`; replaces an earlier wish. */
  | { readonly kind: "wake"; readonly afterMs: number }
  /** The sign-in was refused: it is to be renewed, if it can be; then `signedIn`. */
  | { readonly kind: "sign-in" };

export interface OutboxPort {
  readonly act: (action: OutboxAction) => void;
  /** ms, never set back nor forward; from any beginning. */
  readonly elapsedMs: () => number;
  /** ms since 1970, as far as this machine knows. */
  readonly nowMs: () => number;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  readonly policyOf: (table: string) => ConflictPolicy;
}

export interface PresentRow {
  readonly row: JsonObject | null;
  /** Without quotes. */
  readonly tag: string | null;
  readonly positions: readonly string[];
}

/** Why nothing leaves at the moment. */
export type Pause = "offline" | "signed-out" | "unreachable";

export const OUTBOX_LIMITS = {
  /** Attempts at a time. */
  inFlight: 4,
  /** An attempt without an answer may still take place for so long ([HT71]); until then no refusal of a repetition is final. */
  attemptLifeMs: 10_000,
  /** The server knows a key for a day ([HT41]); what may have arrived longer ago is not blindly repeated. The rest is for clocks that go wrong. */
  replayWithinMs: 20 * 3_600_000,
  /** That rest: whatever has left further in the future than this shows a clock that was set back by more. */
  clockErrorMs: 4 * 3_600_000,
  /** Finished entries that are kept, for tabs that missed the news. */
  keptDone: 100,
  /** Until a sign-in is tried again by itself. */
  signedOutMs: 60_000,
  /** Until a tab that leads and does not answer is taken not to run: stopped in a debugger, or suspended. */
  leaderMs: 15_000,
  /** Until the storage is tried again after it failed. */
  storageMs: 1_000,
} as const;
