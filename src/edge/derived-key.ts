/**
 * Keys for signing, derived from the application's secret, one for each purpose: the MAC of a cursor is never the MAC of a
 * confirmation. In development without a secret a fixed text takes its place, so nothing signed may grant anything.
 */

import { BoundedCache } from "./bounded-cache.ts";
import type { LedgeEnv } from "./env.ts";

const DEVELOPMENT_SECRET = "signatures of a development server";

/** Keys, not promises of them: what one request waits for may end with it, and then nobody else could wait for it. */
const keys = new BoundedCache<string, CryptoKey>(32);

/** What the application signs with, then what it signed with before (`LEDGE_SECRET_OLD`), which is still read. */
export function signingSecrets({ LEDGE_SECRET, LEDGE_SECRET_OLD }: LedgeEnv): readonly [string, ...string[]] {
  const current = LEDGE_SECRET || DEVELOPMENT_SECRET;
  return LEDGE_SECRET_OLD === undefined || LEDGE_SECRET_OLD === "" ? [current] : [current, LEDGE_SECRET_OLD];
}

/** An HMAC-SHA256 key for `sign` and `verify`; derived once. */
export async function derivedKey(secret: string, purpose: string): Promise<CryptoKey> {
  const name = JSON.stringify([purpose, secret]);
  const key = keys.get(name) ?? (await derive(secret, purpose));
  keys.set(name, key);
  return key;
}

async function derive(secret: string, purpose: string): Promise<CryptoKey> {
  const text = new TextEncoder();
  const root = await hmacKey(new Uint8Array(text.encode(secret)), ["sign"]);
  return hmacKey(new Uint8Array(await crypto.subtle.sign("HMAC", root, text.encode(purpose))), ["sign", "verify"]);
}

function hmacKey(bytes: Uint8Array<ArrayBuffer>, uses: ("sign" | "verify")[]): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, uses);
}
