/**
 * An entry of the outbox: one write, or several that stand together as a transaction, kept until its outcome is certain and seen. Plain data,
 * stored as it is. Its key is the Idempotency-Key of every attempt, and stays the same through retries, merges and edits, so that
 * no copy that is still under way can take place beside a later one.
 */

import type { RowId } from "../ids.ts";
import type { JsonObject } from "../json.ts";

export interface RowWrite {
  readonly op: "create" | "update" | "replace" | "delete";
  readonly table: string;
  readonly partition?: string;
  readonly id: RowId;
  /** The row, or the columns to change; nothing for a delete. */
  readonly values: JsonObject;
  /** The columns it changes, as they were shown when it was made; null: they were not known, or were revoked since. */
  readonly base: JsonObject | null;
  /** Of the server's row that `base` stands on, without quotes; null: the write is sent without a condition. */
  readonly tag: string | null;
}

export type EntryState =
  /** Nothing of it can have reached the server. */
  | { readonly kind: "queued" }
  /** It has left, at least once; `firstAtMs` is the clock of the wall. */
  | { readonly kind: "sent"; readonly firstAtMs: number }
  /** Waits for a person to retry, edit or discard it. `present`: the server's row, where a conflict was the reason. */
  | { readonly kind: "refused"; readonly problem: JsonObject; readonly present?: JsonObject | null }
  /**
   * It took place; one position (`epoch:seq`) for each object that the answer knew of. `txid`: of a transaction, by which the other objects
   * say where they have their part. `tags`: of the rows that its writes have led to, where they are known.
   */
  | {
      readonly kind: "done";
      readonly positions: readonly string[];
      readonly txid?: string;
      readonly tags?: readonly (string | null)[];
    };

export type Done = Extract<EntryState, { kind: "done" }>;

export function doneAt(positions: readonly string[], txid?: string): Done {
  return { kind: "done", positions, ...(txid !== undefined && { txid }) };
}

/** The row as it was, or as a transaction has left it: the answer tells the versions of rows of the deciding object only. */
export function tagLeftBy(txid: string | undefined, { tag }: Pick<RowWrite, "tag">): string | null {
  return txid === undefined || tag === null ? null : `${tag.split("+")[0]}+${txid}`;
}

export interface OutboxEntry {
  readonly key: string;
  /** In the queue; given by the storage, always growing. */
  readonly place: number;
  /** Counts the changes of the entry: a change of what has changed meanwhile is refused by the storage. */
  readonly rev: number;
  /** Who made it; it is sent for nobody else. Null: whoever is signed in. */
  readonly principal: string | null;
  readonly madeAtMs: number;
  /** Never empty. */
  readonly writes: readonly RowWrite[];
  readonly state: EntryState;
}

/** What the storage adds: it gives the place. */
export type EntryDraft = Omit<OutboxEntry, "place" | "rev" | "state">;

/** An entry replaced or, with null, removed; nothing happens unless the storage still holds `before.rev`. */
export interface EntryChange {
  readonly before: OutboxEntry;
  readonly after: OutboxEntry | null;
}

/** The change to another state, or to other writes. */
export function changed(
  before: OutboxEntry,
  { state = before.state, writes = before.writes }: Partial<Pick<OutboxEntry, "state" | "writes">>,
): EntryChange & { readonly after: OutboxEntry } {
  return { before, after: { ...before, rev: before.rev + 1, state, writes } };
}

/** Who is there after a sign-out: nothing is sent, whosever it is. */
export const NOBODY = "";

export const QUEUED: EntryState = { kind: "queued" };

export type RowOf = Pick<RowWrite, "table" | "partition" | "id">;

/** Names a row across tables and partitions. */
export function rowKey({ table, partition = "", id }: RowOf): string {
  return `${table}/${partition}/${typeof id}:${id}`;
}

/** The same without making names: for loops over all entries. */
export function isSameRow(a: RowOf, b: RowOf): boolean {
  return a.id === b.id && a.table === b.table && a.partition === b.partition;
}
