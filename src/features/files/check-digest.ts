/** What a client says its bytes are: `Content-Digest` or `Repr-Digest` (RFC 9530), of which SHA-256 is looked at. */

import { invalidField } from "../../core/fault.ts";
import { hex } from "../../core/hex.ts";

const SHA_256 = /(?:^|,)[ \t]*sha-256=:([A-Za-z0-9+/]{43}=):[ \t]*(?:,|$)/;

/** SHA-256 in hex as the headers tell it; null where they tell none. */
export function toldDigest(headers: Headers): string | null {
  for (const name of ["content-digest", "repr-digest"]) {
    const value = headers.get(name);
    if (value === null) continue;
    const [, base64] = SHA_256.exec(value) ?? [];
    if (base64 !== undefined) return hex(Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0)));
    if (/sha-256/i.test(value)) throw invalidField(name, "must be sha-256=:<base64 of 32 bytes>:", "malformed");
  }
  return null;
}

export function checkDigest(told: string | null, found: string): void {
  if (told !== null && told !== found)
    throw invalidField(
      "content-digest",
      "differs from the digest of the bytes that arrived: send them again",
      "digest",
    );
}
