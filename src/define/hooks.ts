/**
 * Hooks of a resource ([HT31]): asynchronous ones before a write, in the Worker; a synchronous one inside the object's
 * transaction; ones after the commit, best effort in the Worker or, when durable, through the ledger's outbox.
 * Types and the two helpers; the edge and the objects run them.
 */

import type { Json, JsonObject } from "../core/json.ts";
import type { Anonymous, User } from "../core/scope/principal.ts";

type AnyRow = Readonly<Record<string, unknown>>;

export interface HookContext {
  readonly user: User | Anonymous;
  readonly requestId: string;
  readonly env: unknown;
  /** ms since 1970, fixed for the request. */
  readonly now: number;
  readonly partition: string | null;
}

/** A change as `onWrite` sees it; `after` is null for a removal, `before` for a creation. */
export interface WriteChange<R = AnyRow> {
  readonly op: "create" | "update" | "delete";
  readonly before: R | null;
  readonly after: R | null;
}

/**
 * The row being written is there to be seen, which writes it: columns that may not be null have to be given by then. With `at: "before"`
 * it is not written for the look.
 */
export interface LookOptions {
  readonly at?: "before";
}

/** The synchronous transaction of one object, as `onWrite` sees it. Nothing in it may be awaited. */
export interface ObjectTransaction {
  /** ms since 1970, the same as the commit's time. */
  readonly now: number;
  readonly user: User | Anonymous;
  newId(): string;
  get(table: string, id: string | number, options?: LookOptions): AnyRow | null;
  /** Rows under a filter text, in the order of `orderBy` (a column; default: the id); at most 1000. */
  find(
    table: string,
    filter: string,
    options?: LookOptions & { readonly limit?: number; readonly orderBy?: string },
  ): AnyRow[];
  /** Number of rows under a filter text; with a limit, counting stops there. */
  count(table: string, filter: string, options?: LookOptions & { readonly limit?: number }): number;
  /** Writes to tables of the same object: validated and in the ledger like any write, without scopes and without hooks. */
  create(table: string, row: Readonly<Record<string, Json>>): AnyRow;
  update(table: string, id: string | number, patch: Readonly<Record<string, Json>>): AnyRow;
  delete(table: string, id: string | number): void;
  /**
   * Puts a named effect into the commit's ledger row: delivered at least once after the commit, never for a rollback; with
   * `delayMs` not before that time has passed.
   */
  effect(name: string, payload: Json, options?: { readonly delayMs?: number }): void;
}

/** What a hook after the commit gets. `key` is `table:seq:index`: with the epoch, what a handler de-duplicates by. */
export interface CommittedChange<R = AnyRow> extends WriteChange<R> {
  readonly id: string | number;
  readonly key: string;
  readonly epoch: string;
  readonly seq: number;
  /** Time of the commit, ms since 1970; told to durable hooks. */
  readonly at?: number;
}

export type AfterHook<R> = (
  change: CommittedChange<R>,
  context: { readonly env: unknown; readonly attempt: number },
) => void | Promise<void>;
/** A function runs best effort in the Worker; `{ durable: true, run }` runs from the outbox, at least once. */
export type AfterHookOption<R> = AfterHook<R> | { readonly durable: true; readonly run: AfterHook<R> };

export interface Hooks<R = AnyRow> {
  /** Returns the draft to go on with (nothing: the one given), or throws. It may set any column. */
  onBeforeCreate?(context: HookContext, draft: Partial<R>): Partial<R> | void | Promise<Partial<R> | void>;
  onBeforeUpdate?(
    context: HookContext,
    change: { readonly before: R; readonly patch: Partial<R> },
  ): Partial<R> | void | Promise<Partial<R> | void>;
  onBeforeDelete?(context: HookContext, row: R): void | Promise<void>;
  /**
   * Inside the transaction: may return columns to change on the row, write to tables of the same object, or throw to roll
   * back. A promise is refused: nothing in a transaction can wait.
   */
  onWrite?(tx: ObjectTransaction, change: WriteChange<R>): Partial<R> | void;
  /**
   * Inside the transaction, once for each row that goes for good, by whatever path: also by a cascade, and by `tx.delete` of another
   * table's hook, which runs no `onWrite`. For what must never be left behind.
   */
  onRemove?(tx: ObjectTransaction, row: R): void;
  readonly onAfterCreate?: AfterHookOption<R>;
  readonly onAfterUpdate?: AfterHookOption<R>;
  readonly onAfterDelete?: AfterHookOption<R>;
}

/**
 * Work of a feature in the transaction of an object: what it changes is one commit, what it throws undoes it. The edge calls it by its name
 * (`callProcedure`); a call that was lost on the way is not repeated, so calling it twice must do no harm.
 */
export type ObjectProcedure = (tx: ObjectTransaction, input: Json) => Json;

export type NotifiedAction = WriteChange["op"];

/** The effect of a table with `notify`; its key says the rest. */
export const NOTIFY = "notify";

/** What that effect carries. */
export interface Notified extends JsonObject {
  readonly action: NotifiedAction;
  readonly id: string | number;
  readonly table: string;
  /** Of the commit, ms since 1970. */
  readonly timestamp: number;
}

/** Rows that want attention at a time. `at` is an integer column, in ms since 1970; NULL: never. */
export interface Wake<R = AnyRow, Column extends string = string> {
  readonly at: Column;
  /** Called in a transaction of the object with rows whose time has come. It must move each row's time, or remove the row. */
  readonly run: (tx: ObjectTransaction, rows: readonly R[]) => void;
}
