/** Rows of a table under one filter: a page, a count, the first few. Thin over durable-objects/sql/list-rows.ts. */

import type { JsonScalar } from "../../src/core/json.ts";
import { completeOrder, type OrderTerm } from "../../src/core/query/order.ts";
import type { Filter } from "../../src/core/query/tree.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import { cachingCompiler } from "../sql/filter-cache.ts";
import { countRows, type ListedPage, listRows } from "../sql/list-rows.ts";
import { planPage, type Selection } from "../sql/list-statement.ts";
import { TextSizes } from "../sql/text-sizes.ts";
import { filterOf } from "./scope-test.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";

export interface PageOf {
  readonly where: Filter;
  readonly orderBy: readonly OrderTerm[];
  readonly after: readonly JsonScalar[] | null;
  readonly limit: number;
  readonly offset: number;
  /** See `PageRequest`; needed where the page's end becomes a cursor. */
  readonly isInSight?: () => (row: Row) => boolean;
}

/** What selections of one object share. */
type Shared = Required<Pick<Selection, "compile" | "textSizes">>;
const shared = new WeakMap<Store, Shared>();

export function selectPage(store: Store, table: TableStore, page: PageOf): ListedPage {
  const { where, ...request } = page;
  return listRows(store.sql, { ...selection(store, table, where), ...request });
}

/** SQLite's plan for a page, its steps joined by `; `: `SEARCH tasks USING INDEX tasks_by_project (project_id=?)`. */
export function explainPage(store: Store, table: TableStore, page: PageOf): string {
  const { where, limit, ...request } = page;
  const { statements, residual } = planPage({ ...selection(store, table, where), ...request });
  const plans = statements.map((statement) => {
    const { text, params } = statement({ limitRows: limit, maxBytes: null });
    return store.sql.all(`EXPLAIN QUERY PLAN ${text}`, params).map((row) => String(row.detail));
  });
  return [
    ...plans.flatMap((steps, index) =>
      index === 0 ? steps : ["then, while rows are wanted, those without a value", ...steps],
    ),
    ...(residual === null ? [] : ["then in memory: a part of the filter that SQL cannot decide"]),
  ].join("; ");
}

/** Number of rows under the filter; with a limit, counting stops there. */
export function countMatching(store: Store, table: TableStore, where: Filter, limitRows: number | null): number {
  return countRows(store.sql, { ...selection(store, table, where), ...(limitRows === null ? {} : { limitRows }) });
}

/** The first rows under a filter text, by one column upwards, or by id. */
export function selectRows(
  store: Store,
  table: TableStore,
  filter: string,
  { limit, orderBy: column = null }: { readonly limit: number; readonly orderBy?: string | null },
): Row[] {
  const orderBy = completeOrder(column === null ? [] : [{ field: column, direction: "asc" }], table.spec);
  const page = selectPage(store, table, { where: filterOf(table, filter), orderBy, after: null, limit, offset: 0 });
  return page.rows.map((listed) => listed.row);
}

/** The rows of the table under a filter, compiled through the cache of the object. */
export function selection(store: Store, table: TableStore, where: Filter): Selection {
  let known = shared.get(store);
  if (known === undefined) {
    known = { compile: cachingCompiler(), textSizes: new TextSizes(store.sql) };
    shared.set(store, known);
  }
  return { table: table.spec, where: [where], operators: table.resource.operators, ...known };
}
