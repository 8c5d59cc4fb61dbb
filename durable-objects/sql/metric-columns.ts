/**
 * One metric of an aggregate in SQL: the columns that the grouping SELECT computes for it, the expression that compares and orders
 * it, and how its value is read. Sums of int are kept in two halves of 32 bits, which 64-bit sums hold for any number of rows, and
 * read as two safe numbers ([AG4]). Sums of reals come with a twin scaled by 2^-64, which tells a sum beyond the finite from one
 * that only passed through it ([AG3]).
 *
 * Columns of metric i: `h l` the halves of a whole sum, `r q` a sum of reals and its twin, `c` the inputs, `m` an extreme.
 */

import type { JsonScalar } from "../../src/core/json.ts";
import { type Metric, type MetricValue, requireColumn } from "../../src/core/query/grouping.ts";
import type { ColumnSpec, TableSpec } from "../../src/core/schema/table-spec.ts";
import { decodeValue } from "../../src/core/schema/value.ts";
import type { SqlRecord } from "./port.ts";
import { orderedColumn, quoteColumn } from "./quote-identifier.ts";

export interface MetricColumns {
  /** For the grouping SELECT. */
  readonly inner: readonly string[];
  /** For the SELECT around it, over the names of `inner`. */
  readonly outer: readonly string[];
  /** What to compare and to order by, over the names of `inner`: two halves for a whole sum, else one. NULL when missing. */
  readonly ordered: readonly string[];
  read(record: SqlRecord): MetricValue;
}

export function metricColumns({ fn, field }: Metric, index: number, table: TableSpec): MetricColumns {
  const column = requireColumn(table, field);
  if (fn === "min" || fn === "max") return extremeColumns(fn, column, index);
  return column.kind === "int" ? wholeColumns(fn, column, index) : realColumns(fn, column, index);
}

function extremeColumns(fn: "min" | "max", column: ColumnSpec, i: number): MetricColumns {
  // A 64-bit integer is not exact as a number, so it is read as digits.
  const shown = column.kind === "bigint" ? `CAST(m${i} AS TEXT) AS v${i}` : `m${i} AS v${i}`;
  return {
    inner: [`${fn}(${orderedColumn(column)}) AS m${i}`],
    outer: [shown],
    ordered: [`m${i}`],
    read: (record) => decodeValue(column, record[`v${i}`]) as JsonScalar,
  };
}

function wholeColumns(fn: "sum" | "avg", column: ColumnSpec, i: number): MetricColumns {
  const name = quoteColumn(column);
  const low = `sum(${name} & 4294967295)`;
  return {
    inner: [`sum(${name} >> 32) + (${low} >> 32) AS h${i}`, `${low} & 4294967295 AS l${i}`, `count(${name}) AS c${i}`],
    outer: [`h${i}`, `l${i}`, `c${i}`],
    ordered: fn === "sum" ? [`h${i}`, `l${i}`] : [`((h${i} * 4294967296.0 + l${i}) / c${i})`],
    read(record) {
      const high = record[`h${i}`];
      if (high === null) return null;
      const sum = BigInt(Number(high)) * 4_294_967_296n + BigInt(Number(record[`l${i}`]));
      return fn === "sum" ? sum : Number(sum) / Number(record[`c${i}`]);
    },
  };
}

const SCALE_DOWN = 2 ** -64;
const SCALE_UP = 2 ** 64;

function realColumns(fn: "sum" | "avg", column: ColumnSpec, i: number): MetricColumns {
  const name = quoteColumn(column);
  // 9e999 is read as infinity.
  const isBounded = (expression: string) => `abs(${expression}) < 9e999`;
  const scaled = `q${i} * ${SCALE_UP}.0`;
  return {
    inner: [`sum(${name}) AS r${i}`, `sum(${name} * ${SCALE_DOWN}) AS q${i}`, `count(${name}) AS c${i}`],
    outer: [`r${i}`, `q${i}`, `c${i}`],
    ordered: [
      fn === "sum"
        ? `(CASE WHEN ${isBounded(`r${i}`)} THEN r${i} WHEN ${isBounded(scaled)} THEN ${scaled} END)`
        : `(CASE WHEN ${isBounded(`r${i}`)} THEN r${i} / c${i} ELSE q${i} / c${i} * ${SCALE_UP}.0 END)`,
    ],
    read(record) {
      const [plain, twin, inputs] = [record[`r${i}`], record[`q${i}`], Number(record[`c${i}`])];
      if (inputs === 0) return null;
      if (typeof plain === "number" && Number.isFinite(plain)) return fn === "sum" ? plain : plain / inputs;
      return fn === "sum" ? Number(twin) * SCALE_UP : (Number(twin) / inputs) * SCALE_UP;
    },
  };
}
