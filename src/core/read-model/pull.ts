/**
 * What a consumer asks an object for and what it is answered. A page is exact: whoever held the object's rows as of `from.seq` (while it is
 * back-filled: those up to `from.place`) and applies it, holds them as of `seq` (up to `place`). Crosses as JSON text.
 */

import type { RowId } from "../ids.ts";
import type { Row } from "../schema/table-spec.ts";

/** How far the rows that were there before have been taken over: all of the tables before this one, and of this one up to `after`. */
export interface Place {
  readonly table: string;
  readonly after: RowId | null;
}

export interface PullFrom {
  readonly epoch: string;
  /** The newest migration the object had: one more may have changed rows without a commit. */
  readonly migration: string | null;
  readonly seq: number;
  /** Null when all rows are taken over. */
  readonly place: Place | null;
}

/** How large a page may be: the consumer knows what its database takes at once. */
export interface PageLimits {
  readonly rows: number;
  readonly commits: number;
  /** UTF-16 units of the rows as JSON, about; one commit, or one row, may have more. */
  readonly size: number;
}

/** D1 takes 2 MB in one parameter, and a batch should be well within its 30 s (limits read 2026-11). */
export const PAGE_LIMITS: PageLimits = { rows: 2500, commits: 1000, size: 700_000 };

export interface PullRequest {
  readonly v: 1;
  readonly limits: PageLimits;
  /** Columns by table, in the order of back-filling. */
  readonly tables: Readonly<Record<string, readonly string[]>>;
  /** Null asks for the facts alone. */
  readonly from: PullFrom | null;
}

/** An object as the register shows it. */
export interface ObjectFacts {
  readonly epoch: string;
  readonly migration: string | null;
  readonly head: number;
  readonly sizeBytes: number;
  /** ms since 1970. */
  readonly atMs: number;
}

/** The row as it was at the page's seq; null: it was gone. */
export interface PulledRow {
  readonly table: string;
  readonly id: RowId;
  readonly version: number;
  readonly row: Row | null;
}

export interface PulledPage {
  readonly kind: "page";
  readonly facts: ObjectFacts;
  readonly seq: number;
  readonly place: Place | null;
  /** Each row once. */
  readonly rows: readonly PulledRow[];
  /** ms since 1970: nothing that was committed up to then is missing. */
  readonly asOfMs: number;
}

export type PullReply =
  | PulledPage
  | { readonly kind: "facts"; readonly facts: ObjectFacts }
  /** Nothing leads on from there: another ledger, another schema, or entries that are gone. A copy begins anew. */
  | {
      readonly kind: "elsewhere";
      readonly reason: "epoch" | "migration" | "pruned" | "ahead";
      readonly facts: ObjectFacts;
    }
  /** A migration waits or failed: what the object shows may not be what it holds. */
  | { readonly kind: "unready" };

/** What a consumer that was told by a message says when it has taken everything. Crosses as JSON text. */
export interface NewsTaken {
  readonly epoch: string;
  /** Nothing up to here is missing in the copy that serves. */
  readonly seq: number;
  /** Which tables and columns the whole application copies, by the consumer's version of the code. */
  readonly form: string;
}

/** Whether a copy that applies the page then holds all that the object held. */
export function isComplete(page: PulledPage): boolean {
  return page.place === null && page.seq === page.facts.head;
}

/** What of `from` no longer holds, or null when the ledger leads on from there. `oldest` is the first entry that is kept; null: none is. */
export function whyElsewhere(
  from: PullFrom,
  facts: ObjectFacts,
  oldest: number | null,
): "epoch" | "migration" | "pruned" | "ahead" | null {
  if (from.epoch !== facts.epoch) return "epoch";
  if (from.migration !== facts.migration) return "migration";
  if (from.seq > facts.head) return "ahead";
  const isPruned = from.seq < facts.head && (oldest === null || oldest > from.seq + 1);
  return isPruned ? "pruned" : null;
}
