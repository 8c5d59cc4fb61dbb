/** A scope text as a predicate over rows, parsed and compiled once per text and table. */

import type { ScopeText } from "../../src/core/protocol/object-call.ts";
import { compileMatcher } from "../../src/core/query/matches.ts";
import { parseFilter } from "../../src/core/query/parse.ts";
import type { Filter } from "../../src/core/query/tree.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import { StatementCache } from "../sql/statement-cache.ts";
import type { TableStore } from "./table-store.ts";

const ALLOW = () => true;
const DENY = () => false;

const tests = new WeakMap<TableStore, StatementCache<(row: Row) => boolean>>();
const filters = new WeakMap<TableStore, StatementCache<Filter>>();

export function scopeTest(table: TableStore, scope: ScopeText): (row: Row) => boolean {
  if (scope === "*") return ALLOW;
  if (scope === "") return DENY;
  return cacheOf(tests, table).get(scope, () =>
    compileMatcher(filterOf(table, scope), table.spec, table.resource.operators),
  );
}

/** The tree of a filter text that the Worker has already checked against what its caller may name. */
export function filterOf(table: TableStore, text: string): Filter {
  return cacheOf(filters, table).get(text, () =>
    parseFilter(text, {
      table: table.spec,
      fields: "scope",
      operators: table.resource.operators,
      parameter: "filter",
      limits: "lifted",
    }),
  );
}

function cacheOf<V extends object>(
  caches: WeakMap<TableStore, StatementCache<V>>,
  table: TableStore,
): StatementCache<V> {
  let cache = caches.get(table);
  if (cache === undefined) {
    cache = new StatementCache<V>();
    caches.set(table, cache);
  }
  return cache;
}
