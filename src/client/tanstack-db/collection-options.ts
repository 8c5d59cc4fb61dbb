/**
 * A table as a collection of TanStack DB: its rows are those of a list of the live store, so writes of any part of the application show in it, and
 * joins over several collections see a transaction whole. Its mutations go through the outbox where the client has one, otherwise straight
 * to the server; what is refused is taken back.
 */

import type { CollectionConfig, PendingMutation } from "@tanstack/db";
import type { RowId } from "../../core/ids.ts";
import type { LaterWrite, OutboxClient } from "../offline/offline-types.ts";
import type { KeyOf, LiveStore, RowOf, StoreHandle, StoreListOptions, TableName } from "../store/store-types.ts";

export interface CollectionOptions<Row> extends Pick<StoreListOptions<Row>, "filter" | "partition"> {
  /** Column of the key; default `id`. */
  readonly key?: keyof Row & string;
}

type AnyRow = Readonly<Record<string, unknown>>;
type Key<T> = [KeyOf<T>] extends [never] ? RowId : Extract<RowOf<T>[KeyOf<T> & keyof RowOf<T>], RowId>;

interface StoreClient<C> {
  readonly store: LiveStore<C>;
  readonly outbox?: OutboxClient;
}

/** `createCollection(ledgeCollectionOptions(client, "tasks"))`; `client` is one of `withStore`. */
export function ledgeCollectionOptions<C, N extends TableName<C>>(
  client: StoreClient<C>,
  table: N,
  { key = "id" as keyof RowOf<C[N]> & string, ...options }: CollectionOptions<RowOf<C[N]>> = {},
): CollectionConfig<RowOf<C[N]> & object, Key<C[N]>> {
  const handle = client.store.list(table, options) as unknown as StoreHandle<{
    readonly rows: readonly AnyRow[];
    readonly status: string;
    readonly error: unknown;
    readonly isReady: boolean;
  }>;
  const keyOf = (row: AnyRow) => row[key] as Key<C[N]>;
  let held = new Map<RowId, AnyRow>();
  const write = async (writes: readonly LaterWrite[]): Promise<void> => {
    // Both show it at once; so what TanStack DB shows by itself may go as soon as it is stored, or sent.
    // A client makes a table of any name it is asked for.
    if (typeof client.outbox?.transaction === "function") await client.outbox.transaction(writes);
    else await client.store.write(writes);
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
  const config: CollectionConfig<AnyRow, RowId> = {
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
  return config as unknown as CollectionConfig<RowOf<C[N]> & object, Key<C[N]>>;
}
