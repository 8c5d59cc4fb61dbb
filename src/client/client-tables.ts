/**
 * The tables of a client by its type: their names, rows, keys, what a create takes; and the writes of any of them, for transactions, in which a wrong
 * table, column or value does not compile. Types only.
 */

import type { RowId } from "../core/ids.ts";
import type { LaterWrite } from "./offline/offline-types.ts";
import type { TableClient } from "./table-types.ts";

/** A table of the client, or the inside of its partitions. */
type Inner<T> = T extends { in(partition: string): infer I } ? I : T;
export type RowOf<T> = Inner<T> extends TableClient<infer Row, infer _New, infer _Key> ? Row : never;
export type NewOf<T> = Inner<T> extends TableClient<infer _Row, infer New, infer _Key> ? New : never;
export type KeyOf<T> = Inner<T> extends TableClient<infer Row, infer _New, infer Key> ? Key & keyof Row : never;
export type TableName<C> = { [N in keyof C & string]: RowOf<C[N]> extends never ? never : N }[keyof C & string];

export type IdOf<T> = [KeyOf<T>] extends [never] ? RowId : RowOf<T>[KeyOf<T> & keyof RowOf<T>];

/** A write of one table: what its methods take, as data. */
type WriteOfTable<N, T> = PartitionOf<T> & {
  readonly table: N;
  /** The row as it was shown when the write was made: a change by somebody else is noticed. */
  readonly on?: object;
} & (
    | { readonly op: "create"; readonly id?: IdOf<T>; readonly values: NewOf<T> }
    | { readonly op: "update"; readonly id: IdOf<T>; readonly values: Partial<NewOf<T>> }
    | { readonly op: "replace"; readonly id: IdOf<T>; readonly values: NewOf<T> }
    | { readonly op: "delete"; readonly id: IdOf<T> }
  );

/** Named where the table lies in partitions, as `in` names it. */
type PartitionOf<T> = T extends { in(partition: string): unknown }
  ? T extends { readonly list: unknown }
    ? { readonly partition?: string }
    : { readonly partition: string }
  : object;

/** A write of any table of the client `C`; of a client without types any write. */
export type WriteOf<C> = [TableName<C>] extends [never]
  ? LaterWrite
  : { [N in TableName<C>]: WriteOfTable<N, C[N]> }[TableName<C>];
