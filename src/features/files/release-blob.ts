/**
 * The effect that removes bytes which a commit let go of. It asks once more whether a row holds them, and may run any number of times:
 * keys are never used again. An upload in parts is ended first, so that nothing can arrive under the key afterwards.
 */

import { parseBlobKey } from "../../core/files/blob-key.ts";
import type { EffectHandler } from "../../define/app.ts";
import { requireBucket } from "./bucket.ts";
import type { ReleasePayload } from "./file-hooks.ts";
import { isHeld } from "./is-held.ts";
import { endParts } from "./parts-of-bucket.ts";

export const releaseBlob: EffectHandler = async (payload, { env, object }) => {
  const { table, key, partsId } = payload as unknown as ReleasePayload;
  if (parseBlobKey(key) === null || (await isHeld(env, object, table, key))) return;
  const bucket = requireBucket(env);
  if (partsId !== null) await endParts(bucket, key, partsId);
  await bucket.delete(key);
};
