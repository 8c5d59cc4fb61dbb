/**
 * Seals and opens cursors with the application's secret ([PG1]). `LEDGE_SECRET_OLD` is still accepted for reading while a
 * secret is changed. In development none is needed: cursors grant nothing, and the scope is checked on every page.
 */

import { hex } from "../core/hex.ts";
import type { JsonScalar } from "../core/json.ts";
import { decodeCursor, encodeCursor, type SignCursor } from "../core/query/cursor.ts";
import { canonicalOrderBy, type OrderTerm } from "../core/query/order.ts";
import type { AnyResource } from "../define/resource.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { derivedKey, signingSecrets } from "./derived-key.ts";
import type { TableRequest } from "./exchange.ts";

const PURPOSE = "ledge cursor 1";

const orderHashes = new BoundedCache<string, string>(500);

/** What a cursor is bound to. */
export interface CursorPlace extends Pick<TableRequest, "env" | "nowMs" | "partition"> {
  readonly resource: AnyResource;
}

export function placeOf({ env, nowMs, partition, entry }: TableRequest): CursorPlace {
  return { env, nowMs, partition, resource: entry.resource };
}

export async function sealCursor(
  request: CursorPlace,
  key: readonly JsonScalar[],
  orderBy: readonly OrderTerm[],
): Promise<string> {
  const order = await orderHash(request, orderBy);
  return encodeCursor(
    { table: place(request), order, key, atMs: request.nowMs },
    signerOf(signingSecrets(request.env)[0]),
  );
}

/** Sort values and id to go on from; throws `cursor-invalid` or `cursor-expired`. */
export async function openCursor(
  request: CursorPlace,
  text: string,
  orderBy: readonly OrderTerm[],
): Promise<readonly JsonScalar[]> {
  const { env, nowMs, resource } = request;
  const expected = {
    table: place(request),
    order: await orderHash(request, orderBy),
    keyLength: orderBy.length,
    nowMs,
    maxAgeMs: resource.config.pagination?.cursorMaxAgeMs,
  };
  return (await decodeCursor(text, expected, signingSecrets(env).map(signerOf))).key;
}

function place({ resource, partition }: CursorPlace): string {
  const { name } = resource;
  return partition === null ? name : `@${partition}/${name}`;
}

async function orderHash({ resource }: CursorPlace, orderBy: readonly OrderTerm[]): Promise<string> {
  const text = canonicalOrderBy(orderBy, resource.spec);
  const known = orderHashes.get(text);
  if (known !== undefined) return known;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  const hash = hex(digest.subarray(0, 8));
  orderHashes.set(text, hash);
  return hash;
}

function signerOf(secret: string): SignCursor {
  return async (payload) =>
    new Uint8Array(
      await crypto.subtle.sign("HMAC", await derivedKey(secret, PURPOSE), new TextEncoder().encode(payload)),
    );
}
