/**
 * A collection tag as a position ([HT39]): `If-Match` on a filter batch asks what happened since the reader looked. The hash of
 * the tag does not count: it covers paging and projection, which a batch does not have.
 */

import type { Epoch } from "../ids.ts";
import type { TagCondition } from "./etag.ts";

const COLLECTION_TAG = /^([a-z2-7]{16}):(0|[1-9][0-9]{0,15}):[0-9a-f]{8}$/;

/** The newest seq of this ledger that some strong collection tag of the condition names; null when none does. */
export function collectionSince(condition: Extract<TagCondition, { kind: "tags" }>, epoch: Epoch): number | null {
  let since: number | null = null;
  for (const { isWeak, opaque } of condition.tags) {
    const found = isWeak ? null : COLLECTION_TAG.exec(opaque);
    if (found === null || found[1] !== epoch) continue;
    since = Math.max(since ?? 0, Number(found[2]));
  }
  return since;
}
