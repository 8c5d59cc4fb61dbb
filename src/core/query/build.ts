/**
 * Filters in code ([QL48]): one function an operator, each giving the tree that its text would give. Fields and literals are
 * checked when the tree meets its table (`typeFilter`). For whole conditions as data see conditions.ts.
 */

import { parseUntyped } from "./parse.ts";
import type { ScalarInput } from "./rsql.ts";
import { FieldName, scalarOf } from "./rsql.ts";
import type { Comparison, Filter, Operand } from "./tree.ts";
import { conjoin, disjoin, negate } from "./tree.ts";

/** One comparison; the field must be an identifier. */
export function compare(field: string, operator: string, operand: Operand): Comparison {
  return { kind: "compare", field: new FieldName(field).name, operator, operand };
}

export function eq(field: string, value: ScalarInput): Filter {
  return compare(field, "==", scalarOf(value));
}

export function neq(field: string, value: ScalarInput): Filter {
  return compare(field, "!=", scalarOf(value));
}

export function gt(field: string, value: ScalarInput): Filter {
  return compare(field, ">", scalarOf(value));
}

export function gte(field: string, value: ScalarInput): Filter {
  return compare(field, ">=", scalarOf(value));
}

export function lt(field: string, value: ScalarInput): Filter {
  return compare(field, "<", scalarOf(value));
}

export function lte(field: string, value: ScalarInput): Filter {
  return compare(field, "<=", scalarOf(value));
}

/** Case-sensitive pattern: `%` any run, `_` one code point, `\` takes the next one literally. */
export function like(field: string, pattern: string): Filter {
  return compare(field, "%=", scalarOf(pattern));
}

export function notLike(field: string, pattern: string): Filter {
  return compare(field, "!%=", scalarOf(pattern));
}

export function ilike(field: string, pattern: string): Filter {
  return compare(field, "=ilike=", scalarOf(pattern));
}

export function inList(field: string, values: readonly ScalarInput[]): Filter {
  return compare(field, "=in=", values.map(scalarOf));
}

export function notIn(field: string, values: readonly ScalarInput[]): Filter {
  return compare(field, "=out=", values.map(scalarOf));
}

/** Both ends inclusive. */
export function between(field: string, from: ScalarInput, to: ScalarInput): Filter {
  return compare(field, "=between=", { from: scalarOf(from), to: scalarOf(to) });
}

export function isNull(field: string): Filter {
  return compare(field, "=isnull=", true);
}

export function isNotNull(field: string): Filter {
  return compare(field, "=isnull=", false);
}

export function contains(field: string, text: string): Filter {
  return compare(field, "=contains=", scalarOf(text));
}

export function icontains(field: string, text: string): Filter {
  return compare(field, "=icontains=", scalarOf(text));
}

export function startsWith(field: string, text: string): Filter {
  return compare(field, "=startswith=", scalarOf(text));
}

export function endsWith(field: string, text: string): Filter {
  return compare(field, "=endswith=", scalarOf(text));
}

/** Some element of a JSON array equals the value. */
export function has(field: string, value: ScalarInput): Filter {
  return compare(field, "=has=", scalarOf(value));
}

/** All of them; without any, the empty filter. */
export function and(...filters: readonly Filter[]): Filter {
  return conjoin(filters);
}

/** At least one of them; TypeError without any. */
export function or(...filters: readonly Filter[]): Filter {
  return disjoin(filters);
}

export function not(filter: Filter): Filter {
  return negate(filter);
}

/** A filter from text that is not a constant: throws `filter-parse-error`. Never paste values into it; see `rsql`. */
export function raw(text: string): Filter {
  return parseUntyped(text);
}
