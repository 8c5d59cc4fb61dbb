/**
 * The budget of a residual ([QL42]): rows that a filter is finished on in memory. A row counts once for every few kilobytes of text
 * that the filter may have to walk, times the longest piece of a pattern with `_`, which is compared at each place; so a filter
 * made to be slow on large rows stops as soon as one on many rows does.
 */

import { parsePattern } from "../../src/core/query/pattern.ts";
import type { Filter } from "../../src/core/query/tree.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";

/** Units that a residual may spend in one request; an ordinary row is one. */
export const MAX_EXAMINED = 10_000;
const TEXT_PER_UNIT = 4096;

/** What examining a row under this filter costs, in units. */
export function effortOf(residual: Filter): (row: Row) => number {
  const weight = longestPiece(residual);
  return (row) => {
    let length = 0;
    for (const value of Object.values(row)) if (typeof value === "string") length += value.length;
    return 1 + Math.floor((length * weight) / TEXT_PER_UNIT);
  };
}

/** Code points of the longest pattern piece that holds a `_`; 1 when there is none. */
function longestPiece(filter: Filter): number {
  switch (filter.kind) {
    case "all":
      return 1;
    case "not":
      return longestPiece(filter.term);
    case "and":
    case "or":
      return Math.max(1, ...filter.terms.map(longestPiece));
    case "compare": {
      const isPattern = ["%=", "!%=", "=ilike=", "=nilike="].includes(filter.operator);
      const pattern = isPattern && typeof filter.operand === "string" ? parsePattern(filter.operand) : null;
      const pieces = (pattern ?? []).filter((piece) => piece.some((part) => typeof part === "number"));
      return Math.max(
        1,
        ...pieces.map((piece) =>
          piece.reduce<number>((sum, part) => sum + (typeof part === "number" ? part : part.length), 0),
        ),
      );
    }
  }
}
