/**
 * `ledge/client/store`: `withStore` puts the live store on a client: lists, rows, aggregates and queries that are shared, followed, and shown with the
 * writes that the server does not have yet. An entry of its own, so that whoever only asks does not carry it.
 */

export type { DehydratedStore } from "./store/handover.ts";
export { keyValueRows } from "./store/key-value-rows.ts";
export { indexedDbRows, type KeptRows, memoryRows, type RowStorage } from "./store/row-storage.ts";
export type {
  AggregateSnapshot,
  InfiniteHandle,
  InfiniteSnapshot,
  ListSnapshot,
  LiveStore,
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
  TableName,
  WithStore,
} from "./store/store-types.ts";
export { type StoreOptions, withStore } from "./store/with-store.ts";
