/**
 * The read `search`: rows that the caller may list and that match, best first, with highlights ([SR5]). Only readable fields that
 * are also selected are highlighted, and they were the only ones to be looked in.
 */

import { Fault } from "../../src/core/fault.ts";
import { positionToken } from "../../src/core/ids.ts";
import type { Json } from "../../src/core/json.ts";
import { rowTag } from "../../src/core/protocol/etag.ts";
import type { SearchCall } from "../../src/core/protocol/search-call.ts";
import { highlightPieces } from "../../src/core/query/highlight.ts";
import { searchExpression } from "../sql/search-expression.ts";
import { indexColumns } from "../sql/search-index.ts";
import { type FoundPage, marksIn, searchRows } from "../sql/search-rows.ts";
import type { SearchSelection } from "../sql/search-statement.ts";
import { hasIndex, isSearched } from "./open-search.ts";
import { unchangedCollection, visibleRows } from "./read.ts";
import type { Answer } from "./replies.ts";
import { textsThatFit } from "./reply-size.ts";
import { rowJson } from "./row-json.ts";
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

  const texts = textsThatFit(page.rows, (found) => {
    const shown = rowJson(store, table, found.row, select);
    if (select?.includes("_etag") === true) shown._etag = rowTag(store.epoch, found.version, table.spec.shape);
    return shown;
  });
  const shown = { ...page, rows: page.rows.slice(0, texts.length) };
  const headers: Record<string, string> = { etag: unchanged.etag };
  const more: Record<string, Json> = { hasMore: page.hasMore || texts.length < page.rows.length };
  if (query.totalCount && page.totalCount !== null) {
    more.totalCount = page.totalCount;
    headers["x-total-count"] = String(page.totalCount);
  }
  if (query.highlight) more.highlights = search === null ? {} : highlights(store, search, shown, select);
  more.seq = store.head.seq;
  const position = positionToken(store.epoch, store.head.seq);
  return {
    kind: "answer",
    status: 200,
    headers,
    body: `{"items":[${texts.join(",")}],${JSON.stringify(more).slice(1)}`,
    position,
  };
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

function highlights(
  store: Store,
  search: SearchSelection,
  page: FoundPage,
  select: readonly string[] | null,
): Record<string, Json> {
  const { table } = search;
  const fields = search.fields.filter(
    (field) => select === null || field === table.primaryKey || select.includes(field),
  );
  const shown: Record<string, Json> = {};
  for (const found of page.rows) {
    const pieces: Record<string, Json> = {};
    for (const [field, marks] of marksIn(store.sql, search, found, fields)) {
      pieces[field] = highlightPieces(String(found.row[field]), marks);
    }
    if (Object.keys(pieces).length > 0) shown[String(found.row[table.primaryKey])] = pieces;
  }
  return shown;
}
