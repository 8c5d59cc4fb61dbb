/** The bucket's side of an upload in parts: what its refusals mean. Decided by R2's error codes, which stand in the text alone. */

import { Fault } from "../../core/fault.ts";
import type { StorageAdapter } from "./storage-adapter.ts";

/** There is no such upload: it was ended, or completed. */
export function isOver(error: unknown): boolean {
  return /\(10024\)|does not exist/i.test(String(error));
}

/** Puts the parts together; a try that was lost after it took place counts as this one. Throws where they do not fit together. */
export async function completeParts(
  bucket: StorageAdapter,
  {
    key,
    id,
    size,
    tags,
  }: { readonly key: string; readonly id: string; readonly size: number; readonly tags: readonly string[] },
): Promise<void> {
  const parts = tags.map((etag, index) => ({ partNumber: index + 1, etag }));
  let failure: unknown;
  try {
    await bucket.resumeMultipartUpload(key, id).complete(parts);
  } catch (error) {
    failure = error;
  }
  if (failure === undefined) return;
  if ((await bucket.head(key))?.size === size) return;
  // A part was sent again while it was being put together, or the upload has been ended.
  if (isOver(failure) || /\((10025|10048)\)/.test(String(failure)))
    throw new Fault({ slug: "conflict", reason: "contended", detail: "The parts cannot be put together: begin anew" });
  throw failure;
}

/** Ends an upload with all its parts; one that is over is none any more. */
export async function endParts(bucket: StorageAdapter, key: string, id: string): Promise<void> {
  try {
    await bucket.resumeMultipartUpload(key, id).abort();
  } catch (error) {
    if (!isOver(error)) throw error;
  }
}
