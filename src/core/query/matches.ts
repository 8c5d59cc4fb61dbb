/**
 * The in-memory interpreter of filters. `compileMatcher` resolves fields, kinds and literals once and returns a predicate
 * over rows in JSON form; live queries call it on every commit, the client on every row it holds. It must agree with the
 * SQL compiler on every row ([QL39]). The filter has been typed: an unknown field here is a defect.
 */

import { unreachable } from "../fault.ts";
import type { Json } from "../json.ts";
import type { ColumnSpec, Row, TableSpec } from "../schema/table-spec.ts";
import { columnOf } from "../schema/table-spec.ts";
import { codePointLength } from "../schema/value.ts";
import { compareValues } from "./compare-values.ts";
import type { CustomOperators } from "./custom-operators.ts";
import { typedLiteral } from "./literal.ts";
import { arraySize, isEmptyJson, jsonTest } from "./match-json.ts";
import { sizeTest, textTest } from "./match-text.ts";
import type { OperatorToken } from "./operators.ts";
import { builtinOperator } from "./operators.ts";
import type { Comparison, Filter, Range, Scalar } from "./tree.ts";

export type RowTest = (row: Row) => boolean;
/** A test of one column's value in JSON form, null included. */
type ValueTest = (value: Json) => boolean;

/** Whether the row meets the filter. For more than a few rows, compile once. */
export function matches(filter: Filter, row: Row, table: TableSpec, operators?: CustomOperators): boolean {
  return compileMatcher(filter, table, operators)(row);
}

/** The filter as a predicate. */
export function compileMatcher(filter: Filter, table: TableSpec, operators?: CustomOperators): RowTest {
  switch (filter.kind) {
    case "all":
      return () => true;
    case "and":
      return everyTest(filter.terms.map((term) => compileMatcher(term, table, operators)));
    case "or":
      return someTest(filter.terms.map((term) => compileMatcher(term, table, operators)));
    case "not": {
      const test = compileMatcher(filter.term, table, operators);
      return (row) => !test(row);
    }
    case "compare":
      return comparisonTest(filter, table, operators);
    default:
      return unreachable(filter);
  }
}

function everyTest(tests: readonly RowTest[]): RowTest {
  return (row) => {
    for (const test of tests) if (!test(row)) return false;
    return true;
  };
}

function someTest(tests: readonly RowTest[]): RowTest {
  return (row) => {
    for (const test of tests) if (test(row)) return true;
    return false;
  };
}

function comparisonTest(filter: Comparison, table: TableSpec, operators: CustomOperators | undefined): RowTest {
  const { field, operand } = filter;
  const column = columnOf(table, field);
  if (column === undefined) throw new TypeError(`Filter names ${field}, which ${table.name} does not have`);
  const builtin = builtinOperator(filter.operator);
  if (builtin !== undefined) {
    const test = valueTest(builtin.token, filter, column);
    return (row) => test(row[field] ?? null);
  }
  const custom = operators?.get(filter.operator);
  if (custom === undefined) throw new TypeError(`Filter uses ${filter.operator}, which ${table.name} does not have`);
  return (row) => custom.test(row[field] ?? null, operand, row);
}

function valueTest(operator: OperatorToken, filter: Comparison, column: ColumnSpec): ValueTest {
  const { operand } = filter;
  switch (operator) {
    case "==": {
      const wanted = typedLiteral(column, operand as Scalar);
      return (value) => value === wanted;
    }
    case "!=": {
      const wanted = typedLiteral(column, operand as Scalar);
      return (value) => value !== wanted;
    }
    case ">":
    case ">=":
    case "<":
    case "<=":
      return orderTest(operator, column, typedLiteral(column, operand as Scalar));
    case "=in=":
    case "=out=": {
      const listed = new Set<Json>((operand as readonly Scalar[]).map((item) => typedLiteral(column, item)));
      return operator === "=in=" ? (value) => listed.has(value) : (value) => !listed.has(value);
    }
    case "=between=":
    case "=nbetween=": {
      const isAfterFrom = orderTest(">=", column, typedLiteral(column, (operand as Range).from));
      const isBeforeTo = orderTest("<=", column, typedLiteral(column, (operand as Range).to));
      const isBetween: ValueTest = (value) => isAfterFrom(value) && isBeforeTo(value);
      return operator === "=between=" ? isBetween : (value) => !isBetween(value);
    }
    case "=isnull=":
      return (value) => (value === null) === operand;
    case "=isempty=":
      return emptyTest(column, operand as boolean);
    case "=length=":
    case "=minlength=":
    case "=maxlength=": {
      const fits = sizeTest(operator, operand as number);
      if (column.kind === "text") return (value) => value !== null && fits(codePointLength(value as string));
      return (value) => Array.isArray(value) && fits(arraySize(value));
    }
    case "=has=":
    case "=hasall=":
    case "=within=":
    case "=overlaps=": {
      const test = jsonTest(operator, operator === "=has=" ? [operand as Scalar] : (operand as readonly Scalar[]));
      return (value) => test?.(value) === true;
    }
    default:
      return textValueTest(operator, operand as string);
  }
}

/** The text operators: false for NULL, true for the three that negate. */
function textValueTest(operator: OperatorToken, operand: string): ValueTest {
  const test = textTest(operator, operand);
  if (test === undefined) throw new TypeError(`Operator ${operator} has no meaning in memory`);
  const isNegative = operator === "!%=" || operator === "=nilike=" || operator === "=ine=";
  if (isNegative) return (value) => value === null || !test(value as string);
  return (value) => value !== null && test(value as string);
}

function orderTest(operator: ">" | ">=" | "<" | "<=", column: ColumnSpec, bound: Json): ValueTest {
  const compare = compareValues(column.kind);
  switch (operator) {
    case ">":
      return (value) => value !== null && compare(value, bound) > 0;
    case ">=":
      return (value) => value !== null && compare(value, bound) >= 0;
    case "<":
      return (value) => value !== null && compare(value, bound) < 0;
    case "<=":
      return (value) => value !== null && compare(value, bound) <= 0;
  }
}

/** For kinds other than text and json nothing is empty but NULL, which follows the operand. */
function emptyTest(column: ColumnSpec, wanted: boolean): ValueTest {
  if (column.kind === "text") return (value) => (value === null ? wanted : (value === "") === wanted);
  if (column.kind === "json") return (value) => (value === null ? wanted : isEmptyJson(value) === wanted);
  return (value) => (value === null) === wanted;
}
