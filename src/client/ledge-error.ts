/**
 * Errors of the client ([HT73]): one class for each kind of failure, all of them `LedgeError`. Programs decide on the class, on
 * `code` and on `retryable`, never on the text. Problems become these in `read-problem.ts`; applications may throw their own.
 */

export interface LedgeErrorOptions {
  /** A problem's slug in capitals, or one of the client's own: `NETWORK_ERROR`, `ABORTED`, `HTTP_502`, … */
  readonly code?: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status?: number;
  /** Further members of the problem, e.g. `{ reason: "unique", fields: ["slug"] }`. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Messages by field, a dotted path: `{ "items[3].title": ["is required"] }`. */
  readonly fieldErrors?: Readonly<Record<string, string | readonly string[]>>;
  readonly cause?: unknown;
  /** Whether the same request may succeed later. */
  readonly retryable?: boolean;
  /** Under which the server's log has the request. */
  readonly requestId?: string | null;
  /** ISO text in UTC; default: now. */
  readonly timestamp?: string;
}

/** What a class says of its errors unless told otherwise. The name is written out, because minifiers rename classes. */
type Kind = readonly [name: string, code: string, status: number, isRetryable?: boolean];

export class LedgeError extends Error {
  static readonly kind: Kind = ["LedgeError", "ERROR", 0];

  readonly code: string;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;
  readonly fieldErrors: Readonly<Record<string, readonly string[]>>;
  readonly retryable: boolean;
  readonly requestId: string | null;
  readonly timestamp: string;

  constructor(message: string, options: LedgeErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : {});
    const [name, ownCode, ownStatus, isRetryable = false] = new.target.kind;
    const { code = ownCode, status = ownStatus, details = {}, fieldErrors = {}, retryable = isRetryable } = options;
    this.name = name;
    this.code = code;
    this.status = status;
    this.details = details;
    this.fieldErrors = Object.fromEntries(Object.entries(fieldErrors).map(([field, texts]) => [field, [texts].flat()]));
    this.retryable = retryable;
    this.requestId = options.requestId ?? null;
    this.timestamp = options.timestamp ?? new Date().toISOString();
  }
}

/** 400, 413, 415, 422: the request itself is wrong. */
export class ValidationError extends LedgeError {
  static override readonly kind: Kind = ["ValidationError", "VALIDATION_ERROR", 400];
}
/** 401. */
export class AuthError extends LedgeError {
  static override readonly kind: Kind = ["AuthError", "UNAUTHORIZED", 401];
}
/** 403. */
export class ForbiddenError extends LedgeError {
  static override readonly kind: Kind = ["ForbiddenError", "FORBIDDEN", 403];
}
/** 404, 405: absent, out of sight, or not served. */
export class NotFoundError extends LedgeError {
  static override readonly kind: Kind = ["NotFoundError", "NOT_FOUND", 404];
}
/** 409: `details.reason` says which conflict. */
export class ConflictError extends LedgeError {
  static override readonly kind: Kind = ["ConflictError", "CONFLICT", 409];
}
/** 412, 428: `details.currentETag` is the present tag. */
export class PreconditionError extends LedgeError {
  static override readonly kind: Kind = ["PreconditionError", "PRECONDITION_FAILED", 412];
}
/** 429: `details.retryAfter` in seconds. */
export class RateLimitError extends LedgeError {
  static override readonly kind: Kind = ["RateLimitError", "RATE_LIMIT_EXCEEDED", 429, true];
}
/** 504, or no answer within `timeoutMs` (status 0). */
export class TimeoutError extends LedgeError {
  static override readonly kind: Kind = ["TimeoutError", "TIMEOUT", 0, true];
}
/** The token could not be read from where it is kept, or not be put there. */
export class StorageError extends LedgeError {
  static override readonly kind: Kind = ["StorageError", "STORAGE_ERROR", 0];
}
/** The client's own copy of rows is unusable. */
export class CacheError extends LedgeError {
  static override readonly kind: Kind = ["CacheError", "CACHE_ERROR", 0];
}
/** 500, 503: the server could not do it. */
export class DatabaseError extends LedgeError {
  static override readonly kind: Kind = ["DatabaseError", "INTERNAL_ERROR", 500];
}
/** No answer, or one that is not Ledge's. */
export class TransportError extends LedgeError {
  static override readonly kind: Kind = ["TransportError", "NETWORK_ERROR", 0, true];
}
