/**
 * `optimisticUpdate(client, table, id, patch, send)` ([SDK7]): shows a change while a request of one's own makes it, and takes it back when that fails.
 * What is shown lies over the rows of the server and replaces none of them, so a rollback gives back the row as it stands by
 * then, with what others have changed. A function of its own, so that a bundle has it only where it is called.
 */

import type { IdOf, NewOf, TableName } from "../client-tables.ts";
import { PLATFORM, type SignalLike } from "../platform.ts";
import type { AnyTable } from "../table-client.ts";
import type { LiveStore } from "./store-types.ts";

export interface OptimisticUpdate<T> {
  /** Takes back what is shown and aborts the request. It cannot take back what the server has: that is shown again by the watches. */
  readonly rollback: () => void;
  /** The answer of the request; rejects with its failure, after what was shown was taken back. */
  readonly done: Promise<T>;
}

interface AnyClient {
  readonly store: LiveStore<unknown>;
  readonly resource: (path: string) => AnyTable;
}

/**
 * `send` makes the change on the server: default `client[table].update(id, patch)`. Where it gives the row as a method of the client did, its tag says from
 * when on the watches have it.
 */
export function optimisticUpdate<C extends { readonly store: object }, N extends TableName<C>, T = unknown>(
  client: C,
  table: N,
  id: IdOf<C[N]>,
  patch: Partial<NewOf<C[N]>>,
  send?: (signal: SignalLike) => Promise<T>,
  { partition }: { readonly partition?: string } = {},
): OptimisticUpdate<T> {
  const { store, resource } = client as unknown as AnyClient;
  const place = partition === undefined ? {} : { partition };
  const controller = PLATFORM.makeController();
  const shown = store.show({ op: "update", table, ...place, id, values: patch } as never);
  const request = async (): Promise<T> => {
    const { signal } = controller;
    try {
      const whole = resource(table);
      const rows = partition === undefined ? whole : whole.in(partition);
      const result = await (send?.(signal) ?? (rows.update(id as never, patch, { signal }) as Promise<T>));
      shown.settle(result);
      return result;
    } catch (error) {
      shown.rollback();
      throw error;
    }
  };
  const done = request();
  const rollback = () => {
    // Whoever takes it back knows that it is aborted.
    done.catch(() => {});
    shown.rollback();
    controller.abort();
  };
  return { rollback, done };
}
