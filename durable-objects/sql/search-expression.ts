/**
 * The terms of a search as an FTS5 expression ([SR3]). Every term stands as an FTS5 string, in which a quote is doubled and nothing
 * else has a meaning, so no text can become an operator, a column name or an error; the index's own tokenizer splits it into words.
 * Terms side by side are all required; one without any word drops out, and an expression of nothing finds nothing.
 */

import { type SearchTerm, searchTerms } from "../../src/core/query/search.ts";

/** `columns` are the columns of the index to look in; null: all. Null when there is no term. */
export function searchExpression(q: string, columns: readonly string[] | null): string | null {
  const terms = searchTerms(q).map(termText);
  if (terms.length === 0) return null;
  const all = terms.join(" ");
  return columns === null ? all : `{${columns.join(" ")}} : (${all})`;
}

function termText({ kind, text }: SearchTerm): string {
  // U+0000 would end the expression: SQLite reads it as C text. No stored text holds it.
  const quoted = `"${text.replaceAll("\u0000", " ").toWellFormed().replaceAll('"', '""')}"`;
  return kind === "prefix" ? `${quoted} *` : quoted;
}
