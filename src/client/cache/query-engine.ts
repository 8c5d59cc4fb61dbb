/**
 * Writes by the name of a table ([SDK12]), for code that knows it only when it runs: each makes what was read of the table stale, as the methods
 * of a client `withCache` do.
 */

import type { FilterInput } from "../filter-text.ts";
import type { AnyRow, AnyTable } from "../table-client.ts";
import type { WriteOptions } from "../table-types.ts";

export interface QueryEngine {
  create(table: string, row: AnyRow, options?: WriteOptions): Promise<AnyRow>;
  update(table: string, id: string | number, patch: AnyRow, options?: WriteOptions): Promise<AnyRow>;
  updateWhere(table: string, filter: FilterInput<AnyRow>, patch: AnyRow): Promise<{ readonly count: number }>;
  upsert(table: string, row: AnyRow, options?: WriteOptions): Promise<AnyRow>;
  remove(table: string, id: string | number): Promise<void>;
}

/** Of a client that `withCache` gave. */
export function createQueryEngine(client: { resource(path: string): object }): QueryEngine {
  const of = (table: string) => client.resource(table) as AnyTable;
  return {
    create: (table, row, options) => of(table).create(row, options) as Promise<AnyRow>,
    update: (table, id, patch, options) => of(table).update(id as never, patch, options) as Promise<AnyRow>,
    updateWhere: (table, filter, patch) => of(table).updateWhere({ filter }, patch),
    upsert: (table, row, options) => of(table).upsert(row as never, options),
    remove: (table, id) => of(table).delete(id as never),
  };
}
