/**
 * The SQL port: everything the table object asks of SQLite. Two adapters: Durable Object storage (object-storage.ts) and
 * node:sqlite (node-sqlite.ts, for tests and the simulator). Synchronous on purpose: code between two statements cannot
 * interleave with anything. Rows come as plain records by column name, always complete (no open cursors).
 */

import type { Stored } from "../../src/core/schema/value.ts";

export type SqlRecord = Record<string, unknown>;
export type SqlValues = readonly unknown[];

/** What a transaction callback may return: anything but a promise, whose later failure could not be rolled back. */
export type Sync<T> = T extends PromiseLike<unknown> ? never : T;

export interface Sql {
  all(statement: string, params?: readonly Stored[]): SqlRecord[];
  /** The same, each row as its values in the order of the select list: much the cheaper form where many rows are read. */
  values(statement: string, params?: readonly Stored[]): SqlValues[];
  run(statement: string, params?: readonly Stored[]): void;
  /** What the database takes on disk; cheap to ask. */
  sizeBytes(): number;
  /** Commits when `work` returns and rolls back when it throws; nests as savepoints. Refuses a promise, rolled back. */
  transaction<T>(work: () => Sync<T>): T;
}

/** Throws when a transaction callback returned a promise after all. Call it inside the transaction. */
export function refusePromise(result: unknown): void {
  if (typeof result === "object" && result !== null && "then" in result && typeof result.then === "function") {
    throw new TypeError(
      "A transaction callback must be synchronous, but it returned a promise: the transaction is rolled back",
    );
  }
}
