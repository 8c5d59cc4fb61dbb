/**
 * Keys in the bucket: `<object>/<table>/<row id>/<nonce>`. Each is made for one upload and never again, so a key that no row holds
 * will never be held: what lies under it may be removed at any time. The sweep reads the object out of it.
 */

import type { ObjectName, RowId } from "../ids.ts";

const KEY =
  /^(t\/[a-z0-9-]+\/[A-Za-z0-9_-]+(?:\/[A-Za-z0-9_-]+)?)\/([A-Za-z_][A-Za-z0-9_-]*)\/([A-Za-z0-9._~-]+)\/([a-z0-9]{20,64})$/;

export interface BlobPlace {
  readonly object: ObjectName;
  readonly table: string;
  readonly id: string;
}

/** `nonce`: at least 20 characters of `[a-z0-9]`, random. */
export function blobKey(object: ObjectName, table: string, id: RowId, nonce: string): string {
  return `${object}/${table}/${id}/${nonce}`;
}

/** Null for a key that is none of ours. */
export function parseBlobKey(key: string): BlobPlace | null {
  const [, object, table, id] = KEY.exec(key) ?? [];
  return object === undefined || table === undefined || id === undefined
    ? null
    : { object: object as ObjectName, table, id };
}
