/**
 * The operators on JSON arrays as SQL ([QL30]). Elements and listed values are both read with json_each; two are equal when
 * they have one type and one value, where integers and reals are one type. A value that is no array gives 0, as NULL does.
 */

import type { Scalar } from "../../src/core/query/tree.ts";
import type { ColumnSpec } from "../../src/core/schema/table-spec.ts";
import type { SqlFragment } from "./fragment.ts";
import { fragment, jsonParam } from "./fragment.ts";
import { quoteColumn } from "./quote-identifier.ts";

/**
 * One value for each JSON value that a listed scalar may equal, told apart by type: a number as REAL, as JavaScript reads it; a text
 * behind an `s`; `t`, `f`, `n`; and `x` for arrays and objects, which nothing listed is. So membership is a look-up in a set that SQLite
 * makes once a statement, and the work is elements plus listed values, never their product.
 */
function keyOf(alias: "e" | "x"): string {
  return (
    `CASE ${alias}.type WHEN 'text' THEN 's' || ${alias}.atom WHEN 'integer' THEN CAST(${alias}.atom AS REAL)` +
    ` WHEN 'real' THEN CAST(${alias}.atom AS REAL) WHEN 'true' THEN 't' WHEN 'false' THEN 'f' WHEN 'null' THEN 'n' ELSE 'x' END`
  );
}

export function jsonLeaf(
  operator: "=hasall=" | "=within=" | "=overlaps=",
  operands: readonly Scalar[],
  column: ColumnSpec,
): SqlFragment {
  const elements = `FROM json_each(${quoteColumn(column)}) AS e WHERE ${keyOf("e")}`;
  const listed = `(SELECT ${keyOf("x")} FROM json_each(?) AS x)`;
  const params = [jsonParam(operands)];
  switch (operator) {
    case "=overlaps=":
      return fragment(`(${isArray(column)} AND EXISTS (SELECT 1 ${elements} IN ${listed}))`, ...params);
    case "=within=":
      return fragment(`(${isArray(column)} AND NOT EXISTS (SELECT 1 ${elements} NOT IN ${listed}))`, ...params);
    case "=hasall=":
      return fragment(
        `(${isArray(column)} AND (SELECT count(DISTINCT ${keyOf("e")}) ${elements} IN ${listed}) = ?)`,
        ...params,
        new Set(operands).size,
      );
  }
}

/** Compares the number of elements. */
export function sizeOfArrayLeaf(column: ColumnSpec, test: "=" | ">=" | "<=", bound: number): SqlFragment {
  return fragment(`(${isArray(column)} AND json_array_length(${quoteColumn(column)}) ${test} ?)`, bound);
}

/** 0 or 1, also for NULL. */
function isArray(column: ColumnSpec): string {
  return `json_type(${quoteColumn(column)}) IS 'array'`;
}
