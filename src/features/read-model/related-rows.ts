/**
 * The statement of a many-to-many relation: for each of many rows the related ones, in order, so many of each. The conditions of both
 * tables stand inside, before rows are counted, so a page is one of what the caller sees. What SQL cannot decide is finished in memory,
 * of a bounded number of rows.
 */

import { packParams } from "../../../durable-objects/sql/fragment.ts";
import { stretchesAfter } from "../../../durable-objects/sql/keyset.ts";
import { decodeRow, tooExpensive } from "../../../durable-objects/sql/list-rows.ts";
import { compileWhere } from "../../../durable-objects/sql/list-statement.ts";
import type { Sql, SqlRecord } from "../../../durable-objects/sql/port.ts";
import { quoteColumn, quoteIdentifier } from "../../../durable-objects/sql/quote-identifier.ts";
import { MAX_EXAMINED } from "../../../durable-objects/sql/residual-effort.ts";
import { TextSizes } from "../../../durable-objects/sql/text-sizes.ts";
import type { RowId } from "../../core/ids.ts";
import { requireColumn } from "../../core/query/grouping.ts";
import { compileMatcher } from "../../core/query/matches.ts";
import type { OrderTerm } from "../../core/query/order.ts";
import type { Filter } from "../../core/query/tree.ts";
import type { ProjectedTable } from "../../core/read-model/projected-table.ts";
import type { Row } from "../../core/schema/table-spec.ts";
import type { ManyToMany } from "../../define/config.ts";
import type { AnyResource } from "../../define/resource.ts";
import type { Projection } from "./projection.ts";
import { prefixed, type ReadSource, tableSources } from "./visible-rows.ts";

/** A table of the relation, and which of its rows the caller sees. */
export interface RelatedTable {
  readonly table: ProjectedTable;
  /** As it is copied. */
  readonly resource: AnyResource;
  readonly where: Filter;
}

export interface RelatedQuery {
  readonly projection: Projection;
  readonly target: RelatedTable;
  readonly join: RelatedTable;
  readonly through: ManyToMany["through"];
  /** Complete: ends with the primary key. */
  readonly orderBy: readonly OrderTerm[];
  /** Of each parent. */
  readonly limit: number;
  readonly offset: number;
}

export interface Related {
  readonly rows: readonly Row[];
  readonly hasMore: boolean;
}

/** Throws `query-too-expensive` for more than 10,000 rows in all. */
export function readRelated(sql: Sql, query: RelatedQuery, keys: readonly RowId[]): ReadonlyMap<RowId, Related> {
  const { projection, target, join, through, orderBy, limit, offset } = query;
  const { sources, prefix } = tableSources(projection, [
    [target.table, target.resource.spec, target.where],
    [join.table, join.resource.spec, join.where],
  ]);
  const [related, linked] = sources as [ReadSource["spec"], ReadSource["spec"]];
  const own = prefixed(sql, prefix);
  const textSizes = new TextSizes(own);
  const { operators } = target.resource;
  const seen = compileWhere({ table: related, where: [target.where], operators, textSizes });
  const link = compileWhere({ table: linked, where: [join.where], operators: join.resource.operators, textSizes });
  // A rule over the join table that only memory can decide cannot be counted by.
  if (link.residual !== null) throw tooExpensive();
  const column = (name: string) => quoteIdentifier(requireColumn(linked, name).sqlName);
  const key = quoteIdentifier(requireColumn(related, related.primaryKey).sqlName);
  const source = column(through.sourceKey);
  const ordered = stretchesAfter(related, orderBy, null)[0]?.orderBy ?? key;
  const conditions = (parts: typeof seen.sql) => parts.map(({ text }) => ` AND (${text})`).join("");
  const window = seen.residual === null ? `WHERE ${NUMBER} > ? AND ${NUMBER} <= ? ` : "";
  const statement = packParams({
    text:
      `SELECT ${related.columns.map(quoteColumn).join(", ")}, ${PARENT} FROM (` +
      `SELECT *, row_number() OVER (PARTITION BY ${PARENT} ORDER BY ${ordered}) AS ${NUMBER} FROM (` +
      `SELECT DISTINCT ${source} AS ${PARENT}, ${column(through.targetKey)} AS ${CHILD} FROM ${quoteIdentifier(linked.name)} ` +
      `WHERE ${source} IN (SELECT value FROM json_each(?))${conditions(link.sql)}) ` +
      `JOIN (SELECT * FROM ${quoteIdentifier(related.name)} WHERE 1${conditions(seen.sql)}) ON ${key} = ${CHILD}) ` +
      `${window}ORDER BY ${PARENT}, ${NUMBER} LIMIT ${MAX_EXAMINED + 1}`,
    params: [
      JSON.stringify(keys),
      ...link.sql.flatMap(({ params }) => params),
      ...seen.sql.flatMap(({ params }) => params),
      ...(seen.residual === null ? [offset, offset + limit + 1] : []),
    ],
  });
  const records = own.all(statement.text, statement.params);
  if (records.length > MAX_EXAMINED) throw tooExpensive();
  const decode = (record: SqlRecord) => decodeRow(related, record);
  const test = seen.residual === null ? () => true : compileMatcher(seen.residual, related, operators);
  const skip = seen.residual === null ? 0 : offset;
  const found = Map.groupBy(records, (record) => record["parent of"] as RowId);
  return new Map(
    [...found].map(([parent, each]) => {
      const rows = each.map(decode).filter(test).slice(skip);
      return [parent, { rows: rows.slice(0, limit), hasMore: rows.length > limit }];
    }),
  );
}

// With a blank, as no column has one.
const PARENT = '"parent of"';
const CHILD = '"child of"';
const NUMBER = '"number of"';
