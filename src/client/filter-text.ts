/** A filter in any of the forms that the client takes → the text that is sent. Pure; the server checks columns and literals. */

import { printFilter } from "../core/query/print.ts";
import { ALL, type Filter } from "../core/query/tree.ts";
import type { FilterOf } from "../core/query/typed-builder.ts";
import { BUILDER, selectorFilter } from "./filter-builder.ts";
import type { Selector } from "./selector.ts";

/** A tree of ledge/query, a selector object, or a function that builds a tree from typed columns. */
export type TreeInput<Row> = Filter | Selector<Row> | ((q: FilterOf<Row>) => Filter);
/** One of these, or text. */
export type FilterInput<Row> = string | TreeInput<Row>;

export function filterText<Row>(input: FilterInput<Row> | undefined): string {
  return input === undefined || typeof input === "string" ? (input ?? "") : printFilter(treeOf(input));
}

export function treeOf<Row>(input: TreeInput<Row>): Filter {
  const tree = typeof input === "function" ? input(BUILDER as unknown as FilterOf<Row>) : input;
  return isTree(tree) ? tree : selectorFilter(tree);
}

/**
 * By its outer form alone, the server checks the rest. A selector of a table with a column `kind` may look like the empty tree, so
 * that one is known by being the very object.
 */
function isTree(value: object): value is Filter {
  const { kind } = value as { readonly kind?: unknown };
  return (
    value === ALL ||
    (kind === "compare" && "operator" in value) ||
    ((kind === "and" || kind === "or") && "terms" in value) ||
    (kind === "not" && "term" in value)
  );
}
