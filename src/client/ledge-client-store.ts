/**
 * `ledge/client/store`: `withStore` puts the live store on a client: lists, rows, aggregates and queries that are shared, followed, and shown with the
 * writes that the server does not have yet; `createClient` makes one with live queries, an outbox and the store. An entry of its own, so
 * that whoever only asks does not carry it.
 */

import type { AppLike, Client } from "./app-types.ts";
import { type ClientOptions, createClient as createBareClient } from "./create-client.ts";
import { type LiveOptions, withLive } from "./live/with-live.ts";
import type { WithLive } from "./live/with-live-types.ts";
import type { OutboxOptions, WithOutbox } from "./offline/offline-types.ts";
import { withOutbox } from "./offline/with-outbox.ts";
import type { WithStore } from "./store/store-types.ts";
import { type StoreOptions, withStore } from "./store/with-store.ts";

export type { TableName, WriteOf } from "./client-tables.ts";
export type { DehydratedStore } from "./store/handover.ts";
export {
  createInfiniteScroll,
  type InfiniteScroll,
  type InfiniteScrollOptions,
  type InfiniteScrollState,
} from "./store/infinite-scroll.ts";
export { keyValueRows } from "./store/key-value-rows.ts";
export { type OptimisticUpdate, optimisticUpdate } from "./store/optimistic-update.ts";
export { indexedDbRows, type KeptRows, memoryRows, type RowStorage } from "./store/row-storage.ts";
export type {
  AggregateSnapshot,
  InfiniteHandle,
  InfiniteSnapshot,
  ListSnapshot,
  LiveStore,
  Overlaid,
  QueryHandle,
  QuerySnapshot,
  RowSnapshot,
  StoreAggregateOptions,
  StoreHandle,
  StoreInfiniteOptions,
  StoreListOptions,
  StoreQuery,
  StoreRowOptions,
  StoreStats,
  WithStore,
} from "./store/store-types.ts";
export { type StoreOptions, withStore } from "./store/with-store.ts";

export type StoreClient<A extends AppLike> = WithStore<WithOutbox<WithLive<Client<A>>>>;

/** All in one, for hooks too. With sign-in instead: `withStore(withOutbox(withLive(createClient(…))))`, of `ledge/client/auth`. */
export function createClient<A extends AppLike>(
  options: ClientOptions & {
    readonly live?: LiveOptions;
    readonly offline?: true | OutboxOptions;
    readonly store?: StoreOptions;
  },
): StoreClient<A> {
  const { live, offline = true, store, ...rest } = options;
  return withStore(withOutbox(withLive(createBareClient<A>(rest), live), offline === true ? {} : offline), store);
}
