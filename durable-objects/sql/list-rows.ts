/**
 * Runs the statements of a list and a count, and finishes residuals in memory within their budget ([QL42], [PG6]): a list
 * that runs out of budget returns what it found and where it stopped, a count is refused. Where it stopped is told by a row in sight of
 * the reader; where a scope is itself a residual and hides all rows examined, the list is refused too. Reads one instant: synchronous,
 * inside one turn of the object. Rows come back in JSON form with their version.
 */

import { Fault } from "../../src/core/fault.ts";
import type { Seq } from "../../src/core/ids.ts";
import { seqOf } from "../../src/core/ids.ts";
import type { JsonScalar } from "../../src/core/json.ts";
import { sortKey } from "../../src/core/query/compare-values.ts";
import type { RowTest } from "../../src/core/query/matches.ts";
import { compileMatcher } from "../../src/core/query/matches.ts";
import { completeOrder } from "../../src/core/query/order.ts";
import type { Filter } from "../../src/core/query/tree.ts";
import type { ColumnSpec, Row, TableSpec } from "../../src/core/schema/table-spec.ts";
import { decodeValue } from "../../src/core/schema/value.ts";
import type { PageRequest, Selection } from "./list-statement.ts";
import { countStatement, planPage } from "./list-statement.ts";
import type { Sql, SqlRecord, SqlValues } from "./port.ts";
import { readPage } from "./read-page.ts";
import { effortOf, MAX_EXAMINED, storedSize } from "./residual-effort.ts";

/** Rows read at once whatever their size: at 512 KB a row, 8 MB. A page may have four times as many. */
const SMALL_CHUNK_ROWS = 16;
const SMALL_PAGE_ROWS = 4 * SMALL_CHUNK_ROWS;
/** More rows are read at once until they pass this, of the object's 128 MB. */
const CHUNK_BYTES = 8 * 2 ** 20;
const PAGE_BYTES = 32 * 2 ** 20;
const CHUNK_ROWS = 512;

export interface ListedRow {
  readonly row: Row;
  readonly version: Seq;
}

export interface ListedPage {
  readonly rows: readonly ListedRow[];
  /** A further row matched; with a residual that ran out of budget: a further row may match. */
  readonly hasMore: boolean;
  /** Sort key to continue after, exactly when `hasMore`. */
  readonly next: readonly JsonScalar[] | null;
  /** Fewer rows than were asked for, since they are large. */
  readonly isCutBySize?: boolean;
}

/** A request whose rows are whole. */
type WholeRows = Omit<PageRequest, "columns" | "withVersion">;

/** One page; of large rows it may be a shorter one. */
export function listRows(sql: Sql, request: WholeRows): ListedPage {
  const { table, orderBy, limit } = request;
  const plan = planPage({ ...request, withVersion: true });
  if (plan.residual !== null) return listWithResidual(sql, request, plan.residual);
  const maxBytes = limit > SMALL_PAGE_ROWS ? PAGE_BYTES : null;
  const { rows: values, isCut } = readPage(sql, plan, { limitRows: limit + 1, maxBytes });
  const isCutBySize = isCut && values.length > 1;
  // The row with which the bytes were passed only tells that there is one.
  const shown = Math.min(limit, isCutBySize ? values.length - 1 : limit);
  const rows = values.slice(0, shown).map((each) => decodeListed(table, each));
  const last = rows.at(-1);
  const hasMore = values.length > shown;
  const next = hasMore && last !== undefined ? sortKey(last.row, orderBy) : null;
  return { rows, hasMore, next, isCutBySize: isCutBySize && shown < limit };
}

/** Number of matching rows; with `limitRows`, counting stops there. Throws `query-too-expensive` over the budget. */
export function countRows(sql: Sql, selection: Selection & { readonly limitRows?: number | undefined }): number {
  const { text, params, residual } = countStatement(selection);
  if (residual === null) return Number(sql.all(text, params)[0]?.count ?? 0);
  const test = compileMatcher(residual, selection.table, selection.operators);
  const limitRows = selection.limitRows ?? Number.POSITIVE_INFINITY;
  const effort = effortOf(residual);
  let count = 0;
  let examined = 0;
  for (const { row, size } of walkAll(sql, selection)) {
    if (examined >= MAX_EXAMINED) throw tooExpensive();
    examined += effort(row, size);
    if (test(row) && ++count >= limitRows) break;
  }
  return count;
}

/** The budget of [QL42] is spent. */
export function tooExpensive(): Fault {
  return new Fault({ slug: "query-too-expensive", examined: MAX_EXAMINED, limit: MAX_EXAMINED });
}

/** A stored record as a row in JSON form; columns that were not read are null. */
export function decodeRow(table: TableSpec, record: SqlRecord): Row {
  const row: Record<string, Row[string]> = {};
  for (const column of table.columns) row[column.name] = decodeValue(column, record[column.sqlName]);
  return row;
}

function listWithResidual(sql: Sql, request: WholeRows, residual: Filter): ListedPage {
  const { table, orderBy, limit } = request;
  const test: RowTest = compileMatcher(residual, table, request.operators);
  const isInSight = request.isInSight?.() ?? (() => true);
  const rows: ListedRow[] = [];
  const effort = effortOf(residual);
  let skip = request.offset;
  let size = 0;
  let examined = 0;
  /** The last row examined, of those the reader may know of. */
  let last: Row | undefined;
  for (const listed of walk(sql, request)) {
    if (examined >= MAX_EXAMINED) {
      // A cursor cannot say how many rows are still to be skipped.
      if (last === undefined || skip > 0) throw tooExpensive();
      return { rows, hasMore: true, next: sortKey(last, orderBy) };
    }
    examined += effort(listed.row, listed.size);
    if (test(listed.row) && skip-- <= 0) {
      const end = rows.at(-1);
      if ((rows.length === limit || size > PAGE_BYTES) && end !== undefined)
        return { rows, hasMore: true, next: sortKey(end.row, orderBy) };
      rows.push(listed);
      size += listed.size;
    }
    if (isInSight(listed.row)) last = listed.row;
  }
  return { rows, hasMore: false, next: null };
}

/** A row, and about what it takes as it is stored. */
export interface WalkedRow extends ListedRow {
  readonly size: number;
}

/** All rows of the selection that SQL lets through, each once. */
export function walkAll(sql: Sql, selection: Selection): Generator<WalkedRow> {
  const orderBy = selection.walkOrder ?? completeOrder([], selection.table);
  return walk(sql, { ...selection, orderBy, after: null, limit: 0, offset: 0 });
}

/** All rows that SQL lets through, in order, in chunks, each read whole after the last row of the one before. */
export function* walk(sql: Sql, request: WholeRows): Generator<WalkedRow> {
  let after = request.after;
  for (let limit = SMALL_CHUNK_ROWS; ; limit = Math.min(limit * 2, CHUNK_ROWS)) {
    const plan = planPage({ ...request, after, offset: 0, withVersion: true });
    const { rows, isCut } = readPage(sql, plan, { limitRows: limit, maxBytes: CHUNK_BYTES });
    let last: ListedRow | undefined;
    for (const values of rows) {
      last = decodeListed(request.table, values);
      yield { ...last, size: storedSize(values) };
    }
    if ((rows.length < limit && !isCut) || last === undefined) return;
    after = sortKey(last.row, request.orderBy);
  }
}

/** Values of a select list of all columns, then `_version`, as a row in JSON form and its version. */
export function decodeListed(table: TableSpec, values: SqlValues): ListedRow {
  const row: Record<string, Row[string]> = {};
  const { columns } = table;
  for (let index = 0; index < columns.length; index++) {
    const column = columns[index] as ColumnSpec;
    row[column.name] = decodeValue(column, values[index]);
  }
  return { row, version: seqOf(Number(values[columns.length])) };
}
