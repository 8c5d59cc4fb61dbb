/**
 * Seals and opens cursors with the application's secret ([PG1]). `LEDGE_SECRET_OLD` is still accepted for reading while a
 * secret is changed. Keys are derived once per secret, for cursors alone: a cursor's MAC is never the MAC of a token.
 */

import type { JsonScalar } from "../core/json.ts";
import { decodeCursor, encodeCursor, type SignCursor } from "../core/query/cursor.ts";
import { canonicalOrderBy, type OrderTerm } from "../core/query/order.ts";
import { BoundedCache } from "./bounded-cache.ts";
import type { LedgeEnv } from "./env.ts";
import type { TableRequest } from "./exchange.ts";

/** Signs cursors in development when no secret is set: they grant nothing, and the scope is checked on every page. */
const DEVELOPMENT_SECRET = "cursors of a development server";
const PURPOSE = "ledge cursor 1";

const signers = new BoundedCache<string, SignCursor>(8);
const orderHashes = new BoundedCache<string, string>(500);

export async function sealCursor(
  request: TableRequest,
  key: readonly JsonScalar[],
  orderBy: readonly OrderTerm[],
): Promise<string> {
  const order = await orderHash(request, orderBy);
  return encodeCursor({ table: place(request), order, key, atMs: request.nowMs }, signerOf(secretOf(request.env)));
}

/** Sort values and id to go on from; throws `cursor-invalid` or `cursor-expired`. */
export async function openCursor(
  request: TableRequest,
  text: string,
  orderBy: readonly OrderTerm[],
): Promise<readonly JsonScalar[]> {
  const { env, nowMs, entry } = request;
  const old = env.LEDGE_SECRET_OLD;
  const secrets = old === undefined || old === "" ? [secretOf(env)] : [secretOf(env), old];
  const expected = {
    table: place(request),
    order: await orderHash(request, orderBy),
    keyLength: orderBy.length,
    nowMs,
    maxAgeMs: entry.resource.config.pagination?.cursorMaxAgeMs,
  };
  return (await decodeCursor(text, expected, secrets.map(signerOf))).key;
}

function secretOf(env: LedgeEnv): string {
  return env.LEDGE_SECRET || DEVELOPMENT_SECRET;
}

function place({ entry, partition }: TableRequest): string {
  const { name } = entry.resource;
  return partition === null ? name : `@${partition}/${name}`;
}

async function orderHash({ entry }: TableRequest, orderBy: readonly OrderTerm[]): Promise<string> {
  const text = canonicalOrderBy(orderBy, entry.resource.spec);
  const known = orderHashes.get(text);
  if (known !== undefined) return known;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  const hash = [...digest.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  orderHashes.set(text, hash);
  return hash;
}

function signerOf(secret: string): SignCursor {
  const known = signers.get(secret);
  if (known !== undefined) return known;
  let key: Promise<CryptoKey> | undefined;
  const sign: SignCursor = async (payload) => {
    key ??= deriveKey(secret);
    return mac(await key, payload);
  };
  signers.set(secret, sign);
  return sign;
}

async function deriveKey(secret: string): Promise<CryptoKey> {
  const root = await hmacKey(new TextEncoder().encode(secret));
  return hmacKey(await mac(root, PURPOSE));
}

function hmacKey(bytes: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

async function mac(key: CryptoKey, text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text)));
}
