/**
 * One comparison of `having` over the columns of the grouping SELECT ([AG5]): a missing metric and a NULL key satisfy `!=` only. A
 * whole sum is compared half by half, so exactly, also with a fractional literal. Twin of src/core/query/having.ts.
 */

import type { AggregateQuery } from "../../src/core/query/aggregate.ts";
import { type HavingOperator, type HavingTerm, havingSubject } from "../../src/core/query/having.ts";
import { typedLiteral } from "../../src/core/query/literal.ts";
import type { ColumnSpec, TableSpec } from "../../src/core/schema/table-spec.ts";
import { encodeValue, type Stored } from "../../src/core/schema/value.ts";
import { FALSE, fragment, type SqlFragment, TRUE } from "./fragment.ts";
import { metricColumns } from "./metric-columns.ts";

export function havingFragment(term: HavingTerm, query: AggregateQuery, table: TableSpec): SqlFragment {
  const { place, column } = havingSubject(term.alias, query, table);
  if (place.kind === "count") return comparison("n", term.operator, "?", Number(term.literal));
  const metric = place.kind === "metric" ? query.metrics[place.index] : undefined;
  const [expression = `k${place.index}`, lowHalf] =
    metric === undefined ? [] : metricColumns(metric, place.index, table).ordered;
  if (lowHalf !== undefined) return wholeSumComparison(expression, lowHalf, term);
  if (column === null) return comparison(expression, term.operator, "?", Number(term.literal));
  return columnComparison(expression, term, column, place.kind);
}

function columnComparison(text: string, term: HavingTerm, column: ColumnSpec, place: "key" | "metric"): SqlFragment {
  const bound = encodeValue(column, typedLiteral(column, term.literal));
  if (column.kind !== "bigint") return comparison(text, term.operator, "?", bound);
  // A key is the stored digits, an extreme is the number already.
  return comparison(place === "key" ? `CAST(${text} AS INTEGER)` : text, term.operator, "CAST(? AS INTEGER)", bound);
}

/** NULL gives NULL, which is not true; but `IS NOT` is true then. */
function comparison(text: string, operator: HavingOperator, placeholder: string, bound: Stored): SqlFragment {
  const test = operator === "==" ? "=" : operator === "!=" ? "IS NOT" : operator;
  return fragment(`${text} ${test} ${placeholder}`, bound);
}

const HALF = 4_294_967_296n;
/** Beyond every sum: 2^31 rows of 2^53 make 2^84, whose high half is 2^52. */
const MAX_HIGH = 2n ** 62n;

/** Against a literal that is not whole, a sum stands as against the whole number below it, and never equals it. */
function wholeSumComparison(high: string, low: string, { operator, literal }: HavingTerm): SqlFragment {
  const isWhole = typeof literal === "string" || Number.isInteger(literal);
  const below = typeof literal === "string" ? BigInt(literal) : BigInt(Math.floor(Number(literal)));
  const highOfBelow = below >> 32n;
  const bounds = [Number(clamp(highOfBelow)), Number(below - highOfBelow * HALF)];
  const test = (symbol: ">" | ">=" | "<" | "<=") => fragment(`(${high}, ${low}) ${symbol} (?, ?)`, ...bounds);
  switch (operator) {
    case "==":
      return isWhole ? fragment(`(${high} = ? AND ${low} = ?)`, ...bounds) : FALSE;
    case "!=":
      return isWhole ? fragment(`(${high} IS NOT ? OR ${low} IS NOT ?)`, ...bounds) : TRUE;
    case ">":
      return test(">");
    case ">=":
      return test(isWhole ? ">=" : ">");
    case "<":
      return test(isWhole ? "<" : "<=");
    case "<=":
      return test("<=");
  }
}

function clamp(value: bigint): bigint {
  return value > MAX_HIGH ? MAX_HIGH : value < -MAX_HIGH ? -MAX_HIGH : value;
}
