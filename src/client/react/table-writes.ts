/**
 * The writes of a table as hooks give them: stored first, shown at once, sent when it can be (`later` of the outbox). Each resolves once it is
 * stored; what the server refuses is in `useSyncStatus().refused`. The same functions for as long as the client is the same.
 */

import type { LaterTable } from "../offline/offline-types.ts";
import type { HookClient, Key, Name, New, Row } from "./registered.ts";

export type TableWrites<N extends Name> = LaterTable<Row<N>, New<N>, Key<N>>;

interface LaterLike {
  readonly later: object;
  in(partition: string): LaterLike;
}

const made = new WeakMap<object, Map<string, object>>();

export function tableWrites<N extends Name>(client: HookClient, table: N, partition?: string): TableWrites<N> {
  const place = JSON.stringify([table, partition]);
  const known = made.get(client) ?? new Map<string, object>();
  made.set(client, known);
  const found = (client as unknown as Readonly<Record<string, LaterLike>>)[table] as LaterLike;
  const writes = known.get(place) ?? (partition === undefined ? found : found.in(partition)).later;
  known.set(place, writes);
  return writes as TableWrites<N>;
}
