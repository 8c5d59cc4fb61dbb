/**
 * The read `search`: rows that the caller may list and that match, best first, with highlights ([SR5]). Highlighted is every field
 * that was looked in, selected or not: all fields of an index are readable. The reply is made in search-answer.ts.
 */

import { Fault } from "../../src/core/fault.ts";
import type { Json } from "../../src/core/json.ts";
import type { SearchCall } from "../../src/core/protocol/search-call.ts";
import { highlightPieces } from "../../src/core/query/highlight.ts";
import { searchExpression } from "../sql/search-expression.ts";
import { indexColumns } from "../sql/search-index.ts";
import { type FoundPage, type FoundRow, marksIn, searchRows } from "../sql/search-rows.ts";
import type { SearchSelection } from "../sql/search-statement.ts";
import { hasIndex, isSearched } from "./open-search.ts";
import { unchangedCollection, visibleRows } from "./read.ts";
import type { Answer } from "./replies.ts";
import { answerFound, showFound } from "./search-answer.ts";
import { searchHits } from "./search-hits.ts";
import { selection } from "./select-rows.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";

const NOTHING: FoundPage = { rows: [], hasMore: false, totalCount: 0 };

export function searchTable(store: Store, table: TableStore, call: SearchCall): Answer {
  return call.found === undefined ? searchIndex(store, table, call) : searchHits(store, table, call, call.found);
}

function searchIndex(store: Store, table: TableStore, call: SearchCall): Answer {
  const { query, select } = call;
  const unchanged = unchangedCollection(store, table, call, ["search", call.filter, query, select]);
  if (unchanged.answer !== null) return unchanged.answer;
  const search = searchSelection(store, table, call);
  const page = search === null ? NOTHING : searchRows(store.sql, search, query);
  const shown = showFound(store, table, call, page, (rows) => (search === null ? {} : highlights(store, search, rows)));
  return answerFound(store, shown, unchanged.etag);
}

/** What to look for and where; null when `q` holds no term. */
function searchSelection(store: Store, table: TableStore, call: SearchCall): SearchSelection | null {
  const { spec } = table;
  const where = visibleRows(table, call);
  if (where === null) throw new Fault({ slug: "forbidden", operation: "read" });
  if (!isSearched(spec) || !hasIndex(store.sql, spec.name)) {
    throw new Fault({ slug: "unavailable", retryAfter: 30, detail: "The table has no full-text index yet." });
  }
  const { fields, q } = call.query;
  const isNarrowed = fields.length < spec.search.fields.length;
  const expression = searchExpression(q, isNarrowed ? indexColumns(spec, fields) : null);
  return expression === null ? null : { ...selection(store, table, where), table: spec, expression, fields };
}

function highlights(store: Store, search: SearchSelection, rows: readonly FoundRow[]): Record<string, Json> {
  const { table, fields } = search;
  const shown: Record<string, Json> = {};
  for (const found of rows) {
    const pieces: Record<string, Json> = {};
    for (const [field, marks] of marksIn(store.sql, search, found, fields)) {
      pieces[field] = highlightPieces(String(found.row[field]), marks);
    }
    if (Object.keys(pieces).length > 0) shown[String(found.row[table.primaryKey])] = pieces;
  }
  return shown;
}
