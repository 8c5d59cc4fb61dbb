/**
 * The canonical text of a filter ([QL7]): no optional white space, symbol forms, minimal parentheses, numbers in shortest
 * JSON form. It is the key of caches, subscription groups and fingerprints: parsing it gives an equal tree, printing that
 * gives the same bytes. Refuses nothing; never sorts or simplifies.
 */

import type { Filter, Operand } from "./tree.ts";
import { isList, isRange } from "./tree.ts";

/** Without recursion: a tree built in code may be nested deeper than the stack is. */
export function printFilter(filter: Filter): string {
  let text = "";
  const left: (Filter | string)[] = [filter];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next === "string") text += next;
    else if (next.kind === "compare") text += next.field + next.operator + printOperand(next.operand);
    else if (next.kind === "not") left.push(")", next.term, "!(");
    else if (next.kind !== "all") {
      // From the last one on: what is left is a stack.
      const isAnd = next.kind === "and";
      [...next.terms].reverse().forEach((term, index) => {
        if (index > 0) left.push(isAnd ? ";" : ",");
        if (isAnd && term.kind === "or") left.push(")", term, "(");
        else left.push(term);
      });
    }
  }
  return text;
}

/** JSON text is the text of a literal: the same escapes, the same numbers (`-0` becomes `0`). */
function printOperand(operand: Operand): string {
  if (isList(operand)) return `(${operand.map((item) => JSON.stringify(item)).join(",")})`;
  if (isRange(operand)) return `[${JSON.stringify(operand.from)},${JSON.stringify(operand.to)}]`;
  return JSON.stringify(operand);
}
