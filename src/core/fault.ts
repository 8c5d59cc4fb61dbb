/**
 * Faults: the expected failures, typed and safe to show. One union, closed; each arm carries its own fields.
 * Inside a room a `Fault` is thrown; across a door (RPC, wire, queue) its `data` travels, because class identity does not.
 * The edge turns a fault into problem+json (src/core/protocol/problem.ts); nothing else decides on status or slug.
 * Anything that is not a Fault is a defect: logged with an id, shown as `internal-error`.
 */

import type { IdKind, RowId } from "./ids.ts";
import type { Json } from "./json.ts";

export interface FieldError {
  /** Dotted path into the body, `""` for the body itself, or the name of a query parameter. */
  readonly field: string;
  readonly message: string;
  readonly code?: string;
}

export type FilterFaultReason =
  | "syntax"
  | "unknown-field"
  | "unknown-operator"
  | "operator-not-allowed"
  | "type"
  | "limit"
  | "relation-path"
  | "regex";

export type ConflictReason =
  | "exists"
  | "unique"
  | "foreign-key"
  | "referenced"
  | "contended"
  | "not-deleted"
  | "too-many"
  | "expect";

type FaultArm =
  | {
      readonly slug: "validation-error";
      readonly errors: readonly FieldError[];
      /** A reference of a transaction that leads nowhere ([HT56]). */
      readonly reason?: "reference";
      readonly detail?: string;
    }
  | { readonly slug: "malformed-body"; readonly detail: string; readonly position?: number }
  | {
      readonly slug: "filter-parse-error";
      readonly detail: string;
      readonly parameter: string;
      readonly reason: FilterFaultReason;
      /** 0-based code point offset of the offending token. */
      readonly position: number;
      readonly length: number;
      readonly suggestion?: string;
      readonly allowedOperators?: readonly string[];
      readonly allowedFields?: readonly string[];
    }
  | {
      readonly slug: "cursor-invalid";
      readonly reason: "malformed" | "tampered" | "version_mismatch" | "table_mismatch" | "orderby_mismatch";
    }
  | { readonly slug: "cursor-expired" }
  | {
      readonly slug: "batch-limit-exceeded";
      readonly operation?: string;
      readonly limit: number | "bytes";
      readonly requested?: number;
    }
  | {
      readonly slug: "transaction-limit-exceeded";
      readonly limit: "objects" | "operations" | "bytes";
      readonly max: number;
      readonly actual: number;
      readonly detail?: string;
    }
  | { readonly slug: "query-too-expensive"; readonly examined: number; readonly limit: number }
  | {
      readonly slug: "unauthorized";
      readonly reason?: "expired" | "invalid-credentials" | "mfa-required";
      readonly detail?: string;
    }
  | {
      readonly slug: "forbidden";
      readonly operation?: string;
      readonly reason?: "csrf" | "origin" | "unverified-email";
      readonly detail?: string;
    }
  | { readonly slug: "not-found"; readonly resource?: string; readonly id?: string; readonly detail?: string }
  | { readonly slug: "method-not-allowed"; readonly allow: readonly string[] }
  | {
      readonly slug: "conflict";
      readonly reason: ConflictReason;
      readonly id?: RowId;
      readonly field?: string;
      readonly fields?: readonly string[];
      readonly detail?: string;
    }
  /** Another transaction or write stood in the way, `tries` times ([TX30]). */
  | {
      readonly slug: "transaction-conflict";
      readonly retryable: true;
      readonly tries: number;
      readonly retryAfter: number;
    }
  | { readonly slug: "idempotency-in-progress"; readonly retryAfter: number }
  | {
      readonly slug: "precondition-failed";
      readonly currentETag?: string;
      readonly id?: RowId;
      readonly reason?: string;
    }
  | { readonly slug: "payload-too-large"; readonly limit: number; readonly actual?: number; readonly detail?: string }
  | { readonly slug: "unsupported-media-type"; readonly supported: readonly string[]; readonly detail?: string }
  /** Of stored bytes; `size` is how many there are. */
  | { readonly slug: "range-not-satisfiable"; readonly size: number }
  | { readonly slug: "idempotency-mismatch" }
  | { readonly slug: "precondition-required"; readonly header: string; readonly detail?: string }
  | { readonly slug: "rate-limit-exceeded"; readonly retryAfter: number }
  /** More watches, windows or sockets than one socket, object or caller may have ([LV14] [WS12] [WS13]). */
  | {
      readonly slug: "subscription-limit-exceeded";
      readonly limit: "watches" | "windows" | "sockets" | "bytes";
      readonly max: number;
    }
  | { readonly slug: "internal-error" }
  | { readonly slug: "output-validation-error" }
  | {
      readonly slug: "overloaded" | "unavailable" | "read-behind";
      readonly retryAfter: number;
      readonly detail?: string;
    }
  | { readonly slug: "outcome-unknown"; readonly retryAfter: number; readonly idempotencyKey: string }
  | { readonly slug: "timeout"; readonly detail?: string };

/** A fault as data. `index` tells the item of a batch, or the operation of a transaction, that it is about ([HT45] [HT59]); `as` its name. */
export type FaultData = FaultArm & { readonly index?: number; readonly as?: string };

export type FaultSlug = FaultArm["slug"];

/** A thrown answer. Catch it at the door and pass on `data`. */
export class Fault extends Error {
  readonly data: FaultData;

  constructor(data: FaultData) {
    super(data.slug);
    this.name = "Fault";
    this.data = data;
  }
}

/** Errors that one answer lists at most: a small request must not be answered by a huge reply. */
export const MAX_ERRORS = 100;

/** A `validation-error` over a list of fields. */
export function invalid(errors: readonly FieldError[]): Fault {
  return new Fault({ slug: "validation-error", errors: errors.slice(0, MAX_ERRORS) });
}

/** A `validation-error` over one field. */
export function invalidField(field: string, message: string, code?: string): Fault {
  return invalid([code === undefined ? { field, message } : { field, message, code }]);
}

/** What a malformed id is told, by kind of id. */
export function idForm(kind: IdKind): string {
  switch (kind) {
    case "uuid":
      return "must be a UUIDv7 in lower case, as newId() of ledge/client makes";
    case "text":
      return "must match [A-Za-z0-9._~-]{1,128} and be none of the reserved path segments";
    case "int":
      return "is made by the server and may not be given";
  }
}

/** Marks a case that the types say cannot happen. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value as Json)}`);
}
