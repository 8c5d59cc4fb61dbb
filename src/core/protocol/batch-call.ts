/**
 * The calls of a batch: many rows, one transaction, one seq ([HT45]). Items come in the order the client sent them, and the
 * first that fails decides. A table with before-hooks is called twice, as for a single write: `load-batch`, then `batch`.
 */

import type { FaultData, FieldError } from "../fault.ts";
import type { RowId } from "../ids.ts";
import type { BatchOperation, Draft, Row } from "../schema/table-spec.ts";
import type { CallHeader, Idempotency, Preconditions, WriteCall, WriteIntent, WriteScopes } from "./object-call.ts";

export interface BatchCall extends CallHeader {
  readonly op: "batch";
  readonly operation: BatchOperation;
  readonly work: BatchItems | FilterBatch;
  readonly scopes: WriteScopes;
  /** Of the rows as a collection ([HT39]); an item has its own. */
  readonly conditions: Preconditions;
  readonly idempotency: Idempotency | null;
  readonly attempt: WriteCall["attempt"];
  readonly isMinimal: boolean;
  readonly wantsChange: boolean;
}

export interface BatchItems {
  readonly kind: "items";
  readonly items: readonly BatchItem[];
}

/** One intended write and what validation in the Worker found. */
export interface ItemWrite {
  readonly intent: WriteIntent;
  readonly invalid: readonly FieldError[];
}

export type BatchItem =
  | {
      readonly kind: "write";
      readonly write: ItemWrite;
      readonly conditions: Preconditions;
      readonly expectVersion: number | null;
    }
  /** Whether the row is there decides which of the two is done; `absent` is null when the caller may not create. */
  | {
      readonly kind: "upsert";
      readonly id: RowId;
      readonly present: ItemWrite;
      readonly absent: ItemWrite | null;
      readonly conditions: Preconditions;
    }
  /** Failed in the Worker. It is answered when its turn comes, unless an earlier item fails; no item follows it. */
  | { readonly kind: "refused"; readonly fault: FaultData };

/** Rows under a filter and the scope of the operation. */
export interface FilterRows {
  /** Canonical filter text; `""` matches every row. */
  readonly filter: string;
  /** More rows are `batch-limit-exceeded`. */
  readonly limitRows: number;
  /** More rows than this need a confirmation that was not given; null: none is needed ([HT32]). */
  readonly limitUnconfirmed: number | null;
}

export interface FilterBatch extends FilterRows {
  readonly kind: "filter";
  readonly op: "update" | "delete";
  readonly patch: Draft;
  readonly invalid: readonly FieldError[];
  /** What the before-hook made of each row, in order of id; null: no hook looked. Ends early with a row that it refused. */
  readonly hooked: readonly HookedRow[] | null;
}

export type HookedRow =
  | { readonly kind: "write"; readonly id: RowId; readonly version: number; readonly patch: Draft }
  | { readonly kind: "refused"; readonly id: RowId; readonly version: number; readonly fault: FaultData };

/** An item as far as the steps before the hook need it. */
export interface ItemTarget {
  readonly op: BatchOperation;
  readonly id: RowId | null;
  readonly mayCreate: boolean;
  readonly conditions: Preconditions;
}

/** The rows for before-hooks: everything up to the hook is decided here ([HT20]). Writes nothing. */
export interface LoadBatchCall extends CallHeader {
  readonly op: "load-batch";
  readonly operation: BatchOperation;
  readonly work:
    | { readonly kind: "items"; readonly items: readonly ItemTarget[] }
    | ({ readonly kind: "filter" } & FilterRows);
  readonly scopes: WriteScopes;
  readonly conditions: Preconditions;
  readonly idempotency: Idempotency | null;
}

/** `row` is null where it is to be created, or (DELETE by ids) passed over. `version` is 0 for an absent row. */
export type LoadedItem =
  | { readonly kind: "row"; readonly id: RowId | null; readonly row: Row | null; readonly version: number }
  | { readonly kind: "refused"; readonly fault: FaultData };

export interface LoadedBatch {
  readonly kind: "loaded-batch";
  /** In order; ends with the first that is refused. */
  readonly items: readonly LoadedItem[];
  readonly position: string;
}

/** What a filter batch would touch ([HT32]); the body ends with `"confirm":null}`, where the Worker puts its token. */
export interface PreviewBatchCall extends CallHeader {
  readonly op: "preview-batch";
  readonly operation: "update" | "delete";
  readonly rows: FilterRows;
  readonly invalid: readonly FieldError[];
  readonly scopes: WriteScopes;
  readonly conditions: Preconditions;
}
