/**
 * Errors that an application throws from hooks, routes and middleware ([ER3], [ER6]). Each is a `Fault` with a message,
 * and renders itself: `error.toResponse()` works in any fetch application.
 */

import { type ConflictReason, Fault, type FaultData, type FieldError } from "../core/fault.ts";
import { type ProblemPlace, problemCode, problemReply } from "../core/protocol/problem.ts";
import { PROBLEMS } from "../core/protocol/problem-table.ts";

export interface HttpErrorOptions {
  readonly cause?: unknown;
}

export class HttpError extends Fault {
  /** Written out in each class: a minified class has lost its own. */
  override name = "HttpError";
  readonly status: number;
  /** The slug in capitals, e.g. `NOT_FOUND`. */
  readonly code: string;

  constructor(data: FaultData, message?: string, options: HttpErrorOptions = {}) {
    super(data);
    this.message = message ?? PROBLEMS[data.slug].title;
    this.status = PROBLEMS[data.slug].status;
    this.code = problemCode(data.slug);
    if (options.cause !== undefined) this.cause = options.cause;
  }

  /** The problem+json response. */
  toResponse(place: Partial<ProblemPlace> = {}): Response {
    const { status, headers, body } = problemReply(
      this.data,
      { instance: place.instance ?? "", requestId: place.requestId ?? crypto.randomUUID() },
      this.message,
    );
    return new Response(body, { status, headers });
  }
}

export interface ValidationErrorOptions extends HttpErrorOptions {
  /** Messages by field (a dotted path). */
  readonly fieldErrors?: Readonly<Record<string, string | readonly string[]>>;
  /** The same as a list, where codes are wanted. */
  readonly details?: readonly FieldError[];
}

/** 400: `new ValidationError("The dates do not fit", { fieldErrors: { endsAt: "must be after startsAt" } })`. */
export class ValidationError extends HttpError {
  override name = "ValidationError";

  constructor(message: string, options: ValidationErrorOptions = {}) {
    const named = Object.entries(options.fieldErrors ?? {}).flatMap(([field, messages]) =>
      [messages].flat().map((text) => ({ field, message: text })),
    );
    const errors = [...(options.details ?? []), ...named];
    super(
      { slug: "validation-error", errors: errors.length > 0 ? errors : [{ field: "", message }], detail: message },
      message,
      options,
    );
  }
}

/** 401. */
export class UnauthorizedError extends HttpError {
  override name = "UnauthorizedError";

  constructor(message = "This operation needs a signed-in caller", options: HttpErrorOptions = {}) {
    super({ slug: "unauthorized", detail: message }, message, options);
  }
}

/** 403. */
export class ForbiddenError extends HttpError {
  override name = "ForbiddenError";

  constructor(message = "The caller may not do that", options: HttpErrorOptions = {}) {
    super({ slug: "forbidden", detail: message }, message, options);
  }
}

/** 404. */
export class NotFoundError extends HttpError {
  override name = "NotFoundError";

  constructor(
    message = "There is no such thing",
    options: HttpErrorOptions & { readonly resource?: string; readonly id?: string } = {},
  ) {
    const { resource, id } = options;
    super(
      {
        slug: "not-found",
        detail: message,
        ...(resource === undefined ? {} : { resource }),
        ...(id === undefined ? {} : { id }),
      },
      message,
      options,
    );
  }
}

/** 409; a rule of the application unless another reason is given. */
export class ConflictError extends HttpError {
  override name = "ConflictError";

  constructor(message: string, options: HttpErrorOptions & { readonly reason?: ConflictReason } = {}) {
    super({ slug: "conflict", reason: options.reason ?? "expect", detail: message }, message, options);
  }
}

/** 412. */
export class PreconditionError extends HttpError {
  override name = "PreconditionError";

  constructor(message = "A precondition does not hold", options: HttpErrorOptions & { readonly reason?: string } = {}) {
    super(
      { slug: "precondition-failed", ...(options.reason === undefined ? {} : { reason: options.reason }) },
      message,
      options,
    );
  }
}

/** 429. `retryAfter` in seconds. */
export class RateLimitError extends HttpError {
  override name = "RateLimitError";

  constructor(retryAfter: number, message = "Too many requests", options: HttpErrorOptions = {}) {
    super({ slug: "rate-limit-exceeded", retryAfter }, message, options);
  }
}
