/** Random texts that prove something, and the form in which they are stored. */

import { createHash, randomBytes } from "node:crypto";

/** 256 bits, 43 characters of base64url. */
export function randomToken(): string {
  return randomBytes(32).toString("base64url");
}

/** SHA-256 in base64url: enough for what has 190 bits of chance or more; passwords need password-hash.ts. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
