/**
 * A search by an engine outside ([S4]): its hits, as far as the caller may list their rows, answered as those of the index are. What is
 * shown and highlighted is the row as it stands, never what the engine holds.
 */

import { Fault } from "../../src/core/fault.ts";
import { positionToken } from "../../src/core/ids.ts";
import type { Json } from "../../src/core/json.ts";
import { rowTag } from "../../src/core/protocol/etag.ts";
import type { EngineHits, SearchCall } from "../../src/core/protocol/search-call.ts";
import { highlightPieces } from "../../src/core/query/highlight.ts";
import { markWords, termsTest, type WordTest, wordsTest } from "../../src/core/query/mark-words.ts";
import { searchTerms } from "../../src/core/query/search.ts";
import { type HitRow, hitRows } from "../sql/hit-rows.ts";
import { unchangedCollection, visibleRows } from "./read.ts";
import type { Answer } from "./replies.ts";
import { textsThatFit } from "./reply-size.ts";
import { rowJson } from "./row-json.ts";
import { selection } from "./select-rows.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";

export function searchHits(store: Store, table: TableStore, call: SearchCall, found: EngineHits): Answer {
  const { query, select } = call;
  const { spec } = table;
  const where = visibleRows(table, call);
  if (where === null) throw new Fault({ slug: "forbidden", operation: "read" });
  const page = hitRows(store.sql, selection(store, table, where), { ids: found.hits.map(({ id }) => id), ...query });
  const position = positionToken(store.epoch, store.head.seq);
  if (!page.hasMore && !found.isWhole)
    return { kind: "answer", status: 200, headers: {}, body: null, position, needsHits: true };
  const texts = textsThatFit(page.rows, ({ row, version }) => {
    const shown = rowJson(store, table, row, select);
    if (select?.includes("_etag") === true) shown._etag = rowTag(store.epoch, version, spec.shape);
    return shown;
  });
  const more: Record<string, Json> = { hasMore: page.hasMore || texts.length < page.rows.length };
  if (page.totalCount !== null) more.totalCount = page.totalCount;
  if (query.highlight) more.highlights = highlights(table, call, found, page.rows.slice(0, texts.length));

  // The engine's answer may change while the table does not, so the tag is of what is shown; of that only, or it would tell of other hits.
  const shown = [page.rows.map(({ row }) => row[spec.primaryKey] ?? null), more];
  const unchanged = unchangedCollection(store, table, call, ["hits", call.filter, query, select, shown]);
  if (unchanged.answer !== null) return unchanged.answer;
  more.seq = store.head.seq;
  const headers: Record<string, string> = { etag: unchanged.etag };
  if (page.totalCount !== null) headers["x-total-count"] = String(page.totalCount);
  return {
    kind: "answer",
    status: 200,
    headers,
    body: `{"items":[${texts.join(",")}],${JSON.stringify(more).slice(1)}`,
    position,
  };
}

function highlights(
  { spec }: TableStore,
  { query, select }: SearchCall,
  { hits }: EngineHits,
  rows: readonly HitRow[],
): Record<string, Json> {
  const fields = query.fields.filter((field) => select === null || field === spec.primaryKey || select.includes(field));
  const isTerm = termsTest(searchTerms(query.q));
  const shown: Record<string, Json> = {};
  for (const { row, place } of rows) {
    const words = hits[place]?.words;
    const isWanted: WordTest = words === undefined ? isTerm : wordsTest(words);
    const pieces: Record<string, Json> = {};
    for (const field of fields) {
      const text = row[field];
      const found = typeof text === "string" ? highlightPieces(text, markWords(text, isWanted)) : [];
      if (found.length > 0) pieces[field] = found;
    }
    if (Object.keys(pieces).length > 0) shown[String(row[spec.primaryKey])] = pieces;
  }
  return shown;
}
