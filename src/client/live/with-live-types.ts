/** From the type of a client to that of the same client with live queries. Types only. */

import type { ReadableName, UntypedRow, UntypedTable } from "../app-types.ts";
import type { TableClient } from "../table-types.ts";
import type { LiveTable, Realtime } from "./live-types.ts";

export type LiveMember<T> = T extends { in(partition: string): infer Inner }
  ? Omit<LiveRows<T>, "in"> & { in(partition: string): LiveRows<Inner> }
  : LiveRows<T>;

type LiveRows<T> = T extends TableClient<infer Row, infer _New, infer Key> ? T & LiveTable<Row, Key> : T;

/** The tables with `subscribe`, and `realtime`. */
export type WithLive<C> = {
  readonly [N in Exclude<keyof C, "resource">]: LiveMember<C[N]>;
} & {
  resource<N extends ReadableName<C>>(path: N): LiveMember<C[N]>;
  resource<Row extends object = UntypedRow>(path: string): LiveMember<UntypedTable<Row>>;
  readonly realtime: Realtime;
};
