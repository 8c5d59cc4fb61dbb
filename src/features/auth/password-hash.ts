/**
 * Password hashes that say how they were made ([A17]): `scrypt$16384$8$5$<salt>$<hash>`. By the platform's own scrypt, in the Worker:
 * no object ever waits for one. The cost is one of those OWASP lists (Password Storage Cheat Sheet, read 2026-11); the stronger
 * ones need 32 MB and more for each, of the 128 MB that an isolate has for all its requests.
 */

import { Buffer } from "node:buffer";
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

interface Cost {
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

const COST: Cost = { n: 16_384, r: 8, p: 5 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** What a stored hash may ask of us at most, so that a forged row cannot exhaust the Worker. */
const MAX_MEMORY = 64 * 1024 * 1024;
const FORM = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9_-]{16,64})\$([A-Za-z0-9_-]{32,128})$/;

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, COST, HASH_BYTES);
  return `scrypt$${COST.n}$${COST.r}$${COST.p}$${salt.toString("base64url")}$${hash.toString("base64url")}`;
}

/** False for a wrong password, and for a text that is no hash. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const parsed = parse(stored);
  if (parsed === null) return false;
  const hash = await derive(password, parsed.salt, parsed.cost, parsed.hash.length);
  return timingSafeEqual(hash, parsed.hash);
}

/** Whether a hash was made at another cost than new ones are: it is made anew at the next sign-in. */
export function needsRehash(stored: string): boolean {
  const cost = parse(stored)?.cost;
  return cost === undefined || cost.n !== COST.n || cost.r !== COST.r || cost.p !== COST.p;
}

function parse(stored: string) {
  const [, n, r, p, salt, hash] = FORM.exec(stored) ?? [];
  if (salt === undefined || hash === undefined) return null;
  const cost = { n: Number(n), r: Number(r), p: Number(p) };
  const isPowerOfTwo = cost.n > 1 && (cost.n & (cost.n - 1)) === 0;
  if (!isPowerOfTwo || cost.r < 1 || cost.p < 1 || 128 * cost.n * cost.r > MAX_MEMORY) return null;
  return { cost, salt: Buffer.from(salt, "base64url"), hash: Buffer.from(hash, "base64url") };
}

/** The same text typed on another keyboard is the same password: NFKC. */
function derive(password: string, salt: Buffer, { n, r, p }: Cost, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { N: n, r, p, maxmem: 2 * MAX_MEMORY };
    scrypt(password.normalize("NFKC"), salt, bytes, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
