/**
 * The rows of a filter batch: under the scope of the operation, not deleted, and the caller's filter ([HT48]). More than the limit,
 * or more than may be examined, and nothing is written ([HT46] [QL42]).
 */

import { Fault } from "../../src/core/fault.ts";
import type { FilterRows } from "../../src/core/protocol/batch-call.ts";
import type { ScopeText, WriteScopes } from "../../src/core/protocol/object-call.ts";
import { completeOrder } from "../../src/core/query/order.ts";
import { conjoin, type Filter } from "../../src/core/query/tree.ts";
import { type ListedRow, tooExpensive } from "../sql/list-rows.ts";
import { checkRowsFit } from "./reply-size.ts";
import { filterOf } from "./scope-test.ts";
import { countMatching, selectPage } from "./select-rows.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";

export interface BatchSelection {
  readonly operation: "update" | "delete";
  readonly rows: FilterRows;
  readonly scopes: WriteScopes;
}

/** In order of id. */
export function selectBatch(
  store: Store,
  table: TableStore,
  { operation, rows, scopes }: BatchSelection,
): readonly ListedRow[] {
  const { filter, limitRows, limitUnconfirmed } = rows;
  const where = batchFilter(table, [scopes.read, scopes[operation] ?? ""], filter);
  if (where === null) throw new Fault({ slug: "forbidden", operation });
  const page = selectPage(store, table, {
    where,
    orderBy: completeOrder([], table.spec),
    after: null,
    limit: limitRows,
    offset: 0,
  });
  if (page.hasMore) {
    if (page.isCutBySize === true) checkRowsFit(page.rows.map(({ row }) => row));
    if (page.rows.length < limitRows) throw tooExpensive();
    const requested = countMatching(store, table, where, null);
    throw new Fault({ slug: "batch-limit-exceeded", operation, limit: limitRows, requested });
  }
  if (limitUnconfirmed !== null && page.rows.length > limitUnconfirmed) {
    throw new Fault({
      slug: "precondition-required",
      header: "Ledge-Confirm",
      detail: `Cannot ${operation} ${page.rows.length} rows unconfirmed: the limit is ${limitUnconfirmed}. Send the token of ?dryRun=true as Ledge-Confirm`,
    });
  }
  return page.rows;
}

/** Rows the caller may see and may write ([HT14] [HT48]). Null: a scope lets no row through. */
function batchFilter(table: TableStore, scopes: readonly ScopeText[], filter: string): Filter | null {
  if (scopes.includes("")) return null;
  const soft = table.spec.softDelete;
  const terms: Filter[] = [];
  for (const scope of new Set(scopes)) if (scope !== "*") terms.push(filterOf(table, scope));
  if (soft !== null) terms.push({ kind: "compare", field: soft.field, operator: "=isnull=", operand: true });
  if (filter !== "") terms.push(filterOf(table, filter));
  return conjoin(terms);
}
