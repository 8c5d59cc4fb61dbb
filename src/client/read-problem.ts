/**
 * A reply that is a failure → the error of its kind ([ER4] [ER5]). The one translator from problems to client errors. Pure.
 * The class follows from the status, which every code has exactly one of, so that a code of a later server has its class, too.
 */

import {
  AuthError,
  ConflictError,
  DatabaseError,
  ForbiddenError,
  LedgeError,
  NotFoundError,
  PreconditionError,
  RateLimitError,
  TimeoutError,
  TransportError,
  ValidationError,
} from "./ledge-error.ts";

export interface FailedReply {
  readonly status: number;
  readonly text: string;
  /** The header, seconds or a date. */
  readonly retryAfter: string | null;
  readonly requestId: string | null;
  /** ms since 1970. */
  readonly nowMs: number;
  /** Of the request, when it had one. */
  readonly idempotencyKey: string | undefined;
}

const CLASSES: Readonly<Record<number, typeof LedgeError>> = {
  400: ValidationError,
  401: AuthError,
  403: ForbiddenError,
  404: NotFoundError,
  405: NotFoundError,
  409: ConflictError,
  412: PreconditionError,
  413: ValidationError,
  415: ValidationError,
  422: ValidationError,
  428: PreconditionError,
  429: RateLimitError,
  504: TimeoutError,
};

/** Codes that say: the same request may succeed later. `CONFLICT` does so for one of its reasons. */
const RETRYABLE =
  /^(IDEMPOTENCY_IN_PROGRESS|TRANSACTION_CONFLICT|RATE_LIMIT_EXCEEDED|OVERLOADED|UNAVAILABLE|READ_BEHIND|OUTCOME_UNKNOWN|TIMEOUT)$/;
/** Statuses of whatever stands in between, when the reply is not Ledge's. */
const RETRYABLE_STATUS = [408, 425, 429, 500, 502, 503, 504];

interface Problem {
  readonly code: string;
  readonly [member: string]: unknown;
}

export function errorFromReply(reply: FailedReply): LedgeError {
  const { status, nowMs, idempotencyKey } = reply;
  const problem = readProblem(reply.text);
  const retryAfter = secondsOf(reply);
  const common = {
    status,
    timestamp: new Date(nowMs).toISOString(),
    requestId: textOf(problem?.requestId) ?? reply.requestId,
  };
  const known = {
    ...(retryAfter === null ? {} : { retryAfter }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
  if (problem === null) {
    return new TransportError(`The answer is not Ledge's: status ${status}`, {
      ...common,
      code: `HTTP_${status}`,
      details: known,
      retryable: RETRYABLE_STATUS.includes(status),
    });
  }
  const { type, title, status: _status, detail, code, instance, requestId, errors, ...extras } = problem;
  const details: Readonly<Record<string, unknown>> = { ...known, ...extras };
  const Class = CLASSES[status] ?? (status >= 500 ? DatabaseError : LedgeError);
  return new Class(textOf(detail) ?? textOf(title) ?? code, {
    ...common,
    code,
    details,
    fieldErrors: fieldErrorsOf(errors),
    retryable: extras.retryable === true || RETRYABLE.test(code) || extras.reason === "contended",
  });
}

function readProblem(text: string): Problem | null {
  try {
    const value = JSON.parse(text) as Problem | null;
    return typeof value?.code === "string" ? value : null;
  } catch {
    return null;
  }
}

function fieldErrorsOf(errors: unknown): Record<string, string[]> {
  const byField: Record<string, string[]> = {};
  for (const { field, message } of Array.isArray(errors) ? (errors as { field: string; message: string }[]) : []) {
    byField[field] = [...(byField[field] ?? []), message];
  }
  return byField;
}

/** Seconds to wait, from `Retry-After`; null when it says nothing. */
function secondsOf({ retryAfter, nowMs }: FailedReply): number | null {
  if (retryAfter === null || retryAfter === "") return null;
  const seconds = Number.isNaN(Number(retryAfter)) ? (Date.parse(retryAfter) - nowMs) / 1000 : Number(retryAfter);
  return Number.isNaN(seconds) ? null : Math.max(0, seconds);
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
