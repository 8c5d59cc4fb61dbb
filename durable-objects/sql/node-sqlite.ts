/**
 * The SQL port over node:sqlite, with the limits that Durable Objects enforce (100 parameters, expression depth 100, 5
 * compound terms, 100 KB of statement, 50-byte LIKE patterns), so that what passes here passes there. For tests, the
 * simulator and the command line. The caller opens the database: this file names no Node type, so it compiles beside
 * Workers types. Numbers bind as REAL in both adapters.
 */

import type { Stored } from "../../src/core/schema/value.ts";
import type { Sql, SqlRecord, SqlValues, Sync } from "./port.ts";
import { refusePromise } from "./port.ts";

/** What is needed of node:sqlite's `DatabaseSync`. */
export interface NodeDatabase {
  exec(text: string): void;
  prepare(text: string): NodeStatement;
  readonly isTransaction: boolean;
  /** Run-time limits; Node 24.15 and later. */
  readonly limits?: object;
}

interface NodeStatement {
  all(...params: Stored[]): unknown[];
  run(...params: Stored[]): unknown;
  setReturnArrays(enabled: boolean): void;
}

const OBJECT_LIMITS = {
  variableNumber: 100,
  exprDepth: 100,
  compoundSelect: 5,
  sqlLength: 100_000,
  likePatternLength: 50,
  column: 100,
};
const PREPARED_MAX = 200;

/** The SQL port over an open database, which from then on has the limits and pragmas of an object's storage. */
export function nodeSql(database: NodeDatabase): Sql {
  database.exec("PRAGMA foreign_keys = ON");
  if (database.limits !== undefined) Object.assign(database.limits, OBJECT_LIMITS);
  const prepared = new Map<string, NodeStatement>();
  let depth = 0;

  const prepare = (text: string): NodeStatement => {
    const found = prepared.get(text);
    if (found !== undefined) return found;
    if (prepared.size >= PREPARED_MAX) prepared.clear();
    const statement = database.prepare(text);
    prepared.set(text, statement);
    return statement;
  };

  return {
    all: (statement, params = []) => prepare(statement).all(...params) as SqlRecord[],
    values: (statement, params = []) => {
      // One statement serves both forms; the form is set for each use.
      const found = prepare(statement);
      found.setReturnArrays(true);
      try {
        return found.all(...params) as SqlValues[];
      } finally {
        found.setReturnArrays(false);
      }
    },
    run: (statement, params = []) => {
      prepare(statement).run(...params);
    },
    sizeBytes: () => {
      const [record] = prepare("SELECT page_count * page_size AS size FROM pragma_page_count, pragma_page_size").all();
      return Number((record as SqlRecord).size);
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
        if (database.isTransaction)
          database.exec(level === 0 ? "ROLLBACK" : `ROLLBACK TO level_${level}; RELEASE level_${level}`);
        throw error;
      } finally {
        depth = level;
      }
    },
  };
}
