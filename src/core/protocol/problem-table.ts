/**
 * What is known of each fault ([HT70]): status, title, headers, and the words in which it is told, to whoever made the request and to people who
 * look it up. Closed by its type: a new arm of `FaultData` does not compile until it has a line here. Pure data; its lines are one table.
 */

import type { FaultData, FaultSlug } from "../fault.ts";

type FaultOf<S extends FaultSlug> = FaultData extends infer D
  ? D extends { readonly slug: infer T }
    ? S extends T
      ? D
      : never
    : never
  : never;

/** What is the same of every fault of a kind. */
export interface ProblemSpec<S extends FaultSlug> {
  readonly status: number;
  readonly title: string;
  /** `detail` of the problem when the fault brings none. Faults of the server have none: their cause is in the log. */
  readonly detail?: (fault: FaultOf<S>) => string;
  readonly headers?: (fault: FaultOf<S>) => Readonly<Record<string, string>>;
  /** For people: what it means and what to do, shown at `/_/problems/<slug>`. */
  readonly help: string;
}

const retryAfter = (fault: { readonly retryAfter: number }) => ({ "retry-after": String(fault.retryAfter) });

export const PROBLEMS: { readonly [S in FaultSlug]: ProblemSpec<S> } = {
  "validation-error": {
    status: 400,
    title: "The request is not valid",
    detail: ({ errors }) =>
      errors.map(({ field, message }) => (field === "" ? message : `${field} ${message}`)).join("; "),
    help: "Each member of `errors` names a field (a dotted path into the body, or a query parameter or header) and what is wrong with it. All errors are listed at once. Correct them and send the request again.",
  },
  "malformed-body": {
    status: 400,
    title: "The body cannot be read",
    help: "The body is missing, is not UTF-8, or is not JSON. `position` is the offset in the text where reading stopped, where it is known.",
  },
  "filter-parse-error": {
    status: 400,
    title: "The filter cannot be read",
    help: "`position` and `length` mark the offending part in code points, `reason` says what kind of fault it is, and `suggestion` is the nearest word that would be accepted.",
  },
  "cursor-invalid": {
    status: 400,
    title: "The cursor is not valid",
    detail: ({ reason }) => `The cursor is ${reason.replace("_", " ")}`,
    help: "A cursor belongs to the table and the ordering it was made for, and may not be changed. Start again without one.",
  },
  "cursor-expired": {
    status: 400,
    title: "The cursor has expired",
    detail: () => "The cursor is older than this table allows",
    help: "This table limits how long a cursor may be used. Start again without one.",
  },
  "batch-limit-exceeded": {
    status: 400,
    title: "The batch is too large",
    detail: ({ operation = "write", limit, requested }) =>
      limit === "bytes"
        ? `The batch has ${requested ?? "too many"} bytes, more than one commit, or its reply, can hold`
        : `Cannot ${operation} ${requested ?? "so many"} rows in one batch: the limit is ${limit}`,
    help: "Nothing was written. `limit` is what one batch may hold; send several. A reply grows by rows that stay as they are, too: with `Prefer: return=minimal` there is none.",
  },
  "transaction-limit-exceeded": {
    status: 400,
    title: "The transaction is too large",
    detail: ({ limit, max, actual }) => `The transaction has ${actual} ${limit}, limit is ${max}`,
    help: "Nothing was written. `limit` names what there is too much of (`objects`, `operations`, `bytes` of encoded changes), `max` how much one transaction may have. Tables of one group share an object.",
  },
  "query-too-expensive": {
    status: 400,
    title: "The query would read too many rows",
    detail: ({ examined, limit }) => `The query examined ${examined} rows, limit is ${limit}`,
    help: "The filter has a part that no index or SQL can narrow. Add a comparison that does.",
  },
  unauthorized: {
    status: 401,
    title: "Who you are could not be established",
    detail: ({ reason }) =>
      reason === "expired"
        ? "The token has expired"
        : reason === "invalid-credentials"
          ? "The token is not valid"
          : "This operation needs a signed-in caller",
    headers: ({ reason }) => ({
      "www-authenticate": reason === undefined ? 'Bearer realm="ledge"' : 'Bearer realm="ledge", error="invalid_token"',
    }),
    help: "Send `Authorization: Bearer <token>` with a valid token. `reason` is `expired` when signing in again is enough.",
  },
  forbidden: {
    status: 403,
    title: "You may not do that",
    detail: ({ operation }) =>
      operation === undefined ? "The caller may not do that" : `The caller may not ${operation} here`,
    help: "The caller is known, but no rule of the table allows this operation, or the row after the change would lie outside what the caller may write.",
  },
  "not-found": {
    status: 404,
    title: "There is no such thing",
    detail: ({ resource, id }) =>
      resource === undefined
        ? "Nothing is served at this path"
        : id === undefined
          ? `There is no "${resource}" here`
          : `There is no row ${id} in "${resource}"`,
    help: "The path is unknown, the row does not exist, or it lies outside what the caller may see; the three cannot be told apart.",
  },
  "method-not-allowed": {
    status: 405,
    title: "The path does not take this method",
    detail: ({ allow }) => `The path takes ${allow.join(", ")}`,
    headers: ({ allow }) => ({ allow: allow.join(", ") }),
    help: "The header `Allow` lists the methods that the path takes.",
  },
  conflict: {
    status: 409,
    title: "The request conflicts with what is stored",
    detail: (fault) => conflictDetail(fault),
    help: "`reason` tells which: `exists` (the id is taken), `unique` (a unique column), `foreign-key` (the parent is missing), `referenced` (children exist), `contended` (the row kept moving: try again), `not-deleted` (nothing to restore), `expect` (a rule of the application, or another number of rows than an operation of a transaction expects).",
  },
  "transaction-conflict": {
    status: 409,
    title: "Others changed the same rows",
    detail: ({ tries }) => `Given up after ${tries} tries; nothing was written`,
    headers: retryAfter,
    help: "Nothing was written. Other transactions or writes changed what this one had read or was about to write, each time it was tried. Send it again.",
  },
  "idempotency-in-progress": {
    status: 409,
    title: "The first request with this key is still running",
    detail: ({ retryAfter }) => `Repeat it in ${retryAfter} s with the same key`,
    headers: retryAfter,
    help: "Wait `retryAfter` seconds and repeat the request with the same Idempotency-Key.",
  },
  "precondition-failed": {
    status: 412,
    title: "The row has changed",
    detail: ({ reason, index }) => {
      if (reason === "require") return "What the operation requires does not hold";
      return index === undefined
        ? "If-Match or If-None-Match does not hold"
        : "The row is not of the version in ifVersion";
    },
    help: "The row is no longer the one you saw. Read it again, apply your change to it, and send its new ETag. `currentETag` is the present one. In a transaction `reason: require` says that the `require` of the operation `index` does not hold.",
  },
  "payload-too-large": {
    status: 413,
    title: "The body is too large",
    detail: ({ limit }) => `The limit is ${limit} bytes`,
    help: "`limit` is in bytes. Send less, or several requests.",
  },
  "unsupported-media-type": {
    status: 415,
    title: "The body has the wrong type",
    detail: ({ supported, detail }) => detail ?? `Send ${supported.join(" or ")}`,
    headers: ({ supported }) => ({ accept: supported.join(", ") }),
    help: "Set `Content-Type: application/json`, and send the body as it is, without `Content-Encoding`. Of a file: `supported` lists the types that the table takes, and the bytes must be of the type that was announced.",
  },
  "range-not-satisfiable": {
    status: 416,
    title: "The range lies outside the file",
    detail: ({ size }) => `The file has ${size} bytes`,
    headers: ({ size }) => ({ "content-range": `bytes */${size}`, "accept-ranges": "bytes" }),
    help: "`Range` names no byte of the file. `size` is how many it has, from 0 on.",
  },
  "idempotency-mismatch": {
    status: 422,
    title: "The Idempotency-Key was used for another request",
    detail: () => "Use a new key for a new request",
    help: "A key names one request: method, path, query, body and If-Match. Use a new key for a new request.",
  },
  "precondition-required": {
    status: 428,
    title: "The request must say which version it changes",
    detail: ({ header }) => `Send ${header}`,
    help: "`header` names what is missing. `If-Match`: this table takes changes only with the ETag of the row (or of the list, for a batch by filter; `ifVersion` for each item). `Ledge-Confirm`: a batch over that many rows needs the token of a dry run (`?dryRun=true`).",
  },
  "rate-limit-exceeded": {
    status: 429,
    title: "Too many requests",
    detail: ({ retryAfter }) => `Try again in ${retryAfter} s`,
    headers: retryAfter,
    help: "Wait `retryAfter` seconds.",
  },
  "subscription-limit-exceeded": {
    status: 429,
    title: "Too many subscriptions",
    detail: ({ limit, max }) => `No more than ${max} ${limit} are allowed here`,
    help: "`limit` names what there is too much of, `max` how much is allowed. End subscriptions that are no longer needed; equal ones can share one.",
  },
  "internal-error": {
    status: 500,
    title: "Something went wrong on our side",
    help: "This is a fault of the server. Its log has the cause under the `requestId` of the problem.",
  },
  "output-validation-error": {
    status: 500,
    title: "The answer did not have the promised form",
    help: "This is a fault of the server: a procedure returned what its own description forbids.",
  },
  overloaded: {
    status: 503,
    title: "The table is overloaded",
    detail: ({ retryAfter }) => `Nothing was done. Try again in ${retryAfter} s`,
    headers: retryAfter,
    help: "More requests arrived than the object that owns the data can take. Nothing was done. Wait `retryAfter` seconds.",
  },
  unavailable: {
    status: 503,
    title: "The service is not available",
    detail: ({ retryAfter }) => `Nothing was done. Try again in ${retryAfter} s`,
    headers: retryAfter,
    help: "Nothing was done. Wait `retryAfter` seconds. If it lasts, `/readyz` and the server's log say why.",
  },
  "read-behind": {
    status: 503,
    title: "The copy has not caught up yet",
    detail: ({ retryAfter }) => `Try again in ${retryAfter} s`,
    headers: retryAfter,
    help: "The request asked for a position that the copy it reads has not reached. Repeat it.",
  },
  "outcome-unknown": {
    status: 503,
    title: "It is not known whether the write took place",
    detail: () => "Repeat the request with the Idempotency-Key of this problem: it will not take place twice",
    headers: (fault) => ({ ...retryAfter(fault), "idempotency-key": fault.idempotencyKey }),
    help: "The connection to the data was lost during a write. Repeat the same request with `Idempotency-Key: <idempotencyKey>` until it is answered: it will not take place twice.",
  },
  timeout: {
    status: 504,
    title: "The answer took too long",
    detail: () => "No answer came in time",
    help: "Repeat the request; ask for less if it goes on.",
  },
};

function conflictDetail(fault: FaultOf<"conflict">): string {
  switch (fault.reason) {
    case "exists":
      return fault.id === undefined ? "The id is taken" : `The id ${fault.id} is taken`;
    case "unique":
      return `Another row has the same ${(fault.fields ?? []).join(", ") || "value"}`;
    case "foreign-key":
      return fault.field === undefined
        ? "The row it refers to does not exist"
        : `The row that ${fault.field} refers to does not exist`;
    case "referenced":
      return "Other rows refer to this one";
    case "contended":
      return "The row kept changing meanwhile";
    case "not-deleted":
      return "The row is not deleted";
    case "too-many":
      return "There are too many";
    case "expect":
      return "An expectation does not hold";
  }
}
