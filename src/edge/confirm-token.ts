/**
 * The token of a dry run ([HT32]): `<expires>.<mac>`, where the MAC binds it to object, table, operation, filter, patch and caller.
 * Signed by a key of its own, derived from `LEDGE_SECRET`; `LEDGE_SECRET_OLD` is still accepted while a secret is changed.
 */

import { canonicalJson, type Json } from "../core/json.ts";
import { decodeBase64, encodeBase64 } from "../core/schema/base64.ts";
import { derivedKey, signingSecrets } from "./derived-key.ts";
import type { TableRequest } from "./exchange.ts";
import { CONFIRMATION_TTL_MS } from "./limits.ts";

/** What is to be confirmed. */
export interface Confirmed {
  readonly operation: "update" | "delete";
  /** Canonical filter text. */
  readonly filter: string;
  readonly patch: Json;
}

const PURPOSE = "ledge confirm 1";
const FORM = /^([0-9]{1,16})\.([A-Za-z0-9_-]{43})$/;

export async function sealConfirmation(request: TableRequest, confirmed: Confirmed): Promise<string> {
  const expiresAtMs = request.nowMs + CONFIRMATION_TTL_MS;
  const key = await derivedKey(signingSecrets(request.env)[0], PURPOSE);
  const mac = new Uint8Array(
    await crypto.subtle.sign("HMAC", key, new Uint8Array(payload(request, confirmed, expiresAtMs))),
  );
  return `${expiresAtMs}.${encodeBase64(mac).replaceAll("+", "-").replaceAll("/", "_").slice(0, 43)}`;
}

/** Whether the request carries a valid token for this; a missing, wrong or outdated one is none. */
export async function isConfirmed(request: TableRequest, confirmed: Confirmed): Promise<boolean> {
  const found = FORM.exec(request.request.headers.get("ledge-confirm") ?? "");
  const expiresAtMs = Number(found?.[1]);
  const mac = decodeBase64(`${(found?.[2] ?? "").replaceAll("-", "+").replaceAll("_", "/")}=`);
  if (found === null || mac === null || expiresAtMs < request.nowMs) return false;
  const bytes = new Uint8Array(payload(request, confirmed, expiresAtMs));
  for (const secret of signingSecrets(request.env)) {
    if (await crypto.subtle.verify("HMAC", await derivedKey(secret, PURPOSE), mac, bytes)) return true;
  }
  return false;
}

function payload(
  { object, entry, principal }: TableRequest,
  { operation, filter, patch }: Confirmed,
  expiresAtMs: number,
): Uint8Array {
  const caller = principal.kind === "user" ? { user: principal.id } : null;
  return new TextEncoder().encode(
    canonicalJson([object, entry.resource.name, operation, filter, patch, caller, expiresAtMs]),
  );
}
