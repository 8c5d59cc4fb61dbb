/**
 * D1 in this process, over node:sqlite: the part that the read model uses, with D1's limits on parameters. A batch is one transaction. For
 * simulations and differential tests, which need many of them.
 */

import { DatabaseSync } from "node:sqlite";
import type { Database } from "../../src/features/read-model/database.ts";

export interface NodeD1 {
  readonly database: Database;
  /** The SQLite behind it, to look at. */
  readonly sqlite: DatabaseSync;
}

interface Prepared {
  readonly sql: string;
  readonly params: readonly (string | number | null)[];
}

export function nodeD1(migrations: readonly string[]): NodeD1 {
  const sqlite = new DatabaseSync(":memory:");
  for (const sql of migrations) sqlite.exec(sql);
  if ("limits" in sqlite)
    Object.assign(sqlite.limits as object, { variableNumber: 100, exprDepth: 100, compoundSelect: 5 });
  const run = ({ sql, params }: Prepared) => {
    const results = sqlite.prepare(sql).all(...params) as Record<string, unknown>[];
    return { results, success: true, meta: { size_after: 4096 } };
  };
  const prepare = (sql: string, params: Prepared["params"] = []) => ({
    sql,
    params,
    bind: (...given: Prepared["params"]) => prepare(sql, given),
    all: async () => run({ sql, params }),
  });
  const batch = async (statements: readonly Prepared[]) => {
    sqlite.exec("BEGIN");
    try {
      const results = statements.map(run);
      sqlite.exec("COMMIT");
      return results;
    } catch (error) {
      sqlite.exec("ROLLBACK");
      throw error;
    }
  };
  return { database: { prepare, batch } as unknown as Database, sqlite };
}
