/**
 * An aggregate as one statement: the inner SELECT groups, the outer one applies `having`, order and limit, so that no more groups
 * than are asked for reach memory. Pure text and parameters; the same meaning in memory is src/core/query/tally.ts and
 * arrange-groups.ts, but for the last digits of what is summed up of reals.
 */

import type { Json } from "../../src/core/json.ts";
import type { AggregateQuery } from "../../src/core/query/aggregate.ts";
import { aliasPlace, type GroupResult, requireColumn } from "../../src/core/query/grouping.ts";
import type { ColumnKind, ColumnSpec, TableSpec } from "../../src/core/schema/table-spec.ts";
import { decodeValue } from "../../src/core/schema/value.ts";
import { boundedSelect } from "./bounded-select.ts";
import { joinBalanced, packParams } from "./fragment.ts";
import { havingFragment } from "./having-fragment.ts";
import { compileWhere, type Selection, type Statement } from "./list-statement.ts";
import { metricColumns } from "./metric-columns.ts";
import type { SqlRecord } from "./port.ts";
import { comparedColumn, quoteIdentifier } from "./quote-identifier.ts";

export interface AggregateStatement extends Statement {
  /** A record of the statement as a group. */
  readonly read: (record: SqlRecord) => GroupResult;
}

/** Groups read at once: three times what a reply holds, in bytes, so that one cut off here is cut off there as well. */
const MAX_GROUP_BYTES = 24 * 2 ** 20;

function isLarge(kind: ColumnKind): boolean {
  return kind === "text" || kind === "json" || kind === "blob";
}

/** Reads one group more than the limit, which tells whether there are more. Meaningless while `residual` is not null. */
export function aggregateStatement(selection: Selection, query: AggregateQuery): AggregateStatement {
  const { table } = selection;
  const { sql, residual } = compileWhere(selection);
  const where = joinBalanced(sql, "AND");
  const having = joinBalanced(
    query.having.map((term) => havingFragment(term, query, table)),
    "AND",
  );
  const keys = query.groupBy.map((name) => requireColumn(table, name));
  const metrics = query.metrics.map((metric, index) => metricColumns(metric, index, table));

  const named = keys.map((column, index) => `${comparedColumn(column)} AS k${index}`);
  const inner = [...named, "count(*) AS n", ...metrics.flatMap((metric) => metric.inner)];
  const outer = [...keys.map((_, index) => `k${index}`), "n", ...metrics.flatMap((metric) => metric.outer)];
  const groups = keys.length === 0 ? "" : ` GROUP BY ${keys.map(comparedColumn).join(", ")}`;
  const order = orderTerms(query, table);
  const text =
    `SELECT ${outer.join(", ")} FROM (SELECT ${inner.join(", ")} FROM ${quoteIdentifier(table.name)}` +
    ` WHERE ${where.text}${groups}) WHERE ${having.text}${order.length === 0 ? "" : ` ORDER BY ${order.join(", ")}`} LIMIT ?`;

  const keyNames = keys.flatMap(({ kind }, index) => (isLarge(kind) ? [`k${index}`] : []));
  const extremes = query.metrics.flatMap(({ fn, field }, index) =>
    (fn === "min" || fn === "max") && isLarge(requireColumn(table, field).kind) ? [`v${index}`] : [],
  );
  const large = [...keyNames, ...extremes];
  const bounded = large.length === 0 ? text : boundedSelect(text, large, MAX_GROUP_BYTES);

  return {
    ...packParams({ text: bounded, params: [...where.params, ...having.params, query.limit + 1] }),
    residual,
    read: (record) => ({
      key: keys.map((column, index): Json => decodeValue(column, record[`k${index}`])),
      count: Number(record.n),
      metrics: metrics.map((metric) => metric.read(record)),
    }),
  };
}

/** The aliases asked for, then the keys; what is missing comes last in both directions. */
function orderTerms(query: AggregateQuery, table: TableSpec): string[] {
  const asked = query.orderBy.flatMap(({ alias, direction }) =>
    orderedParts(alias, query, table).map((part) => `${part} ${direction === "asc" ? "ASC" : "DESC"} NULLS LAST`),
  );
  const keys = query.groupBy.map((name, index) => `${orderedKey(requireColumn(table, name), index)} NULLS LAST`);
  return [...asked, ...keys];
}

function orderedParts(alias: string, query: AggregateQuery, table: TableSpec): readonly string[] {
  const place = aliasPlace(query, alias);
  const metric = place?.kind === "metric" ? query.metrics[place.index] : undefined;
  if (place?.kind === "count") return ["n"];
  if (place?.kind === "key") return [orderedKey(requireColumn(table, query.groupBy[place.index]), place.index)];
  if (place === null || metric === undefined) throw new TypeError(`The aggregate has no ${alias}`);
  return metricColumns(metric, place.index, table).ordered;
}

/** The key as something to order: digits as the number they are. */
export function orderedKey(column: ColumnSpec, index: number): string {
  return column.kind === "bigint" ? `CAST(k${index} AS INTEGER)` : `k${index}`;
}
