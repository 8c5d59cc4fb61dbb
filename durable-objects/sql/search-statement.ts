/**
 * The statements of a search: which rows match, best first, and how many; pure text and parameters.
 *
 * Relevance ([SR5]) depends on the row and the query alone: how often the terms occur in each field, against its length, times the
 * field's weight. Not on statistics of the whole index as bm25 does: these count rows that the caller may not see, and the order of
 * those he may see would tell of them. So the order of two rows stays the same whatever else is written, from page to page. The price
 * is that the searched fields of every matching row are read: about 10 µs a row of 500 characters (workerd, 2026-11).
 */

import { requireColumn } from "../../src/core/query/grouping.ts";
import { completeOrder } from "../../src/core/query/order.ts";
import { fragment, joinBalanced, packParams } from "./fragment.ts";
import { compileWhere, type Selection, type Statement } from "./list-statement.ts";
import { quoteColumn, quoteIdentifier } from "./quote-identifier.ts";
import { indexColumns, indexName, rowidName, type SearchedTable } from "./search-index.ts";

export interface SearchSelection extends Selection {
  readonly table: SearchedTable;
  /** The expression for FTS5. */
  readonly expression: string;
  /** Fields that count; the expression is bound to them. */
  readonly fields: readonly string[];
}

/** No column can have this name by accident: conditions on the table's columns stand beside it unqualified. */
const FOUND = '"_fts found"';
const DOC = '"_fts doc"';
const SCORE = '"_fts score"';

/** The numbers of matching rows in column `doc`, best first. */
export function rankedStatement(search: SearchSelection, limit: number): Statement {
  return ranked(search, `${FOUND}.${DOC} AS doc`, { limit, offset: 0 });
}

/** The matching rows of a page, best first: `listed` of each. Only these are read whole, which is why they are joined after the limit. */
export function rankedRowsStatement(
  search: SearchSelection,
  listed: readonly string[],
  page: { readonly limit: number; readonly offset: number },
): Statement {
  const { text, params, residual } = ranked(search, `${FOUND}.${DOC} AS ${DOC}, ${SCORE}`, page);
  const source = quoteIdentifier(search.table.name);
  const joined = `(${text}) AS ${FOUND} CROSS JOIN ${source} ON ${source}.${rowidName(search.table)} = ${FOUND}.${DOC}`;
  return {
    text: `SELECT ${listed.join(", ")} FROM ${joined} ORDER BY ${FOUND}.${SCORE} DESC, ${keyOf(search)}`,
    params,
    residual,
  };
}

function ranked(
  search: SearchSelection,
  columns: string,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Statement {
  const { from, where, residual } = matching(search, `, ${score(search)} AS ${SCORE}`);
  const text = `SELECT ${columns} ${from} WHERE ${where.text} ORDER BY ${SCORE} DESC, ${keyOf(search)} LIMIT ? OFFSET ?`;
  return { ...packParams({ text, params: [...where.params, limit, offset] }), residual };
}

/** Of rows that are equally good. */
function keyOf({ table, walkOrder = completeOrder([], table) }: SearchSelection): string {
  return walkOrder.map(({ field }) => quoteColumn(requireColumn(table, field))).join(", ");
}

/** The number of matching rows in column `count`. Meaningless while `residual` is not null. */
export function countMatchesStatement(search: SearchSelection): Statement {
  const { from, where, residual } = matching(search, "");
  return {
    ...packParams({ text: `SELECT count(*) AS count ${from} WHERE ${where.text}`, params: where.params }),
    residual,
  };
}

/** One statement for any row: `h0 h1 …` are the fields with marks. Parameters: opening mark, closing mark, expression, row number. */
export function markedStatement(table: SearchedTable, fields: readonly string[]): string {
  const name = quoteIdentifier(indexName(table.name));
  const marked = indexColumns(table, fields).map(
    (column, index) => `highlight(${name}, ${column.slice(1)}, ?1, ?2) AS h${index}`,
  );
  return `SELECT ${marked.join(", ")} FROM ${name} WHERE ${name} MATCH ?3 AND rowid = CAST(?4 AS INTEGER)`;
}

/** The index leads, whatever the filter: a row of the table is then one look-up. */
function matching(search: SearchSelection, more: string) {
  const { table, expression } = search;
  const { sql, residual } = compileWhere(search);
  const name = quoteIdentifier(indexName(table.name));
  const source = quoteIdentifier(table.name);
  const found = `(SELECT rowid AS ${DOC}${more} FROM ${name} WHERE ${name} MATCH ?) AS ${FOUND}`;
  const from = `FROM ${found} CROSS JOIN ${source} ON ${source}.${rowidName(table)} = ${FOUND}.${DOC}`;
  const where = joinBalanced(sql, "AND");
  return { from, where: fragment(where.text, expression, ...where.params), residual };
}

/** Words of a field at which its length counts neither for it nor against it. */
const USUAL_WORDS = 30;

/**
 * Sum over the fields of weight × n / (n + k), where n is the number of occurrences: many count less and less, and k grows with the
 * words of the field. Written as weight / (1 + k / n), where each of the two stands once: SQLite evaluates what it is given as often as it
 * stands there, and both read the text. Where n is 0 the quotient is NULL, which counts nothing.
 */
function score({ table, fields }: SearchSelection): string {
  const name = quoteIdentifier(indexName(table.name));
  const columns = indexColumns(table, fields);
  const terms = fields.map((field, index) => {
    const column = columns[index] ?? "c0";
    const weight = table.search.fields.find((each) => each.name === field)?.weight ?? 1;
    // One letter is put before each occurrence and nothing after it: the text grows by their number.
    const occurrences = `(length(highlight(${name}, ${column.slice(1)}, 'x', '')) - length(${column}))`;
    const words = `(1 + length(${column}) - length(replace(${column}, ' ', '')))`;
    const k = `(0.3 + 0.9 * ${words} / ${USUAL_WORDS})`;
    return `coalesce(${weight} / (1 + ${k} / ${occurrences}), 0)`;
  });
  return terms.join(" + ");
}
