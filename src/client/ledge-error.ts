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

interface Kind {
  /** Written out, because minifiers rename classes. */
  readonly name: string;
  readonly code: string;
  readonly status: number;
  readonly retryable?: boolean;
}

export class LedgeError extends Error {
  static readonly kind: Kind = { name: "LedgeError", code: "ERROR", status: 0 };

  readonly code: string;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;
  readonly fieldErrors: Readonly<Record<string, readonly string[]>>;
  readonly retryable: boolean;
  readonly requestId: string | null;
  readonly timestamp: string;

  constructor(message: string, options: LedgeErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : {});
    const { kind } = new.target;
    this.name = kind.name;
    this.code = options.code ?? kind.code;
    this.status = options.status ?? kind.status;
    this.details = options.details ?? {};
    this.fieldErrors = Object.fromEntries(
      Object.entries(options.fieldErrors ?? {}).map(([field, messages]) => [field, [messages].flat()]),
    );
    this.retryable = options.retryable ?? kind.retryable ?? false;
    this.requestId = options.requestId ?? null;
    this.timestamp = options.timestamp ?? new Date().toISOString();
  }
}

/** 400, 413, 415, 422: the request itself is wrong. */
export class ValidationError extends LedgeError {
  static override readonly kind = { name: "ValidationError", code: "VALIDATION_ERROR", status: 400 };
}
/** 401. */
export class AuthError extends LedgeError {
  static override readonly kind = { name: "AuthError", code: "UNAUTHORIZED", status: 401 };
}
/** 403. */
export class ForbiddenError extends LedgeError {
  static override readonly kind = { name: "ForbiddenError", code: "FORBIDDEN", status: 403 };
}
/** 404, 405: absent, out of sight, or not served. */
export class NotFoundError extends LedgeError {
  static override readonly kind = { name: "NotFoundError", code: "NOT_FOUND", status: 404 };
}
/** 409: `details.reason` says which conflict. */
export class ConflictError extends LedgeError {
  static override readonly kind = { name: "ConflictError", code: "CONFLICT", status: 409 };
}
/** 412, 428: `details.currentETag` is the present tag. */
export class PreconditionError extends LedgeError {
  static override readonly kind = { name: "PreconditionError", code: "PRECONDITION_FAILED", status: 412 };
}
/** 429: `details.retryAfter` in seconds. */
export class RateLimitError extends LedgeError {
  static override readonly kind = { name: "RateLimitError", code: "RATE_LIMIT_EXCEEDED", status: 429, retryable: true };
}
/** 504, or no answer within `timeoutMs` (status 0). */
export class TimeoutError extends LedgeError {
  static override readonly kind = { name: "TimeoutError", code: "TIMEOUT", status: 0, retryable: true };
}
/** The token could not be read from where it is kept, or not be put there. */
export class StorageError extends LedgeError {
  static override readonly kind = { name: "StorageError", code: "STORAGE_ERROR", status: 0 };
}
/** The client's own copy of rows is unusable. */
export class CacheError extends LedgeError {
  static override readonly kind = { name: "CacheError", code: "CACHE_ERROR", status: 0 };
}
/** 500, 503: the server could not do it. */
export class DatabaseError extends LedgeError {
  static override readonly kind = { name: "DatabaseError", code: "INTERNAL_ERROR", status: 500 };
}
/** No answer, or one that is not Ledge's. */
export class TransportError extends LedgeError {
  static override readonly kind = { name: "TransportError", code: "NETWORK_ERROR", status: 0, retryable: true };
}
