/**
 * The operators on JSON arrays as SQL ([QL30]). Elements and listed values are both read with json_each; two are equal when
 * they have one type and one value, where integers and reals are one type. A value that is no array gives 0, as NULL does.
 */

import type { Scalar } from "../../src/core/query/tree.ts";
import type { ColumnSpec } from "../../src/core/schema/table-spec.ts";
import type { SqlFragment } from "./fragment.ts";
import { fragment, jsonParam } from "./fragment.ts";
import { quoteColumn } from "./quote-identifier.ts";

/** `e` is an element of the column, `x` a listed scalar. Numbers compare as REAL: as JavaScript reads them. */
const EQUAL =
  "((e.type = x.type AND e.atom IS x.atom) OR (e.type IN ('integer','real') AND x.type IN ('integer','real')" +
  " AND CAST(e.atom AS REAL) = CAST(x.atom AS REAL)))";

export function jsonLeaf(
  operator: "=hasall=" | "=within=" | "=overlaps=",
  operands: readonly Scalar[],
  column: ColumnSpec,
): SqlFragment {
  const elements = `SELECT 1 FROM json_each(${quoteColumn(column)}) AS e`;
  const listed = "SELECT 1 FROM json_each(?) AS x";
  const test = {
    "=overlaps=": `EXISTS (${elements} WHERE EXISTS (${listed} WHERE ${EQUAL}))`,
    "=within=": `NOT EXISTS (${elements} WHERE NOT EXISTS (${listed} WHERE ${EQUAL}))`,
    "=hasall=": `NOT EXISTS (${listed} WHERE NOT EXISTS (${elements} WHERE ${EQUAL}))`,
  }[operator];
  return fragment(`(${isArray(column)} AND ${test})`, jsonParam(operands));
}

/** Compares the number of elements. */
export function sizeOfArrayLeaf(column: ColumnSpec, test: "=" | ">=" | "<=", bound: number): SqlFragment {
  return fragment(`(${isArray(column)} AND json_array_length(${quoteColumn(column)}) ${test} ?)`, bound);
}

/** 0 or 1, also for NULL. */
function isArray(column: ColumnSpec): string {
  return `json_type(${quoteColumn(column)}) IS 'array'`;
}
