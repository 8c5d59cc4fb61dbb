/**
 * The SQL port over node:sqlite, with the limits that Durable Objects enforce (100 parameters, expression depth 100, 5
 * compound terms, 100 KB of statement, 50-byte LIKE patterns), so that what passes here passes there. For tests, the
 * simulator and scripts; never bundled into the Worker. Numbers bind as REAL in both adapters.
 */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Stored } from "../../src/core/schema/value.ts";
import type { Sql, SqlRecord, Sync } from "./port.ts";
import { refusePromise } from "./port.ts";

const PREPARED_MAX = 200;

export interface NodeSql extends Sql {
  readonly database: DatabaseSync;
}

/** Opens a database (default: in memory) with the limits and pragmas of an object's storage. */
export function nodeSql(path = ":memory:"): NodeSql {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA foreign_keys = ON");
  Object.assign(database.limits, {
    variableNumber: 100,
    exprDepth: 100,
    compoundSelect: 5,
    sqlLength: 100_000,
    likePatternLength: 50,
    column: 100,
  });
  const prepared = new Map<string, StatementSync>();
  let depth = 0;

  const prepare = (text: string): StatementSync => {
    const found = prepared.get(text);
    if (found !== undefined) return found;
    if (prepared.size >= PREPARED_MAX) prepared.clear();
    const statement = database.prepare(text);
    prepared.set(text, statement);
    return statement;
  };

  return {
    database,
    all: (statement, params: readonly Stored[] = []) => prepare(statement).all(...params) as SqlRecord[],
    run: (statement, params: readonly Stored[] = []) => {
      prepare(statement).run(...params);
    },
    transaction: <T>(work: () => Sync<T>): T => {
      const level = depth++;
      database.exec(level === 0 ? "BEGIN" : `SAVEPOINT level_${level}`);
      try {
        const result = work();
        refusePromise(result);
        database.exec(level === 0 ? "COMMIT" : `RELEASE level_${level}`);
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec(level === 0 ? "ROLLBACK" : `ROLLBACK TO level_${level}; RELEASE level_${level}`);
        throw error;
      } finally {
        depth = level;
      }
    },
  };
}
