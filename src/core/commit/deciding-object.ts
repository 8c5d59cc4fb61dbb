/**
 * Which object decides a transaction ([TP2]): a function of the request alone, so that a repetition of the key meets the same
 * object whatever the data has become. Skipped steps count; where the objects are not known before running, a system object that
 * owns no rows decides.
 */

import { type ObjectName, objectName } from "../ids.ts";
import { shortHash } from "../json.ts";

const SYSTEM_DECIDERS = 64;

/** The first declared object by name; never empty. */
export function decidingObject(declared: readonly ObjectName[]): ObjectName {
  const first = [...declared].sort()[0];
  if (first === undefined) throw new Error("a transaction has at least one object");
  return first;
}

/** `t/<app>/_tx/<0–63>` for the imperative form and computed partitions. `key` names principal and idempotency key together. */
export function systemDecider(app: string, key: string): ObjectName {
  return objectName(app, "_tx", String(Number.parseInt(shortHash(key), 16) % SYSTEM_DECIDERS));
}
