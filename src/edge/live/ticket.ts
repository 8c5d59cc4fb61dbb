/**
 * Tickets for sockets of callers that can set no header ([WS1]): what the socket may follow, resolved under the caller's credentials,
 * encrypted under a key of its own and good for 30 seconds. The object refuses a second use of one ticket; it also opens those that renew
 * a session it has.
 */

import { Fault } from "../../core/fault.ts";
import { hex } from "../../core/hex.ts";
import { canonicalJson, type Json } from "../../core/json.ts";
import type { LiveOpening } from "../../core/protocol/live-opening.ts";
import { decodeBase64, encodeBase64 } from "../../core/schema/base64.ts";
import { derivedKey } from "../derived-key.ts";
import { isDevelopment, type LedgeEnv } from "../env.ts";

export const TICKET_TTL_S = 30;
const PURPOSE = "ledge ticket 1";
const SHARE_PURPOSE = "ledge share 1";
const SHARE_BYTES = 16;
const IV_BYTES = 12;
/** In development without a secret: tickets of this isolate only, since a fixed key must grant nothing. */
let isolateSecret: string | undefined;

interface Sealed {
  readonly opening: LiveOpening;
  readonly expiresAtMs: number;
}

type TicketEnv = Pick<LedgeEnv, "LEDGE_SECRET" | "LEDGE_ENV">;

export async function sealTicket(env: TicketEnv, opening: LiveOpening, nowMs: number): Promise<string> {
  const expiresAtMs = nowMs + TICKET_TTL_S * 1000;
  const sealed: Sealed = { opening: { ...opening, ticketUntilMs: expiresAtMs }, expiresAtMs };
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const plain = new TextEncoder().encode(JSON.stringify(sealed));
  const cipher = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await ticketKey(env), plain));
  const bytes = new Uint8Array(IV_BYTES + cipher.length);
  bytes.set(iv);
  bytes.set(cipher, IV_BYTES);
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * Equal for callers who may follow the same of an object by the same proof, so that tabs of one browser know whose socket they may share
 * ([O8]). Says nothing of what it was made from.
 */
export async function shareKey(env: TicketEnv, opening: LiveOpening): Promise<string> {
  const { object, partition, who, person = null, credential, rights, objects } = opening;
  const text = canonicalJson({ object, partition, who, person, credential, rights, objects } as unknown as Json);
  const mac = await derivedKey(secretOf(env), SHARE_PURPOSE);
  return hex((await crypto.subtle.sign("HMAC", mac, new TextEncoder().encode(text))).slice(0, SHARE_BYTES));
}

/** 401 for anything but a ticket that is good now. */
export async function openTicket(env: TicketEnv, ticket: string, nowMs: number): Promise<LiveOpening> {
  const text = ticket.replaceAll("-", "+").replaceAll("_", "/");
  const bytes = ticket.length > 16_000 ? null : decodeBase64(text.padEnd(Math.ceil(text.length / 4) * 4, "="));
  if (bytes === null || bytes.length <= IV_BYTES) throw refused();
  try {
    const iv = bytes.slice(0, IV_BYTES);
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, await ticketKey(env), bytes.slice(IV_BYTES));
    const sealed = JSON.parse(new TextDecoder().decode(plain)) as Sealed;
    if (sealed.expiresAtMs > nowMs) return sealed.opening;
  } catch {
    // Not made by us, or changed on the way.
  }
  throw refused();
}

async function ticketKey(env: TicketEnv): Promise<CryptoKey> {
  const mac = await derivedKey(secretOf(env), PURPOSE);
  const bits = await crypto.subtle.sign("HMAC", mac, new TextEncoder().encode("encryption"));
  return crypto.subtle.importKey("raw", bits, "AES-GCM", false, ["encrypt", "decrypt"]);
}

function secretOf(env: TicketEnv): string {
  const secret = env.LEDGE_SECRET;
  if (secret !== undefined && secret !== "") return secret;
  if (!isDevelopment(env)) throw new Fault({ slug: "unavailable", retryAfter: 60 });
  isolateSecret ??= crypto.randomUUID();
  return isolateSecret;
}

function refused(): Fault {
  return new Fault({
    slug: "unauthorized",
    reason: "invalid-credentials",
    detail: "The ticket is not valid, or too old",
  });
}
