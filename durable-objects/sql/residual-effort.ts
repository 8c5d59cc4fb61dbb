/**
 * The budget of a residual ([QL42]): rows that a filter is finished on in memory. A row counts once, and once more for every few
 * kilobytes: those it is read from, and those of each text that a comparison walks, times the words of Shift-And where it needs them
 * (src/core/query/piece-finder.ts). So a filter made to be slow on large rows stops as soon as one on many rows does.
 */

import { parsePattern } from "../../src/core/query/pattern.ts";
import { pieceLength, WORD_BITS } from "../../src/core/query/piece-finder.ts";
import type { Comparison, Filter } from "../../src/core/query/tree.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";

/** Units that a residual may spend in one request; an ordinary row is one. */
export const MAX_EXAMINED = 10_000;
const SIZE_PER_UNIT = 4096;

/** What examining a row under this filter costs, in units. `size` is what the row takes as it is stored, about. */
export function effortOf(residual: Filter): (row: Row, size: number) => number {
  const weights = new Map<string, number>();
  for (const comparison of comparisons(residual)) {
    weights.set(comparison.field, (weights.get(comparison.field) ?? 0) + weightOf(comparison));
  }
  return (row, size) => {
    let walked = size;
    for (const [field, weight] of weights) {
      const value = row[field];
      if (typeof value === "string") walked += value.length * weight;
      else if (typeof value === "object" && value !== null) walked += size * weight;
    }
    return 1 + Math.floor(walked / SIZE_PER_UNIT);
  };
}

function comparisons(filter: Filter): readonly Comparison[] {
  switch (filter.kind) {
    case "all":
      return [];
    case "not":
      return comparisons(filter.term);
    case "and":
    case "or":
      return filter.terms.flatMap(comparisons);
    case "compare":
      return [filter];
  }
}

/** How often the value is walked: once, or once for each word that the longest piece with a `_` fills. */
function weightOf({ operator, operand }: Comparison): number {
  const isPattern = ["%=", "!%=", "=ilike=", "=nilike="].includes(operator);
  const pattern = isPattern && typeof operand === "string" ? parsePattern(operand) : null;
  const pieces = (pattern ?? []).filter((piece) => piece.some((part) => typeof part === "number"));
  return Math.max(1, ...pieces.map((piece) => Math.ceil(pieceLength(piece) / WORD_BITS)));
}

/** About what a record takes as it is stored: its texts and blobs. */
export function storedSize(values: Iterable<unknown>): number {
  let size = 0;
  for (const value of values) {
    if (typeof value === "string") size += value.length;
    else if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) size += value.byteLength;
  }
  return size;
}
