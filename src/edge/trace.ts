/**
 * Request ids and W3C trace context ([HT9], [OB3], [OB7]): taken from the request when well formed, made otherwise.
 * Every request is a span of its own, a child of the caller's; its `traceparent` goes to the object and back in the reply.
 */

export interface Trace {
  readonly requestId: string;
  readonly traceId: string;
  /** `00-<trace>-<our span>-<flags>`. */
  readonly traceparent: string;
}

const REQUEST_ID = /^[A-Za-z0-9-]{1,64}$/;
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

export function openTrace(headers: Headers): Trace {
  const given = headers.get("x-request-id");
  const parent = parseTraceparent(headers.get("traceparent"));
  const made = crypto.randomUUID();
  const traceId = parent?.traceId ?? made.replaceAll("-", "");
  return {
    requestId: given !== null && REQUEST_ID.test(given) ? given : made,
    traceId,
    traceparent: `00-${traceId}-${spanId()}-${parent?.flags ?? "00"}`,
  };
}

/** 16 hex digits out of a random UUID, past the digits that name its version. */
function spanId(): string {
  const random = crypto.randomUUID();
  return random.slice(0, 8) + random.slice(24, 32);
}

/** Trace id and flags of a `traceparent`; null when it is absent or not one (version ff, all zeros, version 00 with a tail). */
export function parseTraceparent(value: string | null): { readonly traceId: string; readonly flags: string } | null {
  const parts = value === null ? null : TRACEPARENT.exec(value);
  if (parts === null) return null;
  const [, version, traceId = "", spanId = "", flags = "00", tail] = parts;
  if (version === "ff" || (version === "00" && tail !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, flags };
}
