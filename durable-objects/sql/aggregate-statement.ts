/**
 * An aggregate as one statement: the inner SELECT groups, the outer one applies `having`, order and limit, so that no more groups
 * than are asked for reach memory. Sums of int are kept in two halves of 32 bits, which 64-bit sums of any number of rows hold, and
 * read as two safe numbers ([AG4]). Sums of reals come with a twin scaled by 2^-64, which tells a sum beyond the finite from one
 * that only passed through it. Pure text and parameters; the same meaning in memory is src/core/query/tally.ts.
 */

import type { Json, JsonScalar } from "../../src/core/json.ts";
import type { AggregateQuery } from "../../src/core/query/aggregate.ts";
import { aliasPlace, type GroupResult, type Metric, type MetricValue, requireColumn } from "../../src/core/query/grouping.ts";
import type { ColumnSpec, TableSpec } from "../../src/core/schema/table-spec.ts";
import { decodeValue } from "../../src/core/schema/value.ts";
import { joinBalanced, packParams } from "./fragment.ts";
import { havingFragment } from "./having-fragment.ts";
import { compileWhere, type Selection, type Statement } from "./list-statement.ts";
import type { SqlRecord } from "./port.ts";
import { comparedColumn, orderedColumn, quoteColumn, quoteIdentifier } from "./quote-identifier.ts";

/** Reads one group more than the limit, which tells whether there are more. */
export function aggregateStatement(selection: Selection, query: AggregateQuery): Statement {
  const { table } = selection;
  const { sql, residual } = compileWhere(selection);
  const where = joinBalanced(sql, "AND");
  const having = joinBalanced(query.having.map((term) => havingFragment(term, query, table)), "AND");
  const keys = query.groupBy.map((name) => comparedColumn(requireColumn(table, name)));
  const inner = [
    ...keys.map((key, index) => `${key} AS k${index}`),
    "count(*) AS n",
    ...query.metrics.flatMap((metric, index) => metricParts(metric, index, table)),
  ];
  const order = orderTerms(query, table);
  const text =
    `SELECT ${outerColumns(query, table).join(", ")} FROM (SELECT ${inner.join(", ")} FROM ${quoteIdentifier(table.name)}` +
    ` WHERE ${where.text}${keys.length === 0 ? "" : ` GROUP BY ${keys.join(", ")}`}) WHERE ${having.text}` +
    `${order.length === 0 ? "" : ` ORDER BY ${order.join(", ")}`} LIMIT ?`;
  return { ...packParams({ text, params: [...where.params, ...having.params, query.limit + 1] }), residual };
}

/** A record of the statement as a group. */
export function decodeGroup(record: SqlRecord, query: AggregateQuery, table: TableSpec): GroupResult {
  return {
    key: query.groupBy.map((name, index): Json => decodeValue(requireColumn(table, name), record[`k${index}`])),
    count: Number(record.n),
    metrics: query.metrics.map((metric, index) => decodeMetric(record, metric, index, table)),
  };
}

/** Columns of the inner SELECT: `h l` halves of a whole sum; `r q` a sum of reals and its scaled twin; `m` an extreme; `c` inputs. */
function metricParts({ fn, field }: Metric, index: number, table: TableSpec): string[] {
  const column = requireColumn(table, field);
  const name = quoteColumn(column);
  const inputs = fn === "avg" ? [`count(${name}) AS c${index}`] : [];
  if (fn === "min" || fn === "max") return [`${fn}(${orderedColumn(column)}) AS m${index}`];
  if (column.kind === "int") {
    const low = `sum(${name} & 4294967295)`;
    return [...inputs, `sum(${name} >> 32) + (${low} >> 32) AS h${index}`, `${low} & 4294967295 AS l${index}`];
  }
  return [...inputs, `sum(${name}) AS r${index}`, `sum(${name} * ${SCALE_DOWN}) AS q${index}`];
}

const SCALE_DOWN = "5.421010862427522e-20";
const SCALE_UP = 2 ** 64;

function outerColumns(query: AggregateQuery, table: TableSpec): string[] {
  const metrics = query.metrics.flatMap(({ fn, field }, index) => {
    const column = requireColumn(table, field);
    // Read as digits, since a 64-bit integer is not exact as a number.
    if (fn === "min" || fn === "max") return [column.kind === "bigint" ? `CAST(m${index} AS TEXT) AS m${index}` : `m${index}`];
    const inputs = fn === "avg" ? [`c${index}`] : [];
    return column.kind === "int" ? [...inputs, `h${index}`, `l${index}`] : [...inputs, `r${index}`, `q${index}`];
  });
  return [...query.groupBy.map((_, index) => `k${index}`), "n", ...metrics];
}

function decodeMetric(record: SqlRecord, { fn, field }: Metric, index: number, table: TableSpec): MetricValue {
  const column = requireColumn(table, field);
  if (fn === "min" || fn === "max") return decodeValue(column, record[`m${index}`]) as JsonScalar;
  const inputs = Number(record[`c${index}`] ?? 0);
  if (column.kind === "int") {
    const high = record[`h${index}`];
    if (high === null) return null;
    const sum = BigInt(Number(high)) * 4_294_967_296n + BigInt(Number(record[`l${index}`]));
    return fn === "sum" ? sum : Number(sum) / inputs;
  }
  const scaled = record[`q${index}`];
  if (scaled === null) return null;
  const plain = record[`r${index}`];
  const isFinite = typeof plain === "number" && Number.isFinite(plain);
  if (fn === "sum") return isFinite ? plain : Number(scaled) * SCALE_UP;
  return isFinite ? plain / inputs : (Number(scaled) / inputs) * SCALE_UP;
}

/** Keys decide last; what is missing comes last in both directions. */
function orderTerms(query: AggregateQuery, table: TableSpec): string[] {
  const asked = query.orderBy.flatMap(({ alias, direction }) =>
    orderedParts(alias, query, table).map((part) => `${part} ${direction === "asc" ? "ASC" : "DESC"} NULLS LAST`),
  );
  const keys = query.groupBy.map((name, index) => `${keyOrder(requireColumn(table, name), index)} NULLS LAST`);
  return [...asked, ...keys];
}

/** The expressions to order by, the first one first. */
function orderedParts(alias: string, query: AggregateQuery, table: TableSpec): string[] {
  const place = aliasPlace(query, alias);
  switch (place?.kind) {
    case "count":
      return ["n"];
    case "key":
      return [keyOrder(requireColumn(table, query.groupBy[place.index]), place.index)];
    case "metric": {
      const metric = query.metrics[place.index];
      const isWholeSum = metric?.fn === "sum" && requireColumn(table, metric.field).kind === "int";
      return isWholeSum ? [`h${place.index}`, `l${place.index}`] : [metricExpression(query, place.index, table)];
    }
    default:
      throw new TypeError(`The aggregate has no ${alias}`);
  }
}

function keyOrder(column: ColumnSpec, index: number): string {
  return column.kind === "bigint" ? `CAST(k${index} AS INTEGER)` : `k${index}`;
}

/** A metric other than a whole sum as one expression over the inner columns; NULL when it is missing. */
export function metricExpression(query: AggregateQuery, index: number, table: TableSpec): string {
  const metric = query.metrics[index];
  if (metric?.fn === "min" || metric?.fn === "max") return `m${index}`;
  if (requireColumn(table, metric?.field).kind === "int") return `((h${index} * 4294967296.0 + l${index}) / c${index})`;
  // 9e999 is read as infinity; the scale is exact, being a power of two.
  const isFinite = `abs(r${index}) < 9e999`;
  if (metric?.fn === "avg") {
    return `(CASE WHEN ${isFinite} THEN r${index} / c${index} ELSE q${index} / c${index} * ${SCALE_UP}.0 END)`;
  }
  const scaled = `q${index} * ${SCALE_UP}.0`;
  return `(CASE WHEN ${isFinite} THEN r${index} WHEN abs(${scaled}) < 9e999 THEN ${scaled} END)`;
}
