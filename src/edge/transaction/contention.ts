/**
 * Objects in which a transaction of this isolate met another one a moment ago. The next ones over them stand in line at once, instead of
 * asking all, being refused by some and undoing it at the others. A hint: lost with the isolate, and nothing rests on it.
 */

import type { Manner } from "../../core/commit/driver-state.ts";
import type { ObjectName } from "../../core/ids.ts";
import { BoundedCache } from "../bounded-cache.ts";

const REMEMBERED_MS = 2_000;
const MAX_OBJECTS = 1_000;

const metAtMs = new BoundedCache<ObjectName, number>(MAX_OBJECTS);
/** Of objects that refused to decide. */
const refusedAtMs = new BoundedCache<ObjectName, number>(MAX_OBJECTS);

/** `refusing`: the object that decides, where it was the one that refused. */
export function noteContention(objects: readonly ObjectName[], refusing: ObjectName | null, nowMs: number): void {
  for (const object of objects) metAtMs.set(object, nowMs);
  if (refusing !== null) refusedAtMs.set(refusing, nowMs);
}

/** How a transaction over these objects begins. */
export function mannerFor(objects: readonly ObjectName[], decider: ObjectName, nowMs: number): Manner {
  const isRecent = (atMs: number | undefined) => atMs !== undefined && nowMs - atMs < REMEMBERED_MS;
  if (isRecent(refusedAtMs.get(decider))) return "in-queue";
  return objects.some((object) => isRecent(metAtMs.get(object))) ? "in-line" : "at-once";
}
