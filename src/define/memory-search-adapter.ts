/**
 * A search engine in memory: the twin of a real one, for tests and for trying out. It lives in one isolate and is gone with it. It takes
 * changes as an engine should (only newer ones) and ranks by how often the words occur, times the weight of the field.
 */

import { foldedWords } from "../core/query/mark-words.ts";
import type { SearchTerm } from "../core/query/search.ts";
import type { EngineChange, EngineQuery, SearchAdapter } from "./search-adapter.ts";

export interface MemorySearchAdapter extends SearchAdapter {
  /** What it holds, removed documents included. */
  readonly documents: ReadonlyMap<string, EngineChange>;
}

export function memorySearchAdapter(name = "memory"): MemorySearchAdapter {
  const documents = new Map<string, EngineChange>();
  return {
    name,
    documents,
    async search(query) {
      const hits = [...documents.values()].flatMap((document) => {
        const score = document.kind === "put" && isOf(document, query) ? scoreOf(document, query) : 0;
        return score === 0 ? [] : [{ id: document.id, score }];
      });
      hits.sort((a, b) => b.score - a.score || (String(a.id) < String(b.id) ? -1 : 1));
      return hits.slice(0, query.limitHits).map(({ id }) => ({ id }));
    },
    async apply(changes) {
      for (const change of changes) {
        const place = JSON.stringify([change.table, change.partition, change.id]);
        const held = documents.get(place);
        if (held === undefined || held.version < change.version) documents.set(place, change);
      }
      return undefined;
    },
  };
}

function isOf(document: EngineChange, query: EngineQuery): boolean {
  return document.table === query.table && document.partition === query.partition;
}

/** 0 when a term is missing, and when there is none. */
function scoreOf(document: Extract<EngineChange, { kind: "put" }>, { terms, fields }: EngineQuery): number {
  let score = 0;
  for (const term of terms) {
    let occurrences = 0;
    for (const { name, weight } of fields) {
      occurrences += weight * countOf(foldedWords(document.fields[name] ?? ""), term);
    }
    if (occurrences === 0 && foldedWords(term.text).length > 0) return 0;
    score += occurrences;
  }
  return score;
}

/** How often the words of the term stand one after another. */
function countOf(words: readonly string[], { kind, text }: SearchTerm): number {
  const wanted = foldedWords(text);
  if (wanted.length === 0) return 0;
  const isAt = (at: number) =>
    wanted.every((word, index) => {
      const found = words[at + index];
      const isOpen = kind === "prefix" && index === wanted.length - 1;
      return isOpen ? found?.startsWith(word) === true : found === word;
    });
  return words.filter((_, at) => isAt(at)).length;
}
