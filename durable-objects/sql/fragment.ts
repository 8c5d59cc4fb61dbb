/**
 * Pieces of SQL with `?` placeholders and their values, and how they are joined within the limits of Durable Object SQLite
 * (platform limits read 2026-11: 100 parameters a statement, expression depth 100). Nobody else concatenates parameters.
 */

import type { SqlFragment } from "../../src/core/query/custom-operators.ts";
import type { Stored } from "../../src/core/schema/value.ts";

export type { SqlFragment };

/** Beyond this many parameters all values travel as one JSON text ([QL41]). */
export const MAX_PARAMS = 90;

export const TRUE: SqlFragment = { text: "1", params: [] };
export const FALSE: SqlFragment = { text: "0", params: [] };

export function fragment(text: string, ...params: readonly Stored[]): SqlFragment {
  return { text, params };
}

/** Joins by AND or OR as a balanced tree of parentheses: n terms are ⌈log2 n⌉ deep, not n. No terms: the neutral element. */
export function joinBalanced(terms: readonly SqlFragment[], operator: "AND" | "OR"): SqlFragment {
  const [first, second] = terms;
  if (first === undefined) return operator === "AND" ? TRUE : FALSE;
  if (second === undefined) return first;
  const params = terms.flatMap((term) => term.params);
  return { text: balancedText(terms, 0, terms.length, operator), params };
}

function balancedText(terms: readonly SqlFragment[], from: number, to: number, operator: string): string {
  if (to - from === 1) return terms[from]?.text ?? "1";
  const middle = (from + to) >> 1;
  return `(${balancedText(terms, from, middle, operator)} ${operator} ${balancedText(terms, middle, to, operator)})`;
}

/** Quoted names and texts, which may hold a `?`, or a placeholder. */
const PLACEHOLDER = /"(?:[^"]|"")*"|'(?:[^']|'')*'|\?/g;

/**
 * The statement as it may be run: with more than 90 parameters, every `?` reads its value from one JSON parameter.
 * Values are text, finite numbers and NULL; bytes have no place in a filter.
 */
export function packParams(statement: SqlFragment): SqlFragment {
  if (statement.params.length <= MAX_PARAMS) return statement;
  let index = 0;
  const text = statement.text.replace(PLACEHOLDER, (found) =>
    found === "?" ? `json_extract(?1,'$[${index++}]')` : found,
  );
  return { text, params: [jsonParam(statement.params)] };
}

/** Values as a JSON text that SQLite reads back exactly: a large whole number must not become a 64-bit integer. */
export function jsonParam(values: readonly (Stored | boolean)[]): string {
  return `[${values.map(jsonText).join(",")}]`;
}

function jsonText(value: Stored | boolean): string {
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value))
    return value.toExponential();
  if (value instanceof Uint8Array) throw new TypeError("Bytes cannot travel in a JSON parameter");
  return JSON.stringify(value);
}
