/**
 * Request ids and W3C trace context ([HT9], [OB3], [OB7]). A request id is taken from the request when well formed, made otherwise. A
 * caller that traces has every request as a span of its own, a child of the caller's; its `traceparent` goes to the object and back in
 * the reply. For one that does not, none is made up: nobody would collect it.
 */

export interface Trace {
  readonly requestId: string;
  /** Null, with `traceparent`, where the caller does not trace. */
  readonly traceId: string | null;
  /** `00-<trace>-<our span>-<flags>`. */
  readonly traceparent: string | null;
}

const REQUEST_ID = /^[A-Za-z0-9-]{1,64}$/;
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

export function openTrace(headers: Headers): Trace {
  const id = headers.get("x-request-id");
  const requestId = id !== null && REQUEST_ID.test(id) ? id : crypto.randomUUID();
  const given = headers.get("traceparent");
  if (given === null) return { requestId, traceId: null, traceparent: null };
  const parent = parseTraceparent(given);
  const traceId = parent?.traceId ?? crypto.randomUUID().replaceAll("-", "");
  return { requestId, traceId, traceparent: `00-${traceId}-${spanId(crypto.randomUUID())}-${parent?.flags ?? "00"}` };
}

/** 16 hex digits out of a random UUID, past the digits that name its version. */
function spanId(random: string): string {
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
