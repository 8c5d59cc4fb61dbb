/**
 * From `typeof app` to the types of the client's tables ([TY3]). The application is known by the shape of its phantom `types`,
 * so that the server's own types (Request, Durable Objects) are not needed where the client is compiled. Types only.
 */

import type { InferInsertModel } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { RowOf } from "../define/row-types.ts";
import type { TableClient } from "./table-types.ts";

/** What the client reads of a resource. */
interface ResourceLike {
  readonly table: SQLiteTable;
}

/** Anything with the type of an application: `createClient<typeof app>(…)`. */
export interface AppLike {
  readonly types?: object;
}

/** What a table's configuration decides and its Drizzle table does not tell. */
export interface Traits {
  /** The partition column: the table is reached through `in(partition)` only. */
  readonly partitionBy?: string;
  /** Columns that the server fills: a create need not give them. */
  readonly filled?: string;
  /** Columns that no client sees. */
  readonly hidden?: string;
  /** Computed fields, by name. */
  readonly computed?: object;
}

/** By name; a resource whose name is only known to be text is none that could be asked for. */
type ResourcesIn<A> = A extends { readonly types?: infer R } ? Named<NonNullable<R>> : never;
type Named<R> = { readonly [N in keyof R as string extends N ? never : N]: R[N] };
type TableIn<R> = R extends { readonly table: infer T extends SQLiteTable } ? T : never;
type TraitsIn<R> = R extends { readonly traits?: infer T } ? NonNullable<T> : unknown;
type Trait<R, Name extends keyof Traits, Default> = TraitsIn<R> extends { readonly [N in Name]: infer V } ? V : Default;

/** A trait that nobody has stated. */
interface Unstated {
  readonly unstated: true;
}

/**
 * States traits where the type of the application does not have them, or has others:
 * `createClient<WithTraits<typeof app, { messages: { partitionBy: "roomId" } }>>(…)`.
 */
export interface WithTraits<A extends AppLike, M extends TraitsByName<ResourcesIn<A>>> {
  readonly types?: {
    readonly [N in keyof ResourcesIn<A>]: {
      readonly table: TableIn<ResourcesIn<A>[N]>;
      readonly traits?: N extends keyof M
        ? M[N] & Omit<TraitsIn<ResourcesIn<A>[N]>, keyof M[N]>
        : TraitsIn<ResourcesIn<A>[N]>;
    };
  };
}

type TraitsByName<R> = {
  readonly [N in keyof R]?: {
    readonly partitionBy?: keyof TableIn<R[N]>["_"]["columns"];
    readonly filled?: keyof TableIn<R[N]>["_"]["columns"];
    readonly hidden?: keyof TableIn<R[N]>["_"]["columns"];
    readonly computed?: object;
  };
};

type KeyIn<T extends SQLiteTable> = {
  [N in keyof T["_"]["columns"] & string]: T["_"]["columns"][N]["_"]["isPrimaryKey"] extends true ? N : never;
}[keyof T["_"]["columns"] & string];

/** What a column takes: times also as Date or ms. */
type InputForm<V> = V extends Date ? string | number | Date : V extends bigint | Uint8Array ? string : V;
type InsertOf<T extends SQLiteTable> = { [N in keyof InferInsertModel<T>]: InputForm<InferInsertModel<T>[N]> };
type Flat<T> = { [N in keyof T]: T[N] };
type Loosened<T, Names> = Flat<Omit<T, Names & keyof T> & Partial<Pick<T, Names & keyof T>>>;

/** A row as the client gets it. */
export type ClientRow<R> = Flat<
  Omit<RowOf<TableIn<R>>, Trait<R, "hidden", never> & string> & Trait<R, "computed", unknown>
>;

/** What a create takes: not needed are the key, columns with a default or NULL, and what the server fills. */
export type ClientInsert<R> = Loosened<
  InsertOf<TableIn<R>>,
  KeyIn<TableIn<R>> | Trait<R, "filled", never> | Trait<R, "partitionBy", never>
>;

type TableOf<R> = TableClient<ClientRow<R>, ClientInsert<R>, KeyIn<TableIn<R>> & keyof ClientRow<R>>;

/** A table that lies in partitions. */
export interface Partitioned<Table> {
  /** The table in one partition: `client.messages.in("lobby").list()`. `ValidationError` for what cannot be a name. */
  in(partition: string): Table;
}

type Reached<R, Partition> = [Partition] extends [never]
  ? TableOf<R>
  : Partition extends Unstated
    ? TableOf<R> & Partitioned<TableOf<R>>
    : Partitioned<TableOf<R>>;

export type UntypedRow = { readonly id: string; readonly [column: string]: unknown };

/** A table without types of an application: `client.resource<Task>("tasks")`. */
export type UntypedTable<Row> = TableClient<Row, Partial<Row>, "id" & keyof Row> &
  Partitioned<TableClient<Row, Partial<Row>, "id" & keyof Row>>;

/** The tables of an application by the name they are served under, and any other by its path ([SDK1] [TY1]). */
export type Client<A extends AppLike> = {
  readonly [N in keyof ResourcesIn<A>]: ResourcesIn<A>[N] extends ResourceLike
    ? Reached<ResourcesIn<A>[N], Trait<ResourcesIn<A>[N], "partitionBy", Unstated>>
    : never;
} & {
  resource<Row extends object = UntypedRow>(path: string): UntypedTable<Row>;
};
