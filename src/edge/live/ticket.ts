/**
 * Tickets for sockets of callers that can set no header ([WS1]): what the socket may follow, resolved under the caller's credentials,
 * encrypted under a key of its own and good for 30 seconds. The object refuses a second use of one ticket; it also opens those that renew
 * a session it has.
 */

import { Fault } from "../../core/fault.ts";
import type { LiveOpening } from "../../core/protocol/live-opening.ts";
import { decodeBase64, encodeBase64 } from "../../core/schema/base64.ts";
import { derivedKey } from "../derived-key.ts";
import { isDevelopment, type LedgeEnv } from "../env.ts";

export const TICKET_TTL_S = 30;
const PURPOSE = "ledge ticket 1";
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
  const secret = env.LEDGE_SECRET;
  const hasSecret = secret !== undefined && secret !== "";
  if (!hasSecret && !isDevelopment(env)) throw new Fault({ slug: "unavailable", retryAfter: 60 });
  isolateSecret ??= crypto.randomUUID();
  const mac = await derivedKey(hasSecret ? secret : isolateSecret, PURPOSE);
  const bits = await crypto.subtle.sign("HMAC", mac, new TextEncoder().encode("encryption"));
  return crypto.subtle.importKey("raw", bits, "AES-GCM", false, ["encrypt", "decrypt"]);
}

function refused(): Fault {
  return new Fault({
    slug: "unauthorized",
    reason: "invalid-credentials",
    detail: "The ticket is not valid, or too old",
  });
}
