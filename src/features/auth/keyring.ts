/**
 * Keys derived from `LEDGE_SECRET`, one a purpose, so that what is signed for one use is worth nothing in another: a link of a mail is
 * no bearer token, a CSRF token no cookie. What the former secret (`LEDGE_SECRET_OLD`) signed is still accepted.
 */

import { Buffer } from "node:buffer";
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { Fault } from "../../core/fault.ts";
import type { LedgeEnv } from "../../edge/env.ts";
import { MIN_SECRET_LENGTH } from "../../edge/limits.ts";

const PURPOSES = [
  "session",
  "csrf",
  "library",
  "seal",
  "throttle",
  "refresh",
  "refresh-tag",
  "rotate",
  "verify",
] as const;
export type Purpose = (typeof PURPOSES)[number];

export interface Keyring {
  /** 43 characters, base64url. */
  sign(purpose: Purpose, text: string): string;
  /** The same under each secret that counts, the present one first: for what is looked up by a signature. */
  signatures(purpose: Purpose, text: string): readonly string[];
  isSigned(purpose: Purpose, text: string, signature: string): boolean;
  /** 32 bytes. */
  key(purpose: Purpose): Uint8Array<ArrayBuffer>;
}

/** By secret, since tests and previews may change it. Two at most: the present one and the one before. */
const known = new Map<string, ReadonlyMap<Purpose, Uint8Array<ArrayBuffer>>>();

export function keyringOf({ LEDGE_SECRET, LEDGE_SECRET_OLD }: LedgeEnv): Keyring {
  if (LEDGE_SECRET === undefined || LEDGE_SECRET.length < MIN_SECRET_LENGTH) {
    throw new Fault({ slug: "unavailable", retryAfter: 60 });
  }
  const key = (purpose: Purpose) => keysOf(LEDGE_SECRET).get(purpose) as Uint8Array<ArrayBuffer>;
  const mac = (secret: string, purpose: Purpose, text: string) =>
    createHmac("sha256", keysOf(secret).get(purpose) as Uint8Array)
      .update(text)
      .digest("base64url");
  const old = LEDGE_SECRET_OLD !== undefined && LEDGE_SECRET_OLD.length >= MIN_SECRET_LENGTH ? [LEDGE_SECRET_OLD] : [];
  const signatures: Keyring["signatures"] = (purpose, text) =>
    [LEDGE_SECRET, ...old].map((secret) => mac(secret, purpose, text));
  return {
    key,
    sign: (purpose, text) => mac(LEDGE_SECRET, purpose, text),
    signatures,
    isSigned: (purpose, text, signature) =>
      isSame(mac(LEDGE_SECRET, purpose, text), signature) ||
      old.some((secret) => isSame(mac(secret, purpose, text), signature)),
  };
}

/** Compares in a time that does not depend on where two texts differ. */
export function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function keysOf(secret: string): ReadonlyMap<Purpose, Uint8Array<ArrayBuffer>> {
  const found = known.get(secret);
  if (found !== undefined) return found;
  const made = new Map(
    PURPOSES.map((purpose) => [purpose, new Uint8Array(hkdfSync("sha256", secret, "", `ledge auth ${purpose}`, 32))]),
  );
  const [oldest] = known.keys();
  if (known.size >= 2 && oldest !== undefined) known.delete(oldest);
  known.set(secret, made);
  return made;
}
