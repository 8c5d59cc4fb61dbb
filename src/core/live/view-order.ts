/**
 * Rows of a view in the order that was asked for, as the server's list has them: by the terms of `orderBy`, then by the key. The server
 * tells the kinds of the columns once; it has checked the terms. Pure; for clients.
 */

import type { JsonObject } from "../json.ts";
import { rowComparator } from "../query/compare-values.ts";
import type { OrderTerm } from "../query/order.ts";
import type { TableSpec } from "../schema/table-spec.ts";

export interface ViewOrder {
  /** `title,-dueAt`, `title:asc,dueAt:desc` */
  readonly orderBy: string;
  /** Name of the key column. */
  readonly key: string;
  /** Kinds of columns by name. */
  readonly kinds: JsonObject;
}

/** The terms of an order, the key at the end. */
export function viewTerms({ orderBy, key }: Omit<ViewOrder, "kinds">): OrderTerm[] {
  const terms = `${orderBy},${key}`.split(",").filter((term) => term !== "");
  return terms.map((term) => ({
    field: term.replace(/^-|:.*$/g, ""),
    direction: term.startsWith("-") || term.endsWith(":desc") ? "desc" : "asc",
  }));
}

/** Compares two rows. */
export function viewComparator({ orderBy, key, kinds }: ViewOrder): (a: JsonObject, b: JsonObject) => number {
  const order = viewTerms({ orderBy, key });
  const columns = Object.entries(kinds).map(([name, kind]) => ({ name, kind }));
  return rowComparator(order, { columns } as unknown as TableSpec);
}
