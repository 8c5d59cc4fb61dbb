/**
 * `ledge/client/offline`: `withOutbox` puts writes that are never lost on a client: stored first, sent when it can be, seen until they are
 * certain. An entry of its own, so that whoever is always online does not carry it.
 */

export type { Conflict, ConflictPolicy, Resolution } from "../core/offline/conflict.ts";
export type { RowWrite } from "../core/offline/outbox-entry.ts";
export { type StatusLabel, type SyncStatus, statusLabel } from "../core/offline/sync-status.ts";
export { type WaitsFor, waitsFor } from "../core/offline/waits-for.ts";
export type { WriteOf } from "./client-tables.ts";
export { indexedDbStorage } from "./offline/indexed-db-storage.ts";
export { keyValueStorage } from "./offline/key-value-storage.ts";
export { memoryStorage } from "./offline/memory-storage.ts";
export type {
  LaterOptions,
  LaterTable,
  LaterWrite,
  OutboxClient,
  OutboxItem,
  OutboxOptions,
  Queued,
  Sync,
  WithOutbox,
} from "./offline/offline-types.ts";
export type { OutboxStorage } from "./offline/outbox-storage.ts";
export type { TabPlatform } from "./offline/tab-platform.ts";
export { withOutbox } from "./offline/with-outbox.ts";
