/** What clients did and saw, as the checker reads it: lists that are appended to and read whole, so that every read tells its own past. */

export type MicroOp =
  | { readonly kind: "append"; readonly list: string; readonly value: number }
  | { readonly kind: "read"; readonly list: string; readonly values: readonly number[] };

export interface HistoryEntry {
  readonly name: string;
  /** `info`: nobody knows whether it took place. Its reads are not known, its appends are those it may have made. */
  readonly outcome: "ok" | "fail" | "info";
  readonly invokedAt: number;
  /** Infinity where the client was never told. */
  readonly completedAt: number;
  readonly ops: readonly MicroOp[];
}

export interface History {
  readonly entries: readonly HistoryEntry[];
  /** Every list as it stands at the end: the order of its versions. */
  readonly final: ReadonlyMap<string, readonly number[]>;
  /** Lists that are sets: two appends commute, so their order says nothing. */
  readonly unordered: ReadonlySet<string>;
}
