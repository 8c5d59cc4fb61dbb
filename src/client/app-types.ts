/**
 * From `typeof app` to the types of the client's tables ([TY3]). The application is known by the shape of its phantom `types`,
 * so that the server's own types (Request, Durable Objects) are not needed where the client is compiled. Types only.
 */

import type { InferInsertModel } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { RowOf } from "../define/row-types.ts";
import type { TableClient } from "./table-types.ts";
import type { FoundAcross, Including, SearchAcross, SearchAcrossOptions, ViewClient } from "./view-types.ts";

/** What the client reads of a resource. */
interface ResourceLike {
  readonly table: SQLiteTable;
}

/** A table as `ledge types` describes it, where the application's own types are not at hand. */
export interface DescribedTable<Row, New, Key extends keyof Row, Partition extends string = never> {
  readonly row: Row;
  /** What a create takes. */
  readonly new: New;
  readonly key: Key;
  readonly traits?: { readonly partitionBy: Partition };
}
interface AnyDescribed {
  readonly row: object;
  readonly new: object;
  readonly key: PropertyKey;
}

/** Anything with the type of an application: `createClient<typeof app>(…)`; `Tables` of `ledge types` is such a type, too. */
export interface AppLike {
  readonly types?: object;
  readonly views?: object;
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
  /** Columns that are copied to D1 beside the key and the partition, where not all are. */
  readonly copied?: string;
  /** By name, as they are declared. */
  readonly relations?: object;
}

/** By name; a resource whose name is only known to be text is none that could be asked for. */
type ResourcesIn<A> = A extends { readonly types?: infer R } ? Named<NonNullable<R>> : object;
type ViewsIn<A> = A extends { readonly views?: infer V } ? Named<NonNullable<V>> : object;
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
  readonly views?: ViewsIn<A>;
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

/** Name of the key column. */
type KeyName<R> = R extends AnyDescribed ? R["key"] : KeyIn<TableIn<R>>;

/** A row as the client gets it. */
export type ClientRow<R> = R extends AnyDescribed
  ? R["row"]
  : Flat<Omit<RowOf<TableIn<R>>, Trait<R, "hidden", never> & string> & Trait<R, "computed", unknown>>;

/** What a create takes: not needed are the key, columns with a default or NULL, and what the server fills. */
export type ClientInsert<R> = R extends AnyDescribed
  ? R["new"]
  : Loosened<InsertOf<TableIn<R>>, KeyIn<TableIn<R>> | Trait<R, "filled", never> | Trait<R, "partitionBy", never>>;

/** What is read of its copies. Computed fields need whole rows. */
type CopiedRow<R> = [Trait<R, "copied", never>] extends [never]
  ? ClientRow<R>
  : Pick<
      ClientRow<R>,
      (Trait<R, "copied", never> | Trait<R, "partitionBy", never> | KeyIn<TableIn<R>>) &
        keyof RowOf<TableIn<R>> &
        keyof ClientRow<R>
    >;

/** Relations over join tables, whose rows `include` adds. */
type RelatedIn<A, R> = RelatedBy<A, Trait<R, "relations", object>>;
type RelatedBy<A, M> = {
  readonly [N in keyof M as string extends N
    ? never
    : M[N] extends { readonly type: "manyToMany" }
      ? N
      : never]: M[N] extends {
    readonly resource: infer To;
  }
    ? RelatedRows<A, To>
    : never;
};
type RelatedRows<A, To> = To extends keyof ResourcesIn<A>
  ? {
      readonly row: CopiedRow<ResourcesIn<A>[To]>;
      readonly key: KeyIn<TableIn<ResourcesIn<A>[To]>>;
      readonly related: RelatedIn<A, ResourcesIn<A>[To]>;
    }
  : { readonly row: UntypedRow; readonly key: "id"; readonly related: object };

type KeyOf<R, Row> = KeyName<R> & keyof Row;
type PlainTable<R> = TableClient<ClientRow<R>, ClientInsert<R>, KeyOf<R, ClientRow<R>>>;
// Its own methods come last: they are what is inferred from.
type TableOf<A, R> = [keyof RelatedIn<A, R>] extends [never]
  ? PlainTable<R>
  : Including<ClientRow<R>, KeyOf<R, ClientRow<R>>, RelatedIn<A, R>> & PlainTable<R>;
type ViewOf<A, R> = ViewClient<CopiedRow<R>, KeyOf<R, CopiedRow<R>>, RelatedIn<A, R>>;

/** A table that lies in partitions. */
export interface Partitioned<Table> {
  /** The table in one partition: `client.messages.in("lobby").list()`. `ValidationError` for what cannot be a name. */
  in(partition: string): Table;
}

type Reached<Table, Partition> = [Partition] extends [never]
  ? Table
  : Partition extends Unstated
    ? Table & Partitioned<Table>
    : Partitioned<Table>;

export type UntypedRow = { readonly id: string; readonly [column: string]: unknown };

/** A table without types of an application: `client.resource<Task>("tasks")`. */
export type UntypedTable<Row> = TableClient<Row, Partial<Row>, "id" & keyof Row> &
  Partitioned<TableClient<Row, Partial<Row>, "id" & keyof Row>>;

type Tables<A> = {
  readonly [N in keyof ResourcesIn<A>]: ResourcesIn<A>[N] extends ResourceLike | AnyDescribed
    ? Reached<TableOf<A, ResourcesIn<A>[N]>, Trait<ResourcesIn<A>[N], "partitionBy", Unstated>>
    : never;
};
type Views<A> = { readonly [N in keyof ViewsIn<A>]: ViewOf<A, ViewsIn<A>[N]> };

type CopiedRows<A> = { readonly [N in keyof ResourcesIn<A>]: CopiedRow<ResourcesIn<A>[N]> };

interface Searching<Rows> {
  /** Full text over several tables, in their copies ([S9]). */
  readonly search: SearchAcross<Rows>;
}
interface UntypedSearching {
  search(q: string, options?: SearchAcrossOptions<string>): Promise<FoundAcross<Readonly<Record<string, object>>>>;
}

/** What of a client is a table or a view. */
export type ReadableName<C> = {
  [N in keyof C & string]: C[N] extends { readonly list: unknown } | { readonly in: unknown } ? N : never;
}[keyof C & string];

/** The tables and views of an application by the name they are served under, and any other by its path ([SDK1] [TY1]). */
export type Client<A extends AppLike> = Tables<A> &
  Views<A> & {
    resource<N extends keyof (Tables<A> & Views<A>) & string>(path: N): (Tables<A> & Views<A>)[N];
    resource<Row extends object = UntypedRow>(path: string): UntypedTable<Row>;
  } & ([keyof ResourcesIn<A>] extends [never] ? UntypedSearching : Searching<CopiedRows<A>>);
