/** What `transaction({…})` and `mapRoute({…})` take, and what their functions see ([TX3]). Types only. */

import type { Principal } from "../../core/scope/principal.ts";
import type { Expect, Isolation, TransactionOp } from "../../core/transaction/operation.ts";
import type { StandardSchema } from "../../define/config.ts";
import type { LedgeEnv } from "../env.ts";
import type { Check } from "../require-valid.ts";
import type { LooseRow } from "./tx.ts";
import type { WhereInput } from "./where-input.ts";

/** The types of one transaction, where its writer states them: `transaction<{ body: SignUp; results: { user: UserRow } }>({…})`. */
export interface TransactionTypes {
  readonly body?: unknown;
  readonly results?: object;
  readonly prepared?: unknown;
}

type BodyOf<T extends TransactionTypes> = T extends { readonly body: infer B } ? B : LooseRow;
type PreparedOf<T extends TransactionTypes> = T extends { readonly prepared: infer P } ? P : LooseRow;
/** By name, and by index. */
export type ResultsOf<T extends TransactionTypes> = T extends { readonly results: infer R }
  ? R & { readonly [index: number]: LooseRow }
  : { readonly [name: string]: LooseRow };

export interface Services {
  /** A service of the application: `defineApp({ services: { metrics: (env) => … } })`. */
  resolve<S = LooseRow>(name: string): S;
}

export interface TransactionContext<T extends TransactionTypes = TransactionTypes> {
  readonly body: BodyOf<T>;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly user: Principal;
  readonly request: Request;
  /** Of the operations before. */
  readonly results: ResultsOf<T>;
  readonly prepared: PreparedOf<T>;
  /** ms since 1970. Fixed for the request, as are the ids: a repeated run sees the same. */
  readonly now: number;
  readonly env: LedgeEnv;
  readonly context: Services;
  newId(): string;
}

type Of<T extends TransactionTypes, V> = V | ((ctx: TransactionContext<T>) => V);

/** One operation. What its functions return is data: only objects and texts that stand in the list may hold `{{…}}`. */
export interface OperationSpec<T extends TransactionTypes = TransactionTypes> {
  readonly op: Exclude<TransactionOp, "count">;
  readonly resource?: string;
  /** Another spelling of `resource`. */
  readonly entity?: string;
  /** Known before anything runs: its function sees no results. */
  readonly partition?: Of<T, string>;
  readonly as?: string;
  readonly id?: Of<T, string | number>;
  readonly where?: Of<T, WhereInput>;
  readonly all?: true;
  readonly data?: Of<T, object>;
  /** False: the step is skipped. */
  readonly condition?: (ctx: TransactionContext<T>) => boolean;
  readonly when?: string;
  /** False: the transaction fails, 412. */
  readonly require?: string | ((ctx: TransactionContext<T>) => boolean);
  readonly ifVersion?: Of<T, string>;
  readonly expect?: Expect;
  /** Takes the place of the result, for later steps and the reply. */
  readonly transform?: (result: LooseRow, ctx: TransactionContext<T>) => unknown;
  readonly select?: string | readonly string[];
  readonly orderBy?: string | readonly string[];
  readonly limit?: number;
  /** `all`: functions see every column of the result, the reply does not. */
  readonly fields?: "all";
  /** `all`: data may set columns that clients may not. Name the columns; do not pass a body on. */
  readonly writes?: "all";
}

export interface EffectSpec {
  readonly task: string;
  readonly input?: unknown;
}

export interface TransactionSpec<T extends TransactionTypes = TransactionTypes> {
  /** Default: true. */
  readonly atomic?: boolean;
  readonly isolation?: Isolation;
  /** 1–10; default 5. */
  readonly maxTries?: number;
  /** Runs first; nothing is read when it fails. */
  readonly validate?: StandardSchema | ((body: LooseRow, ctx: TransactionContext<T>) => Check | Promise<Check>);
  /** Asynchronous work, once, before the first operation: its value is `ctx.prepared`. */
  readonly prepare?: (ctx: TransactionContext<T>) => unknown;
  readonly operations: OperationSpec<T> | readonly OperationSpec<T>[];
  /** Committed with the rows, carried out after ([TX40]). */
  readonly effects?: (results: ResultsOf<T>, ctx: TransactionContext<T>) => readonly EffectSpec[];
  /** After the commit, best effort: lost if the Worker dies. */
  readonly onSuccess?: (results: ResultsOf<T>, ctx: TransactionContext<T>) => unknown;
  /** After the final failure; cannot change the answer. */
  readonly onError?: (
    error: { readonly code: string; readonly [member: string]: unknown },
    ctx: TransactionContext<T>,
  ) => unknown;
}

export interface RouteSpec<T extends TransactionTypes = TransactionTypes> extends TransactionSpec<T> {
  /** Under the base path: `/signup`, `/projects/:id/close`. */
  readonly path: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly description?: string;
  /** Who may enter; unset: nobody. Scopes of the operations apply besides. */
  readonly auth?: "public" | "user" | readonly string[] | ((user: Principal) => boolean | Promise<boolean>);
  /** `system`: the operations run without scopes; every run is in the log. */
  readonly scopes?: "system";
  readonly response?: ResponseSpec<T>;
}

export interface ResponseSpec<T extends TransactionTypes = TransactionTypes> {
  /** The result to answer with, by its name; default: all, by name. */
  readonly entity?: string;
  readonly pick?: readonly string[];
  readonly omit?: readonly string[];
  readonly transform?: (value: LooseRow, ctx: TransactionContext<T>) => unknown;
  /** Default: 201 when `entity` names a create, else 200. */
  readonly status?: number;
}
