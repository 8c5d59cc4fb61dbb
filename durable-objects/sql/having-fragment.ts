/**
 * One comparison of `having` over the columns of the grouping SELECT ([AG5]): a missing metric and a NULL key satisfy `!=` only. A
 * whole sum is compared half by half, so exactly, also with a fractional literal. Twin of src/core/query/having.ts.
 */

import type { AggregateQuery } from "../../src/core/query/aggregate.ts";
import { requireColumn } from "../../src/core/query/grouping.ts";
import { type HavingOperator, type HavingTerm, havingSubject } from "../../src/core/query/having.ts";
import { typedLiteral } from "../../src/core/query/literal.ts";
import type { ColumnSpec, TableSpec } from "../../src/core/schema/table-spec.ts";
import { encodeValue, type Stored } from "../../src/core/schema/value.ts";
import { metricExpression } from "./aggregate-statement.ts";
import { FALSE, fragment, type SqlFragment, TRUE } from "./fragment.ts";

export function havingFragment(term: HavingTerm, query: AggregateQuery, table: TableSpec): SqlFragment {
  const subject = havingSubject(term.alias, query, table);
  if (subject === null) throw new TypeError(`The aggregate has no ${term.alias}`);
  const { place, column, isSum } = subject;
  if (place.kind === "count") return comparison("n", term.operator, "?", Number(term.literal));
  if (isSum) return wholeSumFragment(place.index, term);
  const expression = place.kind === "metric" ? metricExpression(query, place.index, table) : `k${place.index}`;
  if (column === null) return comparison(expression, term.operator, "?", Number(term.literal));
  const bound = encodeValue(column, typedLiteral(column, term.literal));
  return columnComparison(expression, term.operator, column, bound, place.kind);
}

function columnComparison(expression: string, operator: HavingOperator, column: ColumnSpec, bound: Stored, place: "key" | "metric"): SqlFragment {
  if (column.kind !== "bigint") return comparison(expression, operator, "?", bound);
  // A key is the stored digits, an extreme is the number already.
  return comparison(place === "key" ? `CAST(${expression} AS INTEGER)` : expression, operator, "CAST(? AS INTEGER)", bound);
}

/** NULL gives NULL, which is not true, except for `!=`. */
function comparison(expression: string, operator: HavingOperator, placeholder: string, bound: Stored): SqlFragment {
  const test = operator === "==" ? "=" : operator === "!=" ? "IS NOT" : operator;
  return fragment(`${expression} ${test} ${placeholder}`, bound);
}

const HALF = 4_294_967_296n;
/** Beyond every sum: that of 2^31 rows of 2^53 is 2^84. */
const MAX_HIGH = 2n ** 62n;

/** Against a literal that is not whole, a sum stands as against the whole number below it, and never equals it. */
function wholeSumFragment(index: number, { operator, literal }: HavingTerm): SqlFragment {
  const below = typeof literal === "string" ? BigInt(literal) : BigInt(Math.floor(Number(literal)));
  const isWhole = typeof literal === "string" || Number.isInteger(literal);
  const floored = below / HALF - (below % HALF < 0n ? 1n : 0n);
  const high = Number(floored > MAX_HIGH ? MAX_HIGH : floored < -MAX_HIGH ? -MAX_HIGH : floored);
  const low = Number(below - (below / HALF - (below % HALF < 0n ? 1n : 0n)) * HALF);
  const sum = `(h${index}, l${index})`;
  switch (operator) {
    case "==":
      return isWhole ? fragment(`(h${index} = ? AND l${index} = ?)`, high, low) : FALSE;
    case "!=":
      return isWhole ? fragment(`(h${index} IS NOT ? OR l${index} IS NOT ?)`, high, low) : TRUE;
    case ">":
      return fragment(`${sum} > (?, ?)`, high, low);
    case ">=":
      return fragment(`${sum} ${isWhole ? ">=" : ">"} (?, ?)`, high, low);
    case "<":
      return fragment(`${sum} ${isWhole ? "<" : "<="} (?, ?)`, high, low);
    case "<=":
      return fragment(`${sum} <= (?, ?)`, high, low);
  }
}
