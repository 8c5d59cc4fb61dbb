/**
 * What lies in D1, by type: views, which are only read; related rows that `include` adds; a search over several tables. `app-types.ts`
 * says which an application has. Types only; what they do at run time is `table-client.ts`.
 */

import type { FilterInput } from "./filter-text.ts";
import type { CallOptions } from "./send.ts";
import type { AggregateOptions, Group, ListOptions, Order, Page, Selected } from "./table-types.ts";

type Column<Row> = keyof Row & string;
type ColumnOf<Row, T> = { [N in Column<Row>]: NonNullable<Row[N]> extends T ? N : never }[Column<Row>];
type Flat<T> = { [N in keyof T]: T[N] };

/** A table behind a relation over a join table: its rows, its key, and the relations that go on from it. */
export interface RelatedTable {
  readonly row: object;
  readonly key: PropertyKey;
  readonly related: object;
}
type At<Rel, N extends keyof Rel> = Rel[N] extends RelatedTable ? Rel[N] : never;

type One<Rel> = { [N in Column<Rel>]: N | `${N}(${string})` }[Column<Rel>];
type Two<Rel> = One<Rel> | { [N in Column<Rel>]: `${N}.${One<At<Rel, N>["related"]>}` }[Column<Rel>];
/** `labels`, `labels(limit:5;orderBy:-name)`, `people.labels`: up to three relations deep. */
export type IncludePath<Rel> = One<Rel> | { [N in Column<Rel>]: `${N}.${Two<At<Rel, N>["related"]>}` }[Column<Rel>];

type Names<Text extends string> = Text extends `${infer First},${infer Rest}` ? First | Names<Rest> : Text;
type UpTo<Text extends string> = Text extends `${infer S};${string}` ? S : Text extends `${infer S})` ? S : Text;
/** Columns that the options of a relation select; never: no selection. */
type SelectedIn<I> = I extends `${string}(select:${infer S}` | `${string};select:${infer S}` ? Names<UpTo<S>> : never;
type Own<I, N extends string> = Extract<I, `${N}(${string}`>;
type Tail<I, N extends string> = I extends `${N}.${infer Rest}` ? Rest : never;
type Shown<T extends RelatedTable, Name> = [Name] extends [never]
  ? T["row"]
  : Pick<T["row"], (Name | T["key"]) & keyof T["row"]>;
type Included<T extends RelatedTable, I, N extends string> = [Tail<I, N>] extends [never]
  ? Shown<T, SelectedIn<Own<I, N>>>
  : WithIncluded<Shown<T, SelectedIn<Own<I, N>>>, T["related"], Tail<I, N>>;
type IncludedNames<Rel, I> = {
  [N in Column<Rel>]: [Extract<I, N | `${N}(${string}` | `${N}.${string}`>] extends [never] ? never : N;
}[Column<Rel>];

/** A row with its related rows: `labels`, and `labels_hasMore` where there are more of them. */
export type WithIncluded<Row, Rel, I> = Flat<
  Row & { readonly [N in IncludedNames<Rel, I>]: readonly Included<At<Rel, N & keyof Rel>, I, N>[] } & {
    readonly [N in IncludedNames<Rel, I> as `${N}_hasMore`]?: true;
  }
>;

type IncludeOptions<I> = { readonly include: readonly I[] };
type Listing<Row, Name extends string, I> = Omit<ListOptions<Row, Name>, "etags"> & IncludeOptions<I>;

/** The reads of a table with relations over join tables. Replies with related rows have no tag. */
export interface Including<Row, Key extends keyof Row, Rel> {
  list<const I extends IncludePath<Rel>, const Name extends Column<Row> = Column<Row>>(
    options: Listing<Row, Name, I>,
  ): Promise<Page<WithIncluded<Selected<Row, Name, Key>, Rel, I>>>;
  nextPage<Item>(page: Page<Item>, options: Listing<Row, Column<Row>, IncludePath<Rel>>): Promise<Page<Item> | null>;
  pages<const I extends IncludePath<Rel>, const Name extends Column<Row> = Column<Row>>(
    options: Listing<Row, Name, I>,
  ): AsyncGenerator<Page<WithIncluded<Selected<Row, Name, Key>, Rel, I>>, void, undefined>;
  rows<const I extends IncludePath<Rel>, const Name extends Column<Row> = Column<Row>>(
    options: Listing<Row, Name, I>,
  ): AsyncGenerator<WithIncluded<Selected<Row, Name, Key>, Rel, I>, void, undefined>;
  first<const I extends IncludePath<Rel>, const Name extends Column<Row> = Column<Row>>(
    options: Omit<Listing<Row, Name, I>, "limit" | "cursor">,
  ): Promise<WithIncluded<Selected<Row, Name, Key>, Rel, I> | null>;
  get<const I extends IncludePath<Rel>, const Name extends Column<Row> = Column<Row>>(
    id: Row[Key],
    options: CallOptions & IncludeOptions<I> & { readonly select?: readonly Name[]; readonly withDeleted?: boolean },
  ): Promise<WithIncluded<Selected<Row, Name, Key>, Rel, I>>;
}

/** How old an answer of copies is: nothing that was committed up to then is missing. null: a copy has yet to become whole. */
interface Aged {
  readonly asOf: string | null;
}

/** A page of a view. */
export type ViewPage<Item> = Omit<Page<Item>, "seq"> & Aged;

export interface ViewReadOptions<Row> extends CallOptions {
  readonly filter?: FilterInput<Row>;
}

export interface ViewListOptions<Row, Name extends string = Column<Row>, I = never> extends ViewReadOptions<Row> {
  readonly select?: readonly Name[];
  /** Relations of the table that it is a view of. */
  readonly include?: readonly I[];
  readonly orderBy?: Order<Row> | readonly Order<Row>[];
  readonly limit?: number;
  readonly cursor?: string | null;
  readonly offset?: number;
  readonly totalCount?: boolean;
}

type Viewed<Row, Name extends string, Key extends keyof Row, Rel, I> = [I] extends [never]
  ? Selected<Row, Name, Key>
  : WithIncluded<Selected<Row, Name, Key>, Rel, I>;

/** A view, which is only read. */
export interface ViewClient<Row, Key extends keyof Row, Rel = object> {
  list<const Name extends Column<Row> = Column<Row>, const I extends IncludePath<Rel> = never>(
    options?: ViewListOptions<Row, Name, I>,
  ): Promise<ViewPage<Viewed<Row, Name, Key, Rel, I>>>;
  /** The page after this one; null after the last. Options as for the page itself. */
  nextPage<Item>(
    page: ViewPage<Item>,
    options?: ViewListOptions<Row, Column<Row>, IncludePath<Rel>>,
  ): Promise<ViewPage<Item> | null>;
  pages<const Name extends Column<Row> = Column<Row>, const I extends IncludePath<Rel> = never>(
    options?: ViewListOptions<Row, Name, I>,
  ): AsyncGenerator<ViewPage<Viewed<Row, Name, Key, Rel, I>>, void, undefined>;
  rows<const Name extends Column<Row> = Column<Row>, const I extends IncludePath<Rel> = never>(
    options?: ViewListOptions<Row, Name, I>,
  ): AsyncGenerator<Viewed<Row, Name, Key, Rel, I>, void, undefined>;
  first<const Name extends Column<Row> = Column<Row>, const I extends IncludePath<Rel> = never>(
    options?: Omit<ViewListOptions<Row, Name, I>, "limit" | "cursor">,
  ): Promise<Viewed<Row, Name, Key, Rel, I> | null>;
  count(options?: ViewReadOptions<Row>): Promise<number>;
  /** Best first, of a view of one table that is searched; others answer 404. */
  search<const Name extends Column<Row> = Column<Row>>(
    q: string,
    options?: Omit<ViewListOptions<Row, Name>, "include" | "orderBy" | "cursor"> & {
      readonly fields?: readonly Column<Row>[];
    },
  ): Promise<Omit<ViewPage<Selected<Row, Name, Key>>, "nextCursor">>;
  aggregate<
    const By extends Column<Row> = never,
    Count extends boolean = false,
    const Sum extends ColumnOf<Row, number> = never,
    const Avg extends ColumnOf<Row, number> = never,
    const Min extends ColumnOf<Row, string | number | boolean> = never,
    const Max extends ColumnOf<Row, string | number | boolean> = never,
  >(
    options: Omit<AggregateOptions<Row, By, Count, Sum, Avg, Min, Max>, "withDeleted">,
  ): Promise<
    { readonly groups: readonly Group<Row, By, Count, Sum, Avg, Min, Max>[]; readonly truncated?: boolean } & Aged
  >;
}

export interface SearchAcrossOptions<N> extends CallOptions {
  /** Default: all tables that are searched and copied. */
  readonly resources?: readonly N[];
  /** Hits of each table. */
  readonly limit?: number;
}

/** The search of a client: by the rows of each table, as they are copied. */
export type SearchAcross<Rows> = <const N extends keyof Rows & string>(
  q: string,
  options?: SearchAcrossOptions<N>,
) => Promise<FoundAcross<Pick<Rows, N>>>;

/** Best first within each table; a table that this caller may not list is not there. */
export interface FoundAcross<Rows> {
  readonly results: {
    readonly [N in keyof Rows]?: { readonly items: readonly Rows[N][]; readonly hasMore: boolean } & Aged;
  };
}
