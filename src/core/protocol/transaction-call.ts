/**
 * The calls of a transaction to one object ([TP1] [TP3]): `transaction` commits a list of steps in one turn; `trial` runs it in a
 * transaction that is rolled back, and tells what the steps came to and what was read for it. Both run the same steps by the same
 * code; a prepare over several objects is a trial whose images are kept.
 */

import type { FaultData } from "../fault.ts";
import type { RowId } from "../ids.ts";
import type { Json, JsonObject } from "../json.ts";
import type { OrderTerm } from "../query/order.ts";
import type { Draft, Row } from "../schema/table-spec.ts";
import type { Expect, Isolation, TransactionOp } from "../transaction/operation.ts";
import type { BatchItem, FilterBatch, ItemWrite } from "./batch-call.ts";
import type { CallHeader, Idempotency, Preconditions, WriteCall, WriteScopes } from "./object-call.ts";

/** One operation as its object is told of it. */
export interface TransactionStep {
  /** In the whole transaction, also where its steps lie in several objects. */
  readonly index: number;
  readonly as: string;
  /** The table's own name, and the name it is served under. */
  readonly table: string;
  readonly resource: string;
  readonly op: TransactionOp;
  readonly scopes: WriteScopes;
  /** Filters over the results of earlier steps; null: none, or settled already. */
  readonly when: string | null;
  readonly require: string | null;
  readonly expect: Expect | null;
  readonly action: StepAction;
  /** Values that a trial drew for the columns left out: the commit writes what was seen. */
  readonly drawn: Drawn | null;
  /** With `where`: more rows are refused ([HT32]). Absent: no such limit. */
  readonly limitUnconfirmed?: number;
}

export type StepAction =
  | { readonly kind: "ready"; readonly work: StepWork }
  /** Made ready in the turn that runs it, with the results of that turn. */
  | { readonly kind: "open"; readonly operation: OpenOperation }
  /** Its condition did not hold in the Worker. */
  | { readonly kind: "skipped" }
  /** Failed in the Worker. Answered when its turn comes, unless an earlier one fails; no step follows it. */
  | { readonly kind: "refused"; readonly fault: FaultData };

export type StepWork =
  | { readonly kind: "write"; readonly write: ItemWrite; readonly conditions: Preconditions }
  | Extract<BatchItem, { kind: "upsert" }>
  | { readonly kind: "read"; readonly id: RowId; readonly select: readonly string[] | null }
  | { readonly kind: "count"; readonly filter: string }
  | {
      readonly kind: "list";
      readonly filter: string;
      readonly orderBy: readonly OrderTerm[];
      readonly limit: number;
      readonly select: readonly string[] | null;
      /** The first row or null, instead of an array. */
      readonly isSingle: boolean;
    }
  | Pick<FilterBatch, "op" | "filter" | "patch" | "invalid" | "hooked" | "kind">;

/** An operation that may hold references. `where` as text is canonical already. */
export interface OpenOperation {
  readonly op: TransactionOp;
  readonly id: Json | undefined;
  readonly where: string | JsonObject | undefined;
  readonly data: JsonObject | undefined;
  readonly ifVersion: string | undefined;
  readonly select: readonly string[] | null;
  readonly orderBy: readonly OrderTerm[];
  readonly limit: number;
  /** Which columns an object of equalities may name. */
  readonly fields: "client" | "scope";
  /** Its data may set columns that clients may not; given by server code alone. */
  readonly writes?: "all";
  /** Id of the row, where the operation creates one and names none. */
  readonly newId: string;
  readonly mayCreate: boolean;
}

/** By column. */
export interface Drawn {
  readonly defaults: Draft;
  readonly updates: Draft;
}

/** What a transaction has looked at in one object, to be the same when it commits ([TX12]). */
export interface Seen {
  /** `<epoch>:<seq>` at which all of it was so. */
  readonly position: string;
  /** Version 0: the row was absent. */
  readonly rows: readonly { readonly table: string; readonly id: RowId; readonly version: number }[];
  /** Canonical filter texts; `""` is every row. */
  readonly ranges: readonly { readonly table: string; readonly filter: string }[];
}

/** Alike for all runs of one transaction, whatever is tried in between. */
export interface TransactionFacts {
  readonly txid: string;
  /** ms since 1970; what hooks and defaults of the object take for now. */
  readonly nowMs: number;
  /** 32 hex digits. */
  readonly seed: string;
  readonly isolation: Isolation;
}

export interface NamedEffect {
  readonly name: string;
  readonly payload: Json;
}

export interface TransactionCall extends CallHeader {
  readonly op: "transaction";
  readonly facts: TransactionFacts;
  readonly steps: readonly TransactionStep[];
  readonly seen: Seen | null;
  readonly effects: readonly NamedEffect[];
  /** Results that take the place of the object's own in the reply, by index of the step ([TX2] `transform`). */
  readonly shown: { readonly [index: string]: Json };
  /** The value of the whole, where the form has one of its own. */
  readonly value: Json | null;
  readonly idempotency: Idempotency | null;
  readonly attempt: WriteCall["attempt"];
  readonly wantsChange: boolean;
}

export interface TrialCall extends CallHeader {
  readonly op: "trial";
  readonly facts: TransactionFacts;
  readonly steps: readonly TransactionStep[];
  /** Of the trial before: what is still so, or the transaction begins anew. */
  readonly seen: Seen | null;
  /** A row, or the rows under a filter, for the before-hooks of the step that follows; decided up to the hook. */
  readonly look: Look | null;
  /** Looked up only: the stored reply is the answer. */
  readonly idempotency: Idempotency | null;
}

export type Look = Pick<TransactionStep, "index" | "as" | "table" | "scopes"> &
  (
    | {
        readonly kind: "row";
        readonly op: "update" | "replace" | "upsert" | "delete";
        readonly id: RowId;
        readonly mayCreate: boolean;
        readonly conditions: Preconditions;
      }
    | {
        readonly kind: "filter";
        readonly op: "update" | "delete";
        readonly filter: string;
        readonly limitRows: number;
        readonly limitUnconfirmed?: number;
      }
  );

/** What a step came to. */
export interface StepOutcome {
  readonly status: "done" | "skipped";
  /** As the caller may see it. */
  readonly value: Json;
  /** The same with every column, for functions of server code. */
  readonly full: Json;
  readonly id: RowId | null;
  readonly drawn: Drawn | null;
}

export interface Tried {
  readonly kind: "tried";
  readonly outcomes: readonly StepOutcome[];
  readonly looked: readonly { readonly id: RowId; readonly row: Row | null; readonly version: number }[];
  readonly seen: Seen;
  readonly position: string;
}

/** The body of a committed transaction ([HT59]). */
export interface TransactionBody {
  readonly ok: true;
  readonly txid: string;
  readonly results: { readonly [name: string]: Json };
  readonly steps: readonly CommittedStep[];
  readonly seqs: readonly {
    readonly resource: string;
    readonly partition?: string;
    readonly token?: string;
    readonly txid?: string;
  }[];
  /** Of forms that have one. */
  readonly value?: Json;
}

export interface CommittedStep {
  readonly index: number;
  readonly as: string;
  readonly op: TransactionOp;
  readonly resource: string;
  readonly status: "done" | "skipped";
  readonly id?: RowId;
  /** Row tag without quotes: what `ifVersion` takes. */
  readonly version?: string;
}
