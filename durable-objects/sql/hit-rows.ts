/**
 * The rows that a search engine outside has found, as far as the caller may list them: in the engine's order, paged over what is left,
 * so that hits out of sight leave no gap to count. A residual filter is finished in memory, within the budget of one request ([QL42]).
 */

import type { RowId, Seq } from "../../src/core/ids.ts";
import { compileMatcher } from "../../src/core/query/matches.ts";
import type { Filter } from "../../src/core/query/tree.ts";
import type { Row, TableSpec } from "../../src/core/schema/table-spec.ts";
import { columnOf } from "../../src/core/schema/table-spec.ts";
import { fragment, joinBalanced, packParams } from "./fragment.ts";
import { decodeListed, tooExpensive } from "./list-rows.ts";
import { compileWhere, type Selection, VERSION_COLUMN } from "./list-statement.ts";
import type { Sql } from "./port.ts";
import { quoteColumn, quoteIdentifier } from "./quote-identifier.ts";
import { effortOf, MAX_EXAMINED, storedSize } from "./residual-effort.ts";

export interface HitRow {
  /** Of the hit, in the list that was given. */
  readonly place: number;
  readonly row: Row;
  readonly version: Seq;
}

export interface HitPage {
  readonly rows: readonly HitRow[];
  readonly hasMore: boolean;
  /** Null when it was not asked for. */
  readonly totalCount: number | null;
}

export interface HitRequest {
  readonly ids: readonly RowId[];
  readonly limit: number;
  readonly offset: number;
  readonly totalCount: boolean;
}

/** Hits whose rows are read at once when a residual has to see them: at 512 KB a row, 16 MB. */
const CHUNK_HITS = 32;
const PLACE = '"_hit place"';
const ID = '"_hit id"';
const HITS = '"_hits"';

export function hitRows(sql: Sql, selection: Selection, request: HitRequest): HitPage {
  const { ids, limit, offset } = request;
  const { residual } = compileWhere(selection);
  if (residual !== null) return withResidual(sql, selection, request, residual);
  const found = readHits(sql, selection, ids, limit + 1, offset);
  return {
    rows: found.slice(0, limit),
    hasMore: found.length > limit,
    totalCount: request.totalCount ? countHits(sql, selection, ids) : null,
  };
}

function withResidual(sql: Sql, selection: Selection, request: HitRequest, residual: Filter): HitPage {
  const { ids, offset, totalCount } = request;
  const test = compileMatcher(residual, selection.table, selection.operators);
  const effort = effortOf(residual);
  const wanted = offset + request.limit;
  const rows: HitRow[] = [];
  let examined = 0;
  let matched = 0;
  for (let at = 0; at < ids.length; at += CHUNK_HITS) {
    for (const hit of readHits(sql, selection, ids.slice(at, at + CHUNK_HITS), CHUNK_HITS, 0)) {
      if (examined >= MAX_EXAMINED) throw tooExpensive();
      examined += effort(hit.row, hit.size);
      if (!test(hit.row)) continue;
      matched++;
      if (matched > offset && matched <= wanted) rows.push({ ...hit, place: at + hit.place });
      if (matched > wanted && !totalCount) return { rows, hasMore: true, totalCount: null };
    }
  }
  return { rows, hasMore: matched > wanted, totalCount: totalCount ? matched : null };
}

function readHits(sql: Sql, selection: Selection, ids: readonly RowId[], limit: number, offset: number) {
  const { table } = selection;
  const { from, params } = joined(selection, ids);
  const columns = [...table.columns.map(quoteColumn), quoteIdentifier(VERSION_COLUMN), PLACE].join(", ");
  const text = `SELECT ${columns} ${from} ORDER BY ${PLACE} LIMIT ? OFFSET ?`;
  const statement = packParams(fragment(text, ...params, limit, offset));
  return sql.values(statement.text, statement.params).map((values) => ({
    ...decodeListed(table, values),
    place: Number(values.at(-1)),
    size: storedSize(values),
  }));
}

function countHits(sql: Sql, selection: Selection, ids: readonly RowId[]): number {
  const { from, params } = joined(selection, ids);
  const { text, params: packed } = packParams(fragment(`SELECT count(*) AS count ${from}`, ...params));
  return Number(sql.all(text, packed)[0]?.count ?? 0);
}

/** The hits lead, each to one look-up by key. Their names can be those of no column: conditions stand beside them unqualified. */
function joined(selection: Selection, ids: readonly RowId[]) {
  const where = joinBalanced(compileWhere(selection).sql, "AND");
  const table = quoteIdentifier(selection.table.name);
  const hits = `(SELECT key AS ${PLACE}, value AS ${ID} FROM json_each(?)) AS ${HITS}`;
  const from = `FROM ${hits} CROSS JOIN ${table} ON ${table}.${keyColumn(selection.table)} = ${HITS}.${ID} WHERE ${where.text}`;
  return { from, params: [JSON.stringify(ids), ...where.params] };
}

function keyColumn(table: TableSpec): string {
  const column = columnOf(table, table.primaryKey);
  if (column === undefined) throw new TypeError(`${table.name} has no column ${table.primaryKey}`);
  return quoteColumn(column);
}
