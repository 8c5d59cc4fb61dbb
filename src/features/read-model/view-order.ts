/**
 * The order of a view's rows, in which no two are alike: so each stands on one page, and is walked once ([PG1]). The key alone does not do,
 * as it does for a table in its object.
 */

import type { JsonScalar } from "../../core/json.ts";
import { isSortable, type OrderTerm } from "../../core/query/order.ts";
import type { View } from "./view.ts";

/** Of a query view; each makes the condition of its next page deeper (SQLite: 100 at most). */
const MAX_TIES = 8;
/** As JSON; a cursor has 8 192 characters. */
const MAX_PLACE_LENGTH = 5000;

/** What tells rows with one key apart ([PG1]): their partition; in a query, which may give a key more than once, the columns beside it. */
export function tiesOf({ query, resource: { spec } }: View, partitionBy: string | null): readonly string[] {
  if (query === null) return partitionBy === null ? [] : [partitionBy];
  const columns = spec.columns.filter((column) => isSortable(column) && column.name !== spec.primaryKey);
  return columns.slice(0, MAX_TIES).map(({ name }) => name);
}

/** An order that ends with the key, and then with the ties. */
export function wholeOrder(ties: readonly string[], orderBy: readonly OrderTerm[]): readonly OrderTerm[] {
  const more = ties.filter((name) => !orderBy.some(({ field }) => field === name));
  return [...orderBy, ...more.map((field): OrderTerm => ({ field, direction: "asc" }))];
}

/** Of a row of a query too long for a cursor the end of all that have its key: NULL comes last, and nothing behind it. */
export function shortPlace({ query }: View, next: readonly JsonScalar[], terms: number): readonly JsonScalar[] {
  const isShort = query === null || JSON.stringify(next).length <= MAX_PLACE_LENGTH;
  return isShort ? next : next.map((value, index) => (index < terms ? value : null));
}
