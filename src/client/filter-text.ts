/** A filter in any of the forms that the client takes → the text that is sent. Pure; the server checks columns and literals. */

import { printFilter } from "../core/query/print.ts";
import { ALL, type Filter, isFilter } from "../core/query/tree.ts";
import type { FilterOf } from "../core/query/typed-builder.ts";
import { BUILDER, selectorFilter } from "./filter-builder.ts";
import type { Selector } from "./selector.ts";

/** Text, a tree of ledge/query, a selector object, or a function that builds a tree from typed columns. */
export type FilterInput<Row> = string | Filter | Selector<Row> | ((q: FilterOf<Row>) => Filter);

const STRINGS = /"(?:[^"\\]|\\.)*"/gs;

export function filterText<Row>(input: FilterInput<Row> | undefined): string {
  if (input === undefined || typeof input === "string") return input ?? "";
  const tree = typeof input === "function" ? input(BUILDER as FilterOf<Row>) : input;
  return printFilter(isTree(tree) ? tree : selectorFilter(tree));
}

/** AND of filter texts. TypeError for a text whose parentheses would reach over its end and change the filters beside it. */
export function joinFilters(texts: readonly string[]): string {
  const terms = texts.filter((text) => text.trim() !== "");
  if (terms.length < 2) return terms[0] ?? "";
  return terms.map((text) => `(${balanced(text)})`).join(";");
}

/** A selector of a table with a column `kind` may look like the empty tree, so that one is known by being the very object. */
function isTree(value: object): value is Filter {
  return value === ALL || (isFilter(value) && value.kind !== "all");
}

function balanced(text: string): string {
  let depth = 0;
  let lowest = 0;
  for (const char of text.replace(STRINGS, "")) {
    if (char === "(") depth += 1;
    if (char === ")") depth -= 1;
    lowest = Math.min(lowest, depth);
    if (char === '"') lowest = -1;
  }
  if (depth !== 0 || lowest < 0) throw new TypeError(`This filter cannot be joined with others: ${text}`);
  return text;
}
