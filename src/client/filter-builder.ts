/**
 * The builder that `filter: (q) => q.eq("status", "todo")` is given, and selector objects `{ status: "todo", priority: { gte: 3 } }`
 * ([Q27]). The trees are those of `f()` and `filterFromSelector` in ledge/query, which bring the parser along; these are a table
 * of tokens, so that the client stays small. Tests hold the two together. Pure.
 */

import { conjoin, disjoin, type Filter, isScalar, negate, type Operand, type Scalar } from "../core/query/tree.ts";
import type { FilterOf } from "../core/query/typed-builder.ts";

const COLUMN = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Operators of one column and one operand: the builder's methods, and those of selectors. */
const TOKENS: Readonly<Record<string, string>> = {
  eq: "==",
  is: "==",
  neq: "!=",
  gt: ">",
  gte: ">=",
  lt: "<",
  lte: "<=",
  like: "%=",
  notLike: "!%=",
  in: "=in=",
  inList: "=in=",
  notIn: "=out=",
  containedBy: "=within=",
  overlap: "=overlaps=",
  ...Object.fromEntries(
    ["ilike", "contains", "icontains", "startsWith", "endsWith", "has"].map((name) => [
      name,
      `=${name.toLowerCase()}=`,
    ]),
  ),
};

export const BUILDER = {
  ...Object.fromEntries(
    Object.entries(TOKENS).map(([name, token]) => [
      name,
      (column: string, value: unknown) => compare(column, token, operandOf(value)),
    ]),
  ),
  between: (column: string, from: unknown, to: unknown) =>
    compare(column, "=between=", { from: literal(from), to: literal(to) }),
  isNull: (column: string) => compare(column, "=isnull=", true),
  isNotNull: (column: string) => compare(column, "=isnull=", false),
  and: (...filters: readonly Filter[]) => conjoin(filters),
  or: (...filters: readonly Filter[]) => disjoin(filters),
  not: negate,
} as unknown as FilterOf<object>;

/** AND over the columns of a selector. TypeError for an unknown operator or a value that has no literal form. */
export function selectorFilter(selector: object): Filter {
  return conjoin(Object.entries(selector).map(([column, wanted]) => wantedFilter(column, wanted)));
}

function wantedFilter(column: string, wanted: unknown): Filter {
  // An array means one of its values; an object holds operators, all of which must hold.
  if (Array.isArray(wanted)) return compare(column, "=in=", operandOf(wanted));
  if (typeof wanted !== "object" || wanted === null || wanted instanceof Date)
    return compare(column, "==", literal(wanted));
  return conjoin(Object.entries(wanted).map(([operator, value]) => operatorFilter(column, operator, value)));
}

function operatorFilter(column: string, operator: string, value: unknown): Filter {
  if (operator === "not") return negate(wantedFilter(column, value));
  if (operator === "contains" && Array.isArray(value)) return compare(column, "=hasall=", operandOf(value));
  const token = TOKENS[operator];
  if (typeof token !== "string") throw new TypeError(`${operator} is not an operator of selectors`);
  return compare(column, token, operandOf(value));
}

function compare(field: string, operator: string, operand: Operand): Filter {
  if (!COLUMN.test(field)) throw new TypeError(`${field} cannot be a field name`);
  return { kind: "compare", field, operator, operand };
}

function operandOf(value: unknown): Operand {
  return Array.isArray(value) ? value.map(literal) : literal(value);
}

/** bigint as digits, Date as ISO text. */
function literal(value: unknown): Scalar {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (!isScalar(value)) throw new TypeError(`${typeof value} cannot stand in a filter`);
  return Object.is(value, -0) ? 0 : value;
}
