/**
 * The budget of texts that SQL reads through. A comparison that no index serves walks every text under it, and a filter may hold a
 * hundred: SQL has no way to stop in the middle, so a filter that could walk too much is not given to it but finished in memory, row
 * by row, within the budget of a residual ([QL42]). Says what a comparison walks; how much text there is comes from text-sizes.ts.
 *
 * Measured on a two-core machine (SQLite 3.53, 2026-11), in texts of 400 KB: `instr` 240–700 MB/s, with 4,000 bytes to find 18;
 * `substr` from the end 560; `lower`, `length` 1,700; `json_each` 60.
 */

import { builtinOperator } from "../../src/core/query/operators.ts";
import { parsePattern } from "../../src/core/query/pattern.ts";
import type { Comparison, Filter, Operand } from "../../src/core/query/tree.ts";

/** Bytes that the comparisons of one statement may walk, each text counted once a walk: about a second at worst. */
export const MAX_SCANNED_BYTES = 256 * 2 ** 20;

/** One walk more for each so many characters that are looked for: SQLite compares them at every place where they might begin. */
const CHARS_PER_WALK = 64;
const ELEMENT_WALKS = 4;

/** How often a comparison walks a value in SQL, in walks of about 250 MB/s; 0 where it reads little, or an index may serve it. */
export function walksOf({ operator, operand }: Comparison): number {
  switch (builtinOperator(operator)?.token) {
    case "=contains=":
    case "=icontains=":
    case "=endswith=":
    case "=iendswith=":
      return partWalks(operand);
    case "%=":
    case "!%=":
    case "=ilike=":
    case "=nilike=":
      return patternWalks(operand);
    case "=has=":
    case "=hasall=":
    case "=within=":
    case "=overlaps=":
      return ELEMENT_WALKS;
    default:
      return 0;
  }
}

/** The walks of a filter by field; empty for most. */
export function walksByField(filter: Filter): ReadonlyMap<string, number> {
  const walks = new Map<string, number>();
  const add = (term: Filter): void => {
    if (term.kind === "not") add(term.term);
    else if (term.kind === "and" || term.kind === "or") term.terms.forEach(add);
    else if (term.kind === "compare") {
      const more = walksOf(term);
      if (more > 0) walks.set(term.field, (walks.get(term.field) ?? 0) + more);
    }
  };
  add(filter);
  return walks;
}

function partWalks(operand: Operand): number {
  if (typeof operand !== "string" || operand === "") return 0;
  return 1 + Math.floor(operand.length / CHARS_PER_WALK);
}

/** All literals but one at the beginning, which is a range. */
function patternWalks(operand: Operand): number {
  const pattern = typeof operand === "string" ? parsePattern(operand) : null;
  let walks = 0;
  pattern?.forEach((piece, index) => {
    piece.forEach((part, place) => {
      if (typeof part === "string" && (index > 0 || place > 0)) walks += partWalks(part);
    });
  });
  return walks;
}
