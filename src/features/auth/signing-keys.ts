/**
 * The keys that sign access tokens ([A14]): made when the first is needed, changed every 90 days, published as JWKS. A former key is
 * published for as long as its tokens may live. Private keys lie in D1 encrypted under a key derived from LEDGE_SECRET; under
 * another secret they are unreadable, and a new one is made.
 */

import { Buffer } from "node:buffer";
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";
import { BoundedCache } from "../../edge/bounded-cache.ts";
import type { Keyring } from "./keyring.ts";

const KEY_LIFE_MS = 90 * 86_400_000;
/** How long an isolate goes by what it has read, and how long it leaves an unknown `kid` alone. */
const CACHE_MS = 600_000;
const UNKNOWN_QUIET_MS = 10_000;

/** Begins every `kid` of ours, so that other issuers' tokens are told apart without a look into the database. */
export const KID_PREFIX = "ledge.";

export type SigningAlg = "ES256" | "RS256";

interface StoredKey {
  readonly id: string;
  readonly alg: SigningAlg;
  readonly public_key: string;
  readonly sealed_private_key: string;
  readonly created_at: number;
}

export interface PublishedKeys {
  readonly keys: readonly JWK[];
}

interface Cached {
  readonly byKid: ReadonlyMap<string, { readonly alg: SigningAlg; readonly key: CryptoKey }>;
  readonly readAtMs: number;
}

const caches = new WeakMap<D1Database, Cached>();
const signers = new BoundedCache<string, CryptoKey>(4);

/** The public keys that tokens may be signed with now. */
export async function publishedKeys(database: D1Database, nowMs: number): Promise<PublishedKeys> {
  const keys = (await readKeys(database, nowMs)).map(({ id, alg, public_key }) => ({
    ...(JSON.parse(public_key) as JWK),
    kid: id,
    alg,
    use: "sig",
  }));
  return { keys };
}

/** The public key of a `kid`; null when there is none. Asks the database at most every few seconds for one it does not know. */
export async function verificationKey(database: D1Database, kid: string, nowMs: number) {
  const cached = caches.get(database);
  const found = cached?.byKid.get(kid);
  if (cached !== undefined && found !== undefined && nowMs - cached.readAtMs < CACHE_MS) return found;
  if (cached !== undefined && nowMs - cached.readAtMs < UNKNOWN_QUIET_MS) return found ?? null;
  const rows = await readKeys(database, nowMs);
  const entries = await Promise.all(
    rows.map(async ({ id, alg, public_key }) => {
      const key = (await importJWK(JSON.parse(public_key) as JWK, alg)) as CryptoKey;
      return [id, { alg, key }] as const;
    }),
  );
  const byKid = new Map(entries);
  caches.set(database, { byKid, readAtMs: nowMs });
  return byKid.get(kid) ?? null;
}

/** The key to sign with; made when there is none that is young enough, of this algorithm and readable. */
export async function signingKey(
  database: D1Database,
  { alg, keyring, nowMs }: { readonly alg: SigningAlg; readonly keyring: Keyring; readonly nowMs: number },
): Promise<{ readonly kid: string; readonly key: CryptoKey }> {
  for (const stored of await readKeys(database, nowMs)) {
    if (stored.alg !== alg || nowMs - stored.created_at >= KEY_LIFE_MS) continue;
    const key = signers.get(stored.sealed_private_key) ?? (await unseal(stored, keyring));
    if (key === null) continue;
    signers.set(stored.sealed_private_key, key);
    return { kid: stored.id, key };
  }
  return makeKey(database, alg, keyring, nowMs);
}

/** Newest first. A token lives for a day at most, so a key that could not sign for a day has none left. */
async function readKeys(database: D1Database, nowMs: number): Promise<readonly StoredKey[]> {
  const statement = "SELECT * FROM auth_signing_keys WHERE created_at > ? ORDER BY created_at DESC, id";
  return (
    await database
      .prepare(statement)
      .bind(nowMs - KEY_LIFE_MS - 86_400_000)
      .all<StoredKey>()
  ).results;
}

async function makeKey(database: D1Database, alg: SigningAlg, keyring: Keyring, nowMs: number) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const kid = `${KID_PREFIX}${crypto.randomUUID()}`;
  const sealed = await seal(JSON.stringify(await exportJWK(privateKey)), keyring);
  await database
    .prepare(
      "INSERT INTO auth_signing_keys (id, alg, public_key, sealed_private_key, created_at) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(kid, alg, JSON.stringify(await exportJWK(publicKey)), sealed, nowMs)
    .run();
  caches.delete(database);
  return { kid, key: privateKey };
}

/** `<iv>.<ciphertext>`, AES-256-GCM. */
async function seal(text: string, keyring: Keyring): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await sealKey(keyring), Buffer.from(text));
  return `${Buffer.from(iv).toString("base64url")}.${Buffer.from(sealed).toString("base64url")}`;
}

async function unseal({ alg, sealed_private_key }: StoredKey, keyring: Keyring): Promise<CryptoKey | null> {
  const [iv = "", sealed = ""] = sealed_private_key.split(".");
  const bytes = (part: string) => Buffer.from(part, "base64url");
  try {
    const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(iv) }, await sealKey(keyring), bytes(sealed));
    return (await importJWK(JSON.parse(Buffer.from(text).toString()) as JWK, alg)) as CryptoKey;
  } catch {
    // Sealed under another secret.
    return null;
  }
}

function sealKey(keyring: Keyring) {
  return crypto.subtle.importKey("raw", keyring.key("seal"), "AES-GCM", false, ["encrypt", "decrypt"]);
}
