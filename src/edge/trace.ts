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
  const random = crypto.getRandomValues(new Uint8Array(24));
  const given = headers.get("x-request-id");
  const parent = parseTraceparent(headers.get("traceparent"));
  const traceId = parent?.traceId ?? hex(random, 0, 16);
  return {
    requestId: given !== null && REQUEST_ID.test(given) ? given : crypto.randomUUID(),
    traceId,
    traceparent: `00-${traceId}-${hex(random, 16, 24)}-${parent?.flags ?? "00"}`,
  };
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

function hex(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let index = from; index < to; index++) text += (bytes[index] ?? 0).toString(16).padStart(2, "0");
  return text;
}
