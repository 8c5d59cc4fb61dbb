/** Compiled filters by table and canonical text ([QL43]). */

import { printFilter } from "../../src/core/query/print.ts";
import type { TableSpec } from "../../src/core/schema/table-spec.ts";
import type { CompiledFilter, CompileFilter } from "./compile-filter.ts";
import { compileFilter } from "./compile-filter.ts";
import { StatementCache } from "./statement-cache.ts";

/** A `compile` for list and count statements that remembers. The custom operators of a table are those of its first call. */
export function cachingCompiler(): CompileFilter {
  const cache = new StatementCache<CompiledFilter>();
  const prefixes = new WeakMap<TableSpec, string>();
  let tables = 0;
  return (filter, table, operators, scans = "in-sql") => {
    // Two specs may share a name (a module outlives its object, and tests), so a spec is told by its identity.
    const prefix = prefixes.get(table) ?? `${tables++} `;
    prefixes.set(table, prefix);
    const key = `${prefix}${scans === "in-sql" ? "" : "m "}${printFilter(filter)}`;
    return cache.get(key, () => compileFilter(filter, table, operators, scans));
  };
}
