/**
 * The contract between the Worker and a table object: one call, one reply, plain data both ways.
 * Versioned, because during a gradual deployment the two may run different code; an object serves N and N−1.
 * The Worker has authenticated, parsed and validated; the object trusts the shape and decides on the rows.
 */

import type { FaultData, FieldError } from "../fault.ts";
import type { ObjectName, RowId } from "../ids.ts";
import type { JsonScalar } from "../json.ts";
import type { OrderTerm } from "../query/order.ts";
import type { Draft, Row } from "../schema/table-spec.ts";
import type { Principal } from "../scope/principal.ts";
import type { AggregateCall } from "./aggregate-call.ts";
import type { BatchCall, LoadBatchCall, LoadedBatch, PreviewBatchCall } from "./batch-call.ts";
import type { TagCondition } from "./etag.ts";
import type { ProcedureCall } from "./procedure-call.ts";
import type { SearchCall } from "./search-call.ts";
import type { TransactionCall, TrialCall, Tried } from "./transaction-call.ts";

export const CALL_VERSION = 1;

/** A scope on the wire: `"*"` allows every row, `""` none, anything else is a canonical filter text. */
export type ScopeText = string;

export interface Preconditions {
  readonly ifMatch?: TagCondition;
  readonly ifNoneMatch?: TagCondition;
}

/** The key of an idempotent request, and what must be equal for it to count as the same request ([HT41] [HT42]). */
export interface Idempotency {
  /** Principal and key together, e.g. `u:alice|9f1c…`. */
  readonly key: string;
  /** SHA-256 over method, path, canonical query, canonical body and If-Match, in hex. */
  readonly fingerprint: string;
  readonly ttlMs: number;
}

/** What every call carries. */
export interface CallHeader {
  readonly v: typeof CALL_VERSION;
  /** The object that was addressed; the object refuses a call meant for another. */
  readonly object: ObjectName;
  readonly table: string;
  readonly partition: string | null;
  readonly requestId: string;
  /** Null where the caller does not trace. */
  readonly traceparent: string | null;
  readonly principal: Principal;
  /** The read takes the last committed rows and waits for none that is being decided ([TX17]). */
  readonly consistency?: "committed";
}

export interface ListCall extends CallHeader {
  readonly op: "list";
  readonly scope: ScopeText;
  /** Canonical filter text; `""` matches every row. */
  readonly filter: string;
  readonly orderBy: readonly OrderTerm[];
  readonly limit: number;
  readonly offset: number;
  /** Sort values and id of the last row seen, from a verified cursor. */
  readonly after: readonly JsonScalar[] | null;
  readonly totalCount: boolean;
  /** The reply is to carry SQLite's query plan, in `ledge-plan`; only administrators and developers are given it. */
  readonly isExplained: boolean;
  readonly withDeleted: { readonly scope: ScopeText } | null;
  readonly select: readonly string[] | null;
  readonly etags: boolean;
  readonly conditions: Preconditions;
}

export interface GetCall extends CallHeader {
  readonly op: "get";
  readonly id: RowId;
  readonly scope: ScopeText;
  readonly withDeleted: { readonly scope: ScopeText } | null;
  readonly select: readonly string[] | null;
  readonly conditions: Preconditions;
}

export interface CountCall extends CallHeader {
  readonly op: "count";
  readonly scope: ScopeText;
  readonly filter: string;
  readonly withDeleted: { readonly scope: ScopeText } | null;
  /** Counting stops here; null counts all. */
  readonly limit: number | null;
  readonly conditions: Preconditions;
}

/** Scopes of the caller for a write; an operation that the write cannot become is left out. */
export interface WriteScopes {
  readonly read: ScopeText;
  readonly create?: ScopeText;
  readonly update?: ScopeText;
  readonly delete?: ScopeText;
  readonly readDeleted?: ScopeText;
}

/** One write of one row, as the object plans it. Input is in JSON form, writable-filtered, through the before-hooks. */
export type WriteIntent =
  | { readonly op: "create"; readonly id: RowId | null; readonly input: Draft; readonly optimisticId?: string }
  | { readonly op: "update"; readonly id: RowId; readonly input: Draft }
  /** `mayCreate` is false when the caller may not create: an absent row is then 404. */
  | { readonly op: "replace"; readonly id: RowId; readonly input: Draft; readonly mayCreate: boolean }
  | { readonly op: "delete"; readonly id: RowId; readonly hard: boolean }
  | { readonly op: "restore"; readonly id: RowId };

export interface WriteCall extends CallHeader {
  readonly op: "write";
  readonly intent: WriteIntent;
  /** What validation in the Worker found; answered at its place in the order of steps ([HT20]), after 404, 403 and 412. */
  readonly invalid: readonly FieldError[];
  readonly scopes: WriteScopes;
  readonly conditions: Preconditions;
  readonly idempotency: Idempotency | null;
  /** Made by the Worker when the client gave no key: costs no row, lies in the ledger entry ([HT71]). */
  readonly attempt: { readonly id: string; readonly startedAtMs: number; readonly isRepeat: boolean } | null;
  /**
   * Version the row had when the before-hook saw it (0: it was absent); moved meanwhile → `contended`, and the Worker runs
   * the hook again. Null: no hook looked.
   */
  readonly expectVersion: number | null;
  readonly isMinimal: boolean;
  /** The reply is to carry the change, for after-hooks that run in the Worker. */
  readonly wantsChange: boolean;
}

/**
 * First half of a write whose resource has an asynchronous before-hook: idempotency lookup, load, permission on the row
 * before, preconditions. Answers a stored reply, a fault, or the row for the hook.
 */
export interface LoadCall extends CallHeader {
  readonly op: "load";
  readonly intent: {
    readonly op: WriteIntent["op"];
    readonly id: RowId | null;
    readonly hard?: boolean;
    readonly mayCreate?: boolean;
  };
  readonly scopes: WriteScopes;
  readonly conditions: Preconditions;
  readonly idempotency: Idempotency | null;
}

/** Calls that may change rows: repeated under their key only. */
export type MutatingCall = WriteCall | BatchCall | TransactionCall | ProcedureCall;

export type ObjectCall =
  | ListCall
  | GetCall
  | AggregateCall
  | SearchCall
  | CountCall
  | WriteCall
  | LoadCall
  | BatchCall
  | LoadBatchCall
  | PreviewBatchCall
  | TransactionCall
  | TrialCall
  | ProcedureCall;

/** Whether the call may write rows: so it goes through group commit, and is never sent twice without its key. */
export function isWrite(call: ObjectCall): call is MutatingCall {
  return call.op === "write" || call.op === "batch" || call.op === "transaction" || call.op === "procedure";
}

/** One row as a commit changed it; images hold every column, also those no client may see. */
export interface RowChange {
  readonly table: string;
  readonly id: RowId;
  readonly op: "create" | "update" | "delete";
  readonly before: Row | null;
  readonly after: Row | null;
  readonly optimisticId?: string;
}

export type ObjectReply =
  | {
      readonly kind: "answer";
      readonly status: 200 | 201 | 204 | 304;
      /** Lower-case names; `ledge-seq` is set by the Worker from `position`. */
      readonly headers: Readonly<Record<string, string>>;
      /** JSON, already serialized; null when there is no body. */
      readonly body: string | null;
      /** `<epoch>:<seq>` after the write, or of the read. */
      readonly position: string;
      readonly isReplay?: boolean;
      /** A list with a further page: sort values and id of its last row. The body then ends with `"nextCursor":null}`, where the
       * Worker puts the signed cursor. */
      readonly next?: readonly JsonScalar[];
      /** No answer yet: a search of an engine's hits that needs more of them to fill its page. */
      readonly needsHits?: true;
      readonly changes?: readonly RowChange[];
    }
  /** Answer to `load`: the row (null: absent, and the caller may create it) for the before-hook. */
  | { readonly kind: "loaded"; readonly row: Row | null; readonly version: number | null; readonly position: string }
  | LoadedBatch
  | Tried
  | { readonly kind: "fault"; readonly fault: FaultData; readonly position: string | null };
