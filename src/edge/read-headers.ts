/** Request headers that the endpoints share, parsed once and refused when malformed: conditions, preferences, positions. */

import { invalidField } from "../core/fault.ts";
import { parseTagCondition } from "../core/protocol/etag.ts";
import type { Preconditions } from "../core/protocol/object-call.ts";

const NO_CONDITIONS: Preconditions = {};
const POSITION = /^(?:[a-z2-7]{16}:(?:0|[1-9][0-9]{0,15})|tx:[A-Za-z0-9-]{1,64}@[\x21-\x2b\x2d-\x7e]{1,200})$/;
/** As many as `Ledge-Seq` of a view names: each may cost its reader an object that is asked. */
const MAX_POSITIONS = 16;
const MINIMAL = /(?:^|[,;])[ \t]*return[ \t]*=[ \t]*"?minimal"?[ \t]*(?:$|[,;])/i;
const VISIBLE_ASCII = /^[\x21-\x7e]{1,128}$/;

/** `If-Match` and `If-None-Match`. Date conditions are ignored: rows have no modification date ([HT35]). */
export function readConditions(headers: Headers): Preconditions {
  const match = headers.get("if-match");
  const noneMatch = headers.get("if-none-match");
  if (match === null && noneMatch === null) return NO_CONDITIONS;
  return {
    ...(match === null ? {} : { ifMatch: parseTagCondition("If-Match", match) }),
    ...(noneMatch === null ? {} : { ifNoneMatch: parseTagCondition("If-None-Match", noneMatch) }),
  };
}

/**
 * Checks `Ledge-Min-Seq` and `Ledge-Version`. The owning object always satisfies a position ([HT8]), so its form is all
 * that matters here; no API version is declared yet, so none may be asked for ([HT12]).
 */
export function checkCommonHeaders(headers: Headers): void {
  const positions = headers.get("ledge-min-seq")?.split(",") ?? [];
  if (!positions.every((token) => POSITION.test(token.trim())))
    throw invalidField("Ledge-Min-Seq", "must be a list of <epoch>:<seq> or tx:<txid>@<object>", "malformed");
  if (positions.length > MAX_POSITIONS)
    throw invalidField("Ledge-Min-Seq", `names ${positions.length} positions, limit is ${MAX_POSITIONS}`, "too-many");
  if (headers.has("ledge-version"))
    throw invalidField("Ledge-Version", "names a version that this API does not declare", "unknown");
}

export function prefersMinimal(headers: Headers): boolean {
  const prefer = headers.get("prefer");
  return prefer !== null && MINIMAL.test(prefer);
}

/** A header of 1–128 visible ASCII characters; null when absent. */
export function readToken(headers: Headers, name: string): string | null {
  const value = headers.get(name);
  if (value !== null && !VISIBLE_ASCII.test(value))
    throw invalidField(name, "must be 1–128 visible ASCII characters", "malformed");
  return value;
}
