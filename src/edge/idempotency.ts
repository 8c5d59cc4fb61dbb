/**
 * Keys of writes ([HT41] [HT42] [HT71]). A client's `Idempotency-Key` is bound to the caller and to a fingerprint of the
 * request. When the client gives none, the Worker makes an *attempt* id, which costs nothing unless the object is lost;
 * it begins with `retry-` and holds its time, so a client may send it back as its Idempotency-Key later on.
 */

import { hex } from "../core/hex.ts";
import { timedUuid } from "../core/ids.ts";
import { canonicalJson, type Json } from "../core/json.ts";
import type { Idempotency, WriteCall } from "../core/protocol/object-call.ts";
import type { TableRequest } from "./exchange.ts";
import { DEFAULT_IDEMPOTENCY_TTL_MS, MAX_IDEMPOTENCY_TTL_MS } from "./limits.ts";
import { readToken } from "./read-headers.ts";

export interface WriteKey {
  /** As the client knows it: its own key, or the one made for it. */
  readonly text: string;
  readonly idempotency: Idempotency | null;
  readonly attempt: WriteCall["attempt"];
}

const MADE = /^retry-([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export async function readWriteKey(request: TableRequest, body: Json): Promise<WriteKey> {
  const given = readToken(request.request.headers, "Idempotency-Key");
  if (given === null) {
    const text = `retry-${mintId(request.nowMs)}`;
    return {
      text,
      idempotency: null,
      attempt: { id: `${owner(request)}|${text}`, startedAtMs: request.nowMs, isRepeat: false },
    };
  }
  const key = `${owner(request)}|${given}`;
  const startedAtMs = startOfAttempt(given, request.nowMs);
  return {
    text: given,
    idempotency: { key, fingerprint: await fingerprint(request, body), ttlMs: ttlMs(request) },
    attempt: startedAtMs === null ? null : { id: key, startedAtMs, isRepeat: true },
  };
}

/** When the attempt with this key began; null for a client's own key, or one too old to look for in the ledger. */
function startOfAttempt(key: string, nowMs: number): number | null {
  const made = MADE.exec(key);
  if (made === null) return null;
  const startedAtMs = Number.parseInt(`${made[1]}${made[2]}`, 16);
  return startedAtMs <= nowMs && nowMs - startedAtMs <= DEFAULT_IDEMPOTENCY_TTL_MS ? startedAtMs : null;
}

/** A UUIDv7 of this moment: row ids and attempts. */
export function mintId(nowMs: number): string {
  return timedUuid(nowMs, crypto.randomUUID());
}

/** Who a key belongs to. Encoded, so that no `|` in an id can make two callers' keys equal. */
function owner({ principal, request }: TableRequest): string {
  if (principal.kind === "user") return `u:${encodeURIComponent(principal.id)}`;
  return `a:${encodeURIComponent(request.headers.get("cf-connecting-ip") ?? "")}`;
}

async function fingerprint({ request, url }: TableRequest, body: Json): Promise<string> {
  const query = [...url.searchParams]
    .filter(([name]) => !name.startsWith("_"))
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const parts = [request.method, withoutTrailingSlashes(url.pathname), query, body, request.headers.get("if-match")];
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonicalJson(parts)));
  return hex(digest);
}

/** By hand: a regular expression would look at every run of slashes once for each of its slashes. */
function withoutTrailingSlashes(path: string): string {
  let end = path.length;
  while (path.charAt(end - 1) === "/") end -= 1;
  return path.slice(0, end);
}

function ttlMs({ entry }: TableRequest): number {
  return Math.min(entry.resource.config.idempotency?.ttlMs ?? DEFAULT_IDEMPOTENCY_TTL_MS, MAX_IDEMPOTENCY_TTL_MS);
}
