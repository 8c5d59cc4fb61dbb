/**
 * Query parameters of a read, before anything is known of their meaning: which may stand there, that none stands twice
 * ([QL8]), and the plain ones: `limit` [QL53], `offset` [QL56], booleans [QL54]. Takes decoded pairs; decoding is the edge's.
 */

import type { FieldError } from "../fault.ts";
import { invalid, invalidField } from "../fault.ts";
import type { PaginationSpec } from "../schema/table-spec.ts";

export const MAX_OFFSET = 10_000;

export type Parameters = ReadonlyMap<string, string>;

/** The parameters by name; names that begin with `_` are ignored. Unknown and repeated ones are refused together. */
export function readParameters(pairs: Iterable<readonly [string, string]>, known: readonly string[]): Parameters {
  const parameters = new Map<string, string>();
  const errors = new Map<string, FieldError>();
  for (const [name, value] of pairs) {
    if (name.startsWith("_")) continue;
    if (!known.includes(name)) errors.set(name, { field: name, message: "is not a parameter here", code: "unknown" });
    else if (parameters.has(name))
      errors.set(name, { field: name, message: "stands more than once", code: "repeated" });
    else parameters.set(name, value);
  }
  if (errors.size > 0) throw invalid([...errors.values()]);
  return parameters;
}

/** `limit`: an integer ≥ 1, lowered to the maximum. */
export function parseLimit(
  text: string | undefined,
  pagination: Pick<PaginationSpec, "defaultLimit" | "maxLimit">,
): number {
  if (text === undefined) return Math.min(pagination.defaultLimit, pagination.maxLimit);
  const limit = parseInteger(text);
  if (limit === null || limit < 1) throw invalidField("limit", `must be an integer ≥ 1, not ${JSON.stringify(text)}`);
  return Math.min(limit, pagination.maxLimit);
}

/** `offset`: 0–10 000; not beside a cursor, and only where the table allows it. */
export function parseOffset(
  text: string | undefined,
  pagination: Pick<PaginationSpec, "offset">,
  cursor: string | undefined,
): number {
  if (text === undefined) return 0;
  if (!pagination.offset) throw invalidField("offset", "is turned off for this resource; use cursor");
  if (cursor !== undefined) throw invalidField("offset", "cannot stand together with cursor");
  const offset = parseInteger(text);
  if (offset === null || offset < 0 || offset > MAX_OFFSET) {
    throw invalidField("offset", `must be an integer from 0 to ${MAX_OFFSET}, not ${JSON.stringify(text)}`);
  }
  return offset;
}

/** `true` or `false`; absent means false. */
export function parseFlag(name: string, text: string | undefined): boolean {
  if (text === undefined || text === "false") return false;
  if (text === "true") return true;
  throw invalidField(name, `must be true or false, not ${JSON.stringify(text)}`);
}

/** Digits with an optional minus; beyond the safe range an infinity, which keeps the sign. */
function parseInteger(text: string): number | null {
  if (!/^-?[0-9]+$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : value < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
