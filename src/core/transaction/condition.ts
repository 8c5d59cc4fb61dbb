/**
 * `when` and `require`: filters over the results so far ([HT57]). Fields are paths (`order.total`, `tags.length`), values have
 * their JSON types, and nothing is converted: a comparison of different types is false, `!=` its opposite. What is missing is null. Pure.
 */

import { type FilterFaultReason, invalidField } from "../fault.ts";
import type { Json } from "../json.ts";
import { jsonEquals } from "../json.ts";
import { compareText } from "../query/compare-values.ts";
import { refuse } from "../query/filter-fault.ts";
import { isEmptyJson, jsonTest } from "../query/match-json.ts";
import { sizeTest, textTest } from "../query/match-text.ts";
import { builtinOperator, RESERVED_OPERATORS } from "../query/operators.ts";
import { parseUntyped } from "../query/parse.ts";
import { type Comparison, type Filter, isList, isRange, type Operand } from "../query/tree.ts";
import { codePointLength } from "../schema/value.ts";
import { operationAt, type StepResult, valueAt } from "./results.ts";

/** Reads a condition; `earlier` are the names of the operations before it, null where they were checked before. */
export function parseCondition(text: string, parameter: string, earlier: readonly string[] | null): Filter {
  if (text.trim() === "") throw invalidField(parameter, "is empty");
  const filter = parseUntyped(text, [], parameter);
  if (earlier !== null) check(filter, text, parameter, earlier);
  return filter;
}

export function holds(filter: Filter, names: readonly string[], results: readonly StepResult[]): boolean {
  switch (filter.kind) {
    case "all":
      return true;
    case "and":
      return filter.terms.every((term) => holds(term, names, results));
    case "or":
      return filter.terms.some((term) => holds(term, names, results));
    case "not":
      return !holds(filter.term, names, results);
    case "compare":
      return compareWith(valueAt(filter.field.split("."), names, results) ?? null, filter);
  }
}

function check(filter: Filter, text: string, parameter: string, earlier: readonly string[]): void {
  switch (filter.kind) {
    case "all":
      return;
    case "not":
      check(filter.term, text, parameter, earlier);
      return;
    case "and":
    case "or":
      for (const term of filter.terms) check(term, text, parameter, earlier);
      return;
    case "compare":
      checkComparison(filter, text, parameter, earlier);
  }
}

function checkComparison(
  { field, operator }: Comparison,
  text: string,
  parameter: string,
  earlier: readonly string[],
): void {
  const start = Math.max(text.indexOf(field), 0);
  const complain = (reason: FilterFaultReason, detail: string) =>
    refuse({ text, parameter }, start, start + field.length, { reason, detail });
  const [name = ""] = field.split(".");
  if (operationAt(name, earlier) === null) complain("unknown-field", `${name} is the name of no earlier operation`);
  if (RESERVED_OPERATORS.has(operator)) complain("operator-not-allowed", `Operator ${operator} is not allowed here`);
  if (builtinOperator(operator) === undefined) complain("unknown-operator", `Unknown operator ${operator}`);
}

function compareWith(value: Json, { operator, operand }: Comparison): boolean {
  const spec = builtinOperator(operator);
  if (spec === undefined) return false;
  const { token } = spec;
  switch (token) {
    case "==":
      return jsonEquals(value, operand as Json);
    case "!=":
      return !jsonEquals(value, operand as Json);
    case ">":
    case ">=":
    case "<":
    case "<=":
      return isOrdered(token, value, operand as Json);
    case "=in=":
      return listOf(operand).some((item) => jsonEquals(value, item));
    case "=out=":
      return !listOf(operand).some((item) => jsonEquals(value, item));
    case "=between=":
      return isBetween(value, operand);
    case "=nbetween=":
      return !isBetween(value, operand);
    case "=isnull=":
      return (value === null) === operand;
    case "=isempty=":
      return (value === null || isEmptyJson(value)) === operand;
    case "=length=":
    case "=minlength=":
    case "=maxlength=": {
      const size = typeof value === "string" ? codePointLength(value) : Array.isArray(value) ? value.length : null;
      return size !== null && sizeTest(token, operand as number)(size);
    }
    case "=has=":
    case "=hasall=":
    case "=within=":
    case "=overlaps=":
      return jsonTest(token, isList(operand) ? operand : [operand as string])?.(value) === true;
    default: {
      const isNegative = spec.onNull === true;
      return typeof value === "string" ? textTest(token, operand as string)?.(value) === !isNegative : isNegative;
    }
  }
}

function isBetween(value: Json, operand: Operand): boolean {
  return isRange(operand) && isOrdered(">=", value, operand.from) && isOrdered("<=", value, operand.to);
}

function listOf(operand: Operand): readonly Json[] {
  return isList(operand) ? operand : [];
}

/** Numbers with numbers, texts with texts; anything else has no order. */
function isOrdered(operator: ">" | ">=" | "<" | "<=", a: Json, b: Json): boolean {
  const order =
    typeof a === "number" && typeof b === "number"
      ? a - b
      : typeof a === "string" && typeof b === "string"
        ? compareText(a, b)
        : null;
  if (order === null) return false;
  return operator === ">" ? order > 0 : operator === ">=" ? order >= 0 : operator === "<" ? order < 0 : order <= 0;
}
