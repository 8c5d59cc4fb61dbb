/**
 * Runs the statements of a search: the rows of the page, best first, then the marks in them. Where a residual filter has to be tested on
 * the rows, within the budget of one request ([QL42]), first the numbers of all that match, then these rows in turn. One instant:
 * synchronous, inside one turn of the object.
 */

import type { Seq } from "../../src/core/ids.ts";
import { type Mark, readMarks } from "../../src/core/query/highlight.ts";
import { compileMatcher } from "../../src/core/query/matches.ts";
import type { Filter } from "../../src/core/query/tree.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import { jsonParam } from "./fragment.ts";
import { decodeListed, tooExpensive } from "./list-rows.ts";
import { VERSION_COLUMN } from "./list-statement.ts";
import type { Sql, SqlValues } from "./port.ts";
import { quoteColumn, quoteIdentifier } from "./quote-identifier.ts";
import { effortOf, MAX_EXAMINED, storedSize } from "./residual-effort.ts";
import { rowidName, type SearchedTable } from "./search-index.ts";
import {
  countMatchesStatement,
  markedStatement,
  rankedRowsStatement,
  rankedStatement,
  type SearchSelection,
} from "./search-statement.ts";

export interface FoundRow {
  /** The row's number in SQLite. */
  readonly doc: number;
  readonly row: Row;
  readonly version: Seq;
  /** About what it takes as it is stored. */
  readonly size: number;
}

export interface FoundPage {
  readonly rows: readonly FoundRow[];
  readonly hasMore: boolean;
  /** Null when it was not asked for. */
  readonly totalCount: number | null;
}

export interface SearchPage {
  readonly limit: number;
  readonly offset: number;
  readonly totalCount: boolean;
}

/** Rows read at once when a residual filter has to see them: at 512 KB a row, 16 MB. */
const CHUNK_ROWS = 32;

export function searchRows(sql: Sql, search: SearchSelection, page: SearchPage): FoundPage {
  const { limit, offset } = page;
  const { text, params, residual } = rankedRowsStatement(search, listedOf(search.table), { limit: limit + 1, offset });
  if (residual !== null) return searchWithResidual(sql, search, page, residual);
  const found = sql.values(text, params).map((values) => decodeFound(search.table, values));
  const counted = page.totalCount ? countMatchesStatement(search) : null;
  return {
    rows: found.slice(0, limit),
    hasMore: found.length > limit,
    totalCount: counted === null ? null : Number(sql.all(counted.text, counted.params)[0]?.count ?? 0),
  };
}

/** The marks of a search in fields of one row, by field; fields without any are left out. */
export function marksIn(
  sql: Sql,
  search: SearchSelection,
  { doc, row }: FoundRow,
  fields: readonly string[],
): Map<string, Iterable<Mark>> {
  const texts = fields.map((field) => String(row[field] ?? ""));
  const marks = new Map<string, Iterable<Mark>>();
  const markers = unusedMarkers(texts);
  if (markers === null || fields.length === 0) return marks;
  const { open, close } = markers;
  const record = sql.all(markedStatement(search.table, fields), [open, close, search.expression, doc])[0];
  fields.forEach((field, index) => {
    const marked = record?.[`h${index}`];
    if (typeof marked === "string" && marked.includes(open)) marks.set(field, readMarks(marked, open, close));
  });
  return marks;
}

function searchWithResidual(sql: Sql, search: SearchSelection, page: SearchPage, residual: Filter): FoundPage {
  const test = compileMatcher(residual, search.table, search.operators);
  const { text, params } = rankedStatement(search, MAX_EXAMINED + 1);
  const docs = sql.all(text, params).map((record) => Number(record.doc));
  const wanted = page.offset + page.limit;
  const rows: FoundRow[] = [];
  const effort = effortOf(residual);
  let examined = 0;
  let matched = 0;
  for (let at = 0; at < docs.length; at += CHUNK_ROWS) {
    for (const found of readRows(sql, search.table, docs.slice(at, at + CHUNK_ROWS))) {
      if (examined >= MAX_EXAMINED) throw tooExpensive();
      examined += effort(found.row, found.size);
      if (!test(found.row)) continue;
      matched++;
      if (matched > page.offset && matched <= wanted) rows.push(found);
      if (matched > wanted && !page.totalCount) return { rows, hasMore: true, totalCount: null };
    }
  }
  return { rows, hasMore: matched > wanted, totalCount: page.totalCount ? matched : null };
}

/** The rows of these numbers, in their order. */
function readRows(sql: Sql, table: SearchedTable, docs: readonly number[]): FoundRow[] {
  const text = `SELECT ${listedOf(table).join(", ")} FROM ${quoteIdentifier(table.name)} WHERE ${rowidName(table)} IN (SELECT value FROM json_each(?))`;
  const byDoc = new Map<number, FoundRow>();
  for (const values of sql.values(text, [jsonParam(docs)])) {
    const found = decodeFound(table, values);
    byDoc.set(found.doc, found);
  }
  return docs.flatMap((doc) => byDoc.get(doc) ?? []);
}

/** What is read of a row: its columns, its version, its number. */
function listedOf(table: SearchedTable): readonly string[] {
  const source = quoteIdentifier(table.name);
  const names = [...table.columns.map(quoteColumn), quoteIdentifier(VERSION_COLUMN), rowidName(table)];
  return names.map((name) => `${source}.${name}`);
}

function decodeFound(table: SearchedTable, values: SqlValues): FoundRow {
  return { doc: Number(values.at(-1)), ...decodeListed(table, values), size: storedSize(values) };
}

const FIRST_MARKER = 0xe000;
const LAST_MARKER = 0xf8ff;

/** Two characters for private use that no text holds, so that what stands between them is what was found. Null: all are taken. */
function unusedMarkers(texts: readonly string[]): { open: string; close: string } | null {
  let open: string | null = null;
  for (let code = FIRST_MARKER; code <= LAST_MARKER; code++) {
    const marker = String.fromCharCode(code);
    if (texts.some((text) => text.includes(marker))) continue;
    if (open !== null) return { open, close: marker };
    open = marker;
  }
  return null;
}
