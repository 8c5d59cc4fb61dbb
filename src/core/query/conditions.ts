/**
 * Filters as data ([QL48]): condition arrays `[{ column, operator, value }]`, and selector objects
 * `{ status: "open", age: { gte: 18, lt: 65 } }`. Both compile to the tree that the text would give. Unknown operators and
 * values without a literal form are a TypeError: this is called with the application's own data.
 */

import type { Json } from "../json.ts";
import { isJsonObject } from "../json.ts";
import { compare } from "./build.ts";
import type { ScalarInput } from "./rsql.ts";
import { scalarOf } from "./rsql.ts";
import type { Filter } from "./tree.ts";
import { conjoin, negate } from "./tree.ts";

export type ConditionOperator =
  | "eq"
  | "neq"
  | "gt"
  | "gte"
  | "lt"
  | "lte"
  | "like"
  | "ilike"
  | "in"
  | "is"
  | "contains"
  | "containedBy"
  | "overlap"
  | "match"
  | "not";

export interface Condition {
  readonly column: string;
  readonly operator: ConditionOperator;
  readonly value: unknown;
}

/** A value means `eq` (null: is null), an array means `in`, an object holds operators, all of which must hold. */
export type Selector = Readonly<
  Record<string, ScalarInput | readonly ScalarInput[] | { readonly [O in ConditionOperator]?: unknown }>
>;

/** AND of the conditions; the empty array is the empty filter. */
export function filterFromConditions(conditions: readonly Condition[]): Filter {
  return conjoin(conditions.map((condition) => conditionFilter(condition.column, condition.operator, condition.value)));
}

/** AND over the fields of the selector; the empty object is the empty filter. */
export function filterFromSelector(selector: Selector): Filter {
  return conjoin(Object.entries(selector).map(([column, wanted]) => selectorFilter(column, wanted)));
}

/** `match({ a: 1, b: 2 })` is `a==1;b==2`. */
export function match(values: Readonly<Record<string, ScalarInput>>): Filter {
  return conjoin(Object.entries(values).map(([column, value]) => compare(column, "==", scalarOf(value))));
}

const SIMPLE: Readonly<Record<string, string>> = {
  eq: "==",
  is: "==",
  neq: "!=",
  gt: ">",
  gte: ">=",
  lt: "<",
  lte: "<=",
  like: "%=",
  ilike: "=ilike=",
};

function conditionFilter(column: string, operator: string, value: unknown): Filter {
  const token = Object.hasOwn(SIMPLE, operator) ? SIMPLE[operator] : undefined;
  if (token !== undefined) return compare(column, token, scalarOf(value));
  switch (operator) {
    case "in":
      return compare(column, "=in=", listOf(column, operator, value));
    case "containedBy":
      return compare(column, "=within=", listOf(column, operator, value));
    case "overlap":
      return compare(column, "=overlaps=", listOf(column, operator, value));
    case "contains":
      if (typeof value === "string") return compare(column, "=contains=", value);
      if (Array.isArray(value)) return compare(column, "=hasall=", value.map(scalarOf));
      if (isJsonObject(value)) return compare(column, "=hasjson=", JSON.stringify(value satisfies Json));
      throw new TypeError(`contains on ${column} takes a text, an array or an object`);
    case "match":
      // Several equalities at once; they name their own columns.
      if (isJsonObject(value)) return match(value as Readonly<Record<string, ScalarInput>>);
      throw new TypeError("match takes an object of values by column");
    case "not":
      return negate(selectorFilter(column, value));
    default:
      throw new TypeError(`${operator} is not an operator of conditions`);
  }
}

function selectorFilter(column: string, wanted: unknown): Filter {
  if (Array.isArray(wanted)) return compare(column, "=in=", wanted.map(scalarOf));
  if (typeof wanted !== "object" || wanted === null || wanted instanceof Date)
    return compare(column, "==", scalarOf(wanted));
  const operators = Object.entries(wanted);
  // Without an operator the condition would be none, and its rows all: more likely foreign data than a wish.
  if (operators.length === 0) throw new TypeError(`The object for ${column} holds no operator`);
  return conjoin(operators.map(([operator, value]) => conditionFilter(column, operator, value)));
}

function listOf(column: string, operator: string, value: unknown) {
  if (!Array.isArray(value)) throw new TypeError(`${operator} on ${column} takes an array`);
  return value.map(scalarOf);
}
