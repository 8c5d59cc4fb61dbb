/**
 * One operation of a transaction as plain data, read from JSON or made by server code ([HT55]); the same for all forms. What it
 * names is not looked up here: whether the table exists and the caller may is the edge's to find out.
 */

import type { Json, JsonObject } from "../json.ts";

export const TRANSACTION_OPS = ["create", "read", "list", "update", "replace", "upsert", "delete", "restore"] as const;
/** `count` is for server code only. */
export type TransactionOp = (typeof TRANSACTION_OPS)[number] | "count";

/** Rows that an operation must be about: exactly one, at least one, or that many. */
export type Expect = "one" | "some" | number;

export interface Operation {
  readonly op: TransactionOp;
  readonly resource: string;
  readonly partition: string | null;
  /** Name of the result ([HT58]). */
  readonly as: string;
  /** A scalar, or a text that holds references. */
  readonly id: Json | undefined;
  /** Filter text, or an object of equalities; undefined when the row is named by its id. `""` is every row. */
  readonly where: string | JsonObject | undefined;
  readonly data: JsonObject | undefined;
  readonly ifVersion: string | undefined;
  readonly expect: Expect | undefined;
  /** Filters over the results so far ([HT57]). */
  readonly when: string | undefined;
  readonly require: string | undefined;
  readonly select: string | undefined;
  readonly orderBy: string | undefined;
  readonly limit: number | undefined;
  /** Server code only: no list over HTTP can hold it. */
  readonly writes?: "all";
}

export type Isolation = "serializable" | "committed";

export interface TransactionRequest {
  readonly atomic: boolean;
  readonly isolation: Isolation;
  readonly operations: readonly Operation[];
}

/** What an operation came to: a row, an array of rows, `{count, ids}`, `{id}`; null: it was skipped, or there is no such row. */
export type Result = Json;
