/**
 * A table as a collection of TanStack DB: its rows are those of a list of the live store, so writes of any part of the application show in it, and
 * joins over several collections see a transaction whole. Its mutations go through the outbox where the client has one, otherwise straight
 * to the server; what is refused is taken back.
 */

import type { CollectionConfig, PendingMutation } from "@tanstack/db";
import type { RowId } from "../../core/ids.ts";
import type { KeyOf, NewOf, RowOf, TableName } from "../client-tables.ts";
import type { LaterWrite, OutboxClient } from "../offline/offline-types.ts";
import type { LiveStore, StoreHandle, StoreListOptions } from "../store/store-types.ts";

type AnyRow = Readonly<Record<string, unknown>>;

export interface CollectionOptions<Row> extends Pick<StoreListOptions<Row>, "filter" | "partition"> {
  /** Column of the key. Needed only where rows are inserted before the server has told of the table, and it is not `id`. */
  readonly key?: keyof Row & string;
  /** `BasicIndex` or `BTreeIndex` of TanStack DB: indexes are made for the columns that queries join and compare by. */
  readonly index?: NonNullable<CollectionConfig<AnyRow, RowId>["defaultIndexType"]>;
}

type Key<T> = [KeyOf<T>] extends [never] ? RowId : Extract<RowOf<T>[KeyOf<T> & keyof RowOf<T>], RowId>;

/** What is inserted: the key, and the columns that a create needs; the server fills in the rest. */
export type CollectionInsert<T> = NewOf<T> & Required<Pick<NewOf<T>, KeyOf<T> & keyof NewOf<T>>>;

/** By which TanStack DB knows that what is inserted has fewer columns than a row (Standard Schema, version 1). It checks nothing: the server does. */
interface InsertSchema<Input, Output> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: "ledge";
    readonly validate: (value: unknown) => { readonly value: Output };
    readonly types?: { readonly input: Input; readonly output: Output };
  };
}
type SchemaOf<T> = InsertSchema<CollectionInsert<T> & object, RowOf<T> & object>;

const UNCHECKED: InsertSchema<AnyRow, AnyRow> = {
  "~standard": { version: 1, vendor: "ledge", validate: (value) => ({ value: value as AnyRow }) },
};

interface StoreClient<C> {
  readonly store: LiveStore<C>;
  readonly outbox?: object;
}

/** `createCollection(ledgeCollectionOptions(client, "tasks"))`; `client` is one of `withStore`. */
export function ledgeCollectionOptions<C, N extends TableName<C>>(
  client: StoreClient<C>,
  table: N,
  { key, index, ...options }: CollectionOptions<RowOf<C[N]>> = {},
): CollectionConfig<RowOf<C[N]> & object, Key<C[N]>, SchemaOf<C[N]>> & { readonly schema: SchemaOf<C[N]> } {
  const handle = client.store.list(table, options) as unknown as StoreHandle<{
    readonly rows: readonly AnyRow[];
    readonly status: string;
    readonly error: unknown;
    readonly isReady: boolean;
  }>;
  const keyOf = (row: AnyRow) => {
    const name = key ?? client.store.keyOf(table);
    const id = row[name] as Key<C[N]> | undefined;
    if (id === undefined)
      throw new TypeError(`Cannot add a row to the collection ${table}: it does not name its key, ${name}`);
    return id;
  };
  let held = new Map<RowId, AnyRow>();
  const write = async (writes: readonly LaterWrite[]): Promise<void> => {
    // Both show it at once; so what TanStack DB shows by itself may go as soon as it is stored, or sent.
    // A client makes a table of any name it is asked for.
    const outbox = client.outbox as OutboxClient | undefined;
    if (typeof outbox?.transaction === "function") await outbox.transaction(writes);
    else await (client.store as LiveStore<unknown>).write(writes);
  };
  const carryOut = async ({ transaction }: { readonly transaction: { readonly mutations: readonly unknown[] } }) => {
    const mutations = transaction.mutations as readonly PendingMutation<AnyRow>[];
    await write(
      mutations.map(({ type, key: id, changes, modified }): LaterWrite => {
        const place = { table, ...(options.partition !== undefined && { partition: options.partition }), id };
        if (type === "insert")
          return { ...place, op: "create", values: modified as object as NonNullable<LaterWrite["values"]> };
        const on = held.get(id);
        if (type === "delete") return { ...place, op: "delete", ...(on && { on }) };
        return { ...place, op: "update", values: changes as NonNullable<LaterWrite["values"]>, ...(on && { on }) };
      }),
    );
  };
  const config: CollectionConfig<AnyRow, RowId, typeof UNCHECKED> = {
    schema: UNCHECKED,
    ...(index !== undefined && { autoIndex: "eager", defaultIndexType: index }),
    id: `ledge:${handle.key}`,
    getKey: keyOf as (row: AnyRow) => RowId,
    sync: {
      rowUpdateMode: "full",
      sync: ({ begin, write: put, commit, markReady, markError }) => {
        held = new Map();
        const show = () => {
          const { rows, isReady, status, error } = handle.getSnapshot();
          const next = new Map<RowId, AnyRow>(rows.map((row) => [keyOf(row), row]));
          begin();
          for (const id of held.keys()) if (!next.has(id)) put({ type: "delete", key: id });
          for (const [id, row] of next) {
            const before = held.get(id);
            if (before !== row) put({ type: before === undefined ? "insert" : "update", value: row });
          }
          commit();
          held = next;
          if (isReady) markReady();
          else if (status === "error") markError(error);
        };
        const leave = handle.subscribe(show);
        show();
        return leave;
      },
    },
    onInsert: carryOut,
    onUpdate: carryOut,
    onDelete: carryOut,
  };
  return config as unknown as ReturnType<typeof ledgeCollectionOptions<C, N>>;
}
