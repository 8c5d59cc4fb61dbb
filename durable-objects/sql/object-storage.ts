/**
 * The SQL port over Durable Object storage. Every cursor is drained at once: an open cursor is emptied when its statement
 * runs again, and may lose rows across an `await` (workerd, compatibility date 2026-10). JS numbers bind as REAL, which
 * INTEGER columns store as integers. `transactionSync` nests as savepoints but lets promises pass, so they are refused here.
 */

import type { Stored } from "../../src/core/schema/value.ts";
import type { Sql, SqlRecord, Sync } from "./port.ts";
import { refusePromise } from "./port.ts";

/** The SQL port of one object; its methods need no `this`. */
export function objectStorageSql(storage: DurableObjectStorage): Sql {
  const { sql } = storage;
  return {
    all: (statement, params = []) =>
      sql.exec<Record<string, SqlStorageValue>>(statement, ...params).toArray() as SqlRecord[],
    values: (statement, params = []) => Array.from(sql.exec(statement, ...params).raw()),
    run: (statement: string, params: readonly Stored[] = []) => {
      sql.exec(statement, ...params).toArray();
    },
    sizeBytes: () => sql.databaseSize,
    transaction: <T>(work: () => Sync<T>): T =>
      storage.transactionSync(() => {
        const result = work();
        refusePromise(result);
        return result;
      }),
  };
}
