/**
 * The canonical text of a filter ([QL7]): no optional white space, symbol forms, minimal parentheses, numbers in shortest
 * JSON form. It is the key of caches, subscription groups and fingerprints: parsing it gives an equal tree, printing that
 * gives the same bytes. Refuses nothing; never sorts or simplifies.
 */

import { unreachable } from "../fault.ts";
import type { Filter, Operand } from "./tree.ts";
import { isList, isRange } from "./tree.ts";

export function printFilter(filter: Filter): string {
  switch (filter.kind) {
    case "all":
      return "";
    case "and":
      return filter.terms.map((term) => (term.kind === "or" ? `(${printFilter(term)})` : printFilter(term))).join(";");
    case "or":
      return filter.terms.map(printFilter).join(",");
    case "not":
      return `!(${printFilter(filter.term)})`;
    case "compare":
      return filter.field + filter.operator + printOperand(filter.operand);
    default:
      return unreachable(filter);
  }
}

/** JSON text is the text of a literal: the same escapes, the same numbers (`-0` becomes `0`). */
function printOperand(operand: Operand): string {
  if (isList(operand)) return `(${operand.map((item) => JSON.stringify(item)).join(",")})`;
  if (isRange(operand)) return `[${JSON.stringify(operand.from)},${JSON.stringify(operand.to)}]`;
  return JSON.stringify(operand);
}
