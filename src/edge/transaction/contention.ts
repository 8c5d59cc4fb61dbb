/**
 * Objects in which a transaction of this isolate met another one a moment ago. The next ones over them queue at their first object at once,
 * instead of asking all, being refused by some and undoing it at the others. A hint: lost with the isolate, and nothing rests on it.
 */

import type { ObjectName } from "../../core/ids.ts";
import { BoundedCache } from "../bounded-cache.ts";

const REMEMBERED_MS = 2_000;
const MAX_OBJECTS = 1_000;

const metAtMs = new BoundedCache<ObjectName, number>(MAX_OBJECTS);

export function noteContention(objects: readonly ObjectName[], nowMs: number): void {
  for (const object of objects) metAtMs.set(object, nowMs);
}

export function wasContended(objects: readonly ObjectName[], nowMs: number): boolean {
  return objects.some((object) => nowMs - (metAtMs.get(object) ?? Number.NEGATIVE_INFINITY) < REMEMBERED_MS);
}
