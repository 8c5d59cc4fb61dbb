/**
 * The parameters of a search ([SR2]) as plain data, and what `q` means ([SR3]): words, phrases in double quotes, words that end in
 * `*`. Everything else in `q` is text. How the terms become an expression of the index is durable-objects/sql/search-expression.ts.
 */

import { invalidField } from "../fault.ts";
import type { SearchSpec } from "../schema/table-spec.ts";
import { codePointLength } from "../schema/value.ts";
import { type Parameters, parseFlag, parseLimit } from "./parameters.ts";

export interface SearchQuery {
  /** Trimmed; 1–200 code points. */
  readonly q: string;
  /** The fields to look in, in the order of the configuration. */
  readonly fields: readonly string[];
  readonly limit: number;
  readonly offset: number;
  readonly highlight: boolean;
  readonly totalCount: boolean;
}

/** A term that a row must contain: its words one after another; a prefix is open after its last letter. */
export interface SearchTerm {
  readonly kind: "phrase" | "prefix";
  readonly text: string;
}

/** The parameters that `parseSearch` reads; `filter`, `select` and `withDeleted` are those of every read. */
export const SEARCH_PARAMETERS = ["q", "fields", "limit", "offset", "highlight", "totalCount"] as const;

export const MAX_SEARCH_OFFSET = 1000;
const MAX_Q_LENGTH = 200;
const PAGE_LIMITS = { defaultLimit: 20, maxLimit: 100 };

/** Reads and checks the parameters; throws `validation-error` naming the parameter. */
export function parseSearch(parameters: Parameters, search: SearchSpec): SearchQuery {
  return {
    q: parseQ(parameters.get("q")),
    fields: parseFields(parameters.get("fields"), search),
    limit: parseLimit(parameters.get("limit"), PAGE_LIMITS),
    offset: parseSearchOffset(parameters.get("offset")),
    highlight: parseFlag("highlight", parameters.get("highlight")),
    totalCount: parseFlag("totalCount", parameters.get("totalCount")),
  };
}

/** A quote opens a phrase up to the next one, or to the end; outside of phrases white space separates words. */
export function searchTerms(q: string): SearchTerm[] {
  const terms: SearchTerm[] = [];
  for (const [written, phrase] of q.matchAll(/"([^"]*)"?|[^\s"]+/g)) {
    if (phrase !== undefined) terms.push({ kind: "phrase", text: phrase });
    else terms.push({ kind: written.endsWith("*") ? "prefix" : "phrase", text: written });
  }
  return terms;
}

function parseQ(text: string | undefined): string {
  const q = text?.trim() ?? "";
  if (q === "") throw invalidField("q", "is needed: words to look for", "required");
  const length = codePointLength(q);
  if (length > MAX_Q_LENGTH) throw invalidField("q", `has ${length} characters, limit is ${MAX_Q_LENGTH}`, "length");
  return q;
}

/** A field outside the index is answered like an unknown one. */
function parseFields(text: string | undefined, search: SearchSpec): readonly string[] {
  const known = search.fields.map(({ name }) => name);
  if (text === undefined) return known;
  const names = text.split(",");
  if (names.includes("")) throw invalidField("fields", "must be names of fields, separated by commas");
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw invalidField("fields", `names an unknown field: ${unknown}`);
  return known.filter((name) => names.includes(name));
}

function parseSearchOffset(text: string | undefined): number {
  if (text === undefined) return 0;
  const offset = /^[0-9]{1,9}$/.test(text) ? Number(text) : -1;
  if (offset < 0 || offset > MAX_SEARCH_OFFSET) {
    throw invalidField("offset", `must be an integer from 0 to ${MAX_SEARCH_OFFSET}, not ${JSON.stringify(text)}`);
  }
  return offset;
}
