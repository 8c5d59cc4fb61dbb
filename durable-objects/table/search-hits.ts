/**
 * A search by an engine outside ([S4]): its hits, as far as the caller may list their rows, answered as those of the index are. What is
 * shown and highlighted is the row as it stands, never what the engine holds.
 */

import { Fault } from "../../src/core/fault.ts";
import { positionToken } from "../../src/core/ids.ts";
import type { Json } from "../../src/core/json.ts";
import type { EngineHits, SearchCall } from "../../src/core/protocol/search-call.ts";
import { highlightPieces } from "../../src/core/query/highlight.ts";
import { markWords, termsTest, type WordTest, wordsTest } from "../../src/core/query/mark-words.ts";
import { searchTerms } from "../../src/core/query/search.ts";
import { type HitRow, hitRows } from "../sql/hit-rows.ts";
import { unchangedCollection, visibleRows } from "./read.ts";
import type { Answer } from "./replies.ts";
import { answerFound, showFound } from "./search-answer.ts";
import { selection } from "./select-rows.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";

export function searchHits(store: Store, table: TableStore, call: SearchCall, found: EngineHits): Answer {
  const { query, select } = call;
  const { spec } = table;
  const where = visibleRows(table, call);
  if (where === null) throw new Fault({ slug: "forbidden", operation: "read" });
  const page = hitRows(store.sql, selection(store, table, where), { ids: found.hits.map(({ id }) => id), ...query });
  if (!page.hasMore && !found.isWhole)
    return {
      kind: "answer",
      status: 200,
      headers: {},
      body: null,
      position: positionToken(store.epoch, store.head.seq),
      needsHits: true,
    };
  const shown = showFound(store, table, call, page, (rows) => highlights(table, call, found, rows));
  // The engine's answer may change while the table does not, so the tag is of what is shown; of that only, or it would tell of other hits.
  const content = [page.rows.map(({ row }) => row[spec.primaryKey] ?? null), shown.more];
  const unchanged = unchangedCollection(store, table, call, ["hits", call.filter, query, select, content]);
  return unchanged.answer ?? answerFound(store, shown, unchanged.etag);
}

function highlights(
  { spec }: TableStore,
  { query }: SearchCall,
  { hits }: EngineHits,
  rows: readonly HitRow[],
): Record<string, Json> {
  const isTerm = termsTest(searchTerms(query.q));
  const shown: Record<string, Json> = {};
  for (const { row, place } of rows) {
    const words = hits[place]?.words;
    const isWanted: WordTest = words === undefined ? isTerm : wordsTest(words);
    const pieces: Record<string, Json> = {};
    for (const field of query.fields) {
      const text = row[field];
      const found = typeof text === "string" ? highlightPieces(text, markWords(text, isWanted)) : [];
      if (found.length > 0) pieces[field] = found;
    }
    if (Object.keys(pieces).length > 0) shown[String(row[spec.primaryKey])] = pieces;
  }
  return shown;
}
