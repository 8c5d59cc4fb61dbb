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
import type { ResponseLike } from "./platform.ts";

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
  416: ValidationError,
  422: ValidationError,
  428: PreconditionError,
  429: RateLimitError,
  504: TimeoutError,
};

/** Statuses that say: the same request may succeed later; of Ledge, and of whatever stands in between. */
const RETRYABLE = [408, 425, 429, 502, 503, 504];

interface Problem {
  readonly code: string;
  readonly [member: string]: unknown;
}

/** `text` is the body, `nowMs` ms since 1970. */
export function errorFromReply(
  status: number,
  text: string,
  headers: ResponseLike["headers"],
  nowMs: number,
): LedgeError {
  const retryAfter = secondsOf(headers.get("retry-after") ?? "", nowMs);
  const problem = readProblem(text);
  const {
    type,
    title,
    status: _,
    detail,
    code,
    instance,
    requestId,
    errors,
    ...extras
  } = problem ?? {
    code: `HTTP_${status}`,
  };
  const details: Record<string, unknown> = {
    ...(retryAfter !== null && { retryAfter }),
    position: headers.get("ledge-seq") ?? undefined,
    ...extras,
  };
  const Class = problem === null ? TransportError : (CLASSES[status] ?? (status >= 500 ? DatabaseError : LedgeError));
  return new Class(String(detail ?? title ?? code), {
    code,
    status,
    details,
    fieldErrors: fieldErrorsOf(errors),
    // A 409 says so by a member: how long to wait, or that rows kept moving.
    retryable:
      RETRYABLE.includes(status) ||
      "retryAfter" in details ||
      details.retryable === true ||
      details.reason === "contended",
    requestId: (requestId ?? headers.get("x-request-id")) as string | null,
    timestamp: new Date(nowMs).toISOString(),
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
    byField[field] ??= [];
    byField[field].push(message);
  }
  return byField;
}

/** Seconds to wait, from `Retry-After` (seconds or a date); null when it says nothing. */
function secondsOf(text: string, nowMs: number): number | null {
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - nowMs) / 1000;
  return seconds >= 0 ? seconds : null;
}
