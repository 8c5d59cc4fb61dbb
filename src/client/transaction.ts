/**
 * `ledge/client/transaction`: lists of operations in one request ([TX1] [TX26]). An entry of its own, so that whoever needs none does not
 * bundle it. A list carries a key, the same for each attempt, so it takes effect once; a sequential one that stopped goes on where
 * it was when it is sent again under its key.
 */

import type { NewOf, RowOf, TableName } from "./client-tables.ts";
import type { CallOptions } from "./send.ts";

/** One operation; docs/transactions.md. */
export interface TransactionOperation {
  readonly op: "create" | "read" | "list" | "update" | "replace" | "upsert" | "delete" | "restore";
  readonly resource: string;
  readonly partition?: string;
  /** Name of the result, and what `{{name.column}}` refers to. */
  readonly as?: string;
  readonly id?: string | number;
  readonly where?: string | Readonly<Record<string, unknown>>;
  readonly all?: true;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly ifVersion?: string;
  readonly expect?: "one" | "some" | number;
  readonly when?: string;
  readonly require?: string;
  readonly select?: string | readonly string[];
  readonly orderBy?: string | readonly string[];
  readonly limit?: number;
}

/** A value, or a text that names one of an earlier result: `{{order.id}}`. */
type DataOf<T> = { readonly [N in keyof NewOf<T>]?: NewOf<T>[N] | `${string}{{${string}` };

/** An operation on a table of the client `C`; on any table where the client has no types. */
export type OperationOf<C> = [TableName<C>] extends [never]
  ? TransactionOperation
  : {
      [N in TableName<C>]: Omit<TransactionOperation, "resource" | "data" | "select"> & {
        readonly resource: N;
        readonly data?: DataOf<C[N]>;
        readonly select?: string | readonly (keyof RowOf<C[N]> & string)[];
      };
    }[TableName<C>];

export interface TransactionStep {
  readonly index: number;
  readonly as: string;
  readonly op: TransactionOperation["op"];
  readonly resource: string;
  readonly status: "done" | "skipped" | "failed" | "not-run";
  readonly id?: string | number;
  /** What `ifVersion` takes. */
  readonly version?: string;
  /** Of the step that failed. */
  readonly problem?: { readonly code: string; readonly status: number; readonly [member: string]: unknown };
}

export interface TransactionReply<Results> {
  /** False: a sequential list has stopped; `steps` tells where. */
  readonly ok: boolean;
  readonly txid?: string;
  readonly results: Results;
  readonly steps: readonly TransactionStep[];
  readonly seqs: readonly {
    readonly resource: string;
    readonly partition?: string;
    readonly token?: string;
    readonly txid?: string;
  }[];
}

export interface TransactionOptions extends CallOptions {
  readonly idempotencyKey?: string;
  readonly isolation?: "serializable" | "committed";
}

/** Any client of `createClient`. */
interface AnyClient {
  resource(path: string): object;
}

type LooseResults = Readonly<Record<string, unknown>>;

/** All or nothing. Rejects with the failure of the operation that failed: `details.index`, `details.as`. */
export function transaction<Results = LooseResults, C extends AnyClient = AnyClient>(
  client: C,
  operations: readonly OperationOf<C>[],
  options: TransactionOptions = {},
): Promise<TransactionReply<Results>> {
  return post(client, { operations, isolation: options.isolation }, options);
}

/** One after the other; nothing is undone. Resolves also when it has stopped: look at `ok`. */
export function runSequential<Results = LooseResults, C extends AnyClient = AnyClient>(
  client: C,
  operations: readonly OperationOf<C>[],
  options: Omit<TransactionOptions, "isolation"> = {},
): Promise<TransactionReply<Results>> {
  return post(client, { operations, atomic: false }, options);
}

/** The address is one that no table has, and a create is a POST with a key: what a list needs. */
function post<Reply>(client: AnyClient, body: object, options: TransactionOptions): Promise<Reply> {
  const { create } = client.resource("transaction") as {
    readonly create: (body: object, options: object) => Promise<Reply>;
  };
  return create(body, options);
}
