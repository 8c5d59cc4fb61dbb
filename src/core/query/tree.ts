/**
 * The filter tree: plain data, the same for a parsed text, a template and a builder; safe to send and to store as JSON.
 * A tree holds its literals as they were written; their type comes from the column (`literal.ts`) in each interpreter,
 * so printing gives back what was meant, not what it was turned into.
 * Kept in one form by `conjoin` and `disjoin`: no chain inside an equal chain, no chain of fewer than two terms, and the
 * empty filter (`all`) only at the top.
 */

import type { JsonScalar } from "../json.ts";
import { isJsonObject } from "../json.ts";

export type Scalar = JsonScalar;

/** Both ends inclusive: `[from,to]`. */
export interface Range {
  readonly from: Scalar;
  readonly to: Scalar;
}

export type Operand = Scalar | readonly Scalar[] | Range;

export interface Comparison {
  readonly kind: "compare";
  readonly field: string;
  /** Canonical token: `==`, `>=`, `=in=` … or the name of a custom operator. */
  readonly operator: string;
  readonly operand: Operand;
}

/** The empty filter: matches every row. Never a term of another filter. */
export interface All {
  readonly kind: "all";
}

export interface Chain {
  readonly kind: "and" | "or";
  readonly terms: readonly Filter[];
}

export interface Not {
  readonly kind: "not";
  readonly term: Filter;
}

export type Filter = All | Chain | Not | Comparison;

export const ALL: All = { kind: "all" };

/** AND of the filters, flattened; the empty filter is its neutral element. */
export function conjoin(filters: readonly Filter[]): Filter {
  return chain(
    "and",
    filters.filter((filter) => filter.kind !== "all"),
  );
}

/** OR of at least one filter, flattened; one empty filter makes the whole empty. */
export function disjoin(filters: readonly Filter[]): Filter {
  if (filters.length === 0) throw new TypeError("An OR needs at least one filter");
  return filters.some((filter) => filter.kind === "all") ? ALL : chain("or", filters);
}

/** Negation. The negation of the empty filter has no text, so it is refused. */
export function negate(term: Filter): Not {
  if (term.kind === "all") throw new TypeError("The empty filter cannot be negated");
  return { kind: "not", term };
}

export function isRange(operand: Operand): operand is Range {
  return typeof operand === "object" && operand !== null && !Array.isArray(operand);
}

export function isList(operand: Operand): operand is readonly Scalar[] {
  return Array.isArray(operand);
}

/** Whether an unknown value is a well-shaped tree (fields and operators unchecked), nested at most `maxDepth` deep. */
export function isFilter(value: unknown, maxDepth = 64): value is Filter {
  if (!isJsonObject(value) || maxDepth < 0) return false;
  switch (value.kind) {
    case "all":
      return true;
    case "and":
    case "or":
      return (
        Array.isArray(value.terms) &&
        value.terms.length > 0 &&
        value.terms.every((term) => isFilter(term, maxDepth - 1))
      );
    case "not":
      return isFilter(value.term, maxDepth - 1);
    case "compare":
      return typeof value.field === "string" && typeof value.operator === "string" && isOperand(value.operand);
    default:
      return false;
  }
}

function isOperand(value: unknown): value is Operand {
  if (Array.isArray(value)) return value.every(isScalar);
  return isScalar(value) || (isJsonObject(value) && isScalar(value.from) && isScalar(value.to));
}

/** Whether the value may stand as a literal: text, a finite number, a boolean or null. */
export function isScalar(value: unknown): value is Scalar {
  return (
    value === null ||
    typeof value === "string" ||
    typeof value === "boolean" ||
    (typeof value === "number" && Number.isFinite(value))
  );
}

function chain(kind: "and" | "or", filters: readonly Filter[]): Filter {
  const terms = filters.some((filter) => filter.kind === kind)
    ? filters.flatMap((filter) => (filter.kind === kind ? filter.terms : [filter]))
    : filters;
  return terms.length === 1 ? (terms[0] ?? ALL) : terms.length === 0 ? ALL : { kind, terms };
}
