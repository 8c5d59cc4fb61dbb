/**
 * The methods of a table, typed by its row, by what a create takes, and by its key. Types only; `table-client.ts` is what they do.
 * Every method rejects with a `LedgeError`.
 */

import type { FilterInput } from "./filter-text.ts";
import type { CallOptions } from "./send.ts";

type Column<Row> = keyof Row & string;
type IdOf<Row, Key extends keyof Row> = [Key] extends [never] ? string | number : Row[Key];
/** Columns whose values, NULL aside, are a `T`. */
type ColumnOf<Row, T> = { [N in Column<Row>]: NonNullable<Row[N]> extends T ? N : never }[Column<Row>];

/** A row narrowed to the columns selected; the key always comes along ([SDK2]). */
export type Selected<Row, Name extends PropertyKey, Key extends keyof Row> = [Column<Row>] extends [Name]
  ? Row
  : Pick<Row, (Name & keyof Row) | Key>;

/** A tag with its quotes, or the row or page that it came with. */
export type Tag = string | object;

/** `priority`, `-priority`, `priority:desc`, or `{ column: "priority", ascending: false }`; NULLs last. */
export type Order<Row> =
  | Column<Row>
  | `-${Column<Row>}`
  | `${Column<Row>}:${"asc" | "desc"}`
  | { readonly column: Column<Row>; readonly ascending?: boolean };

export interface ReadOptions<Row> extends CallOptions {
  readonly filter?: FilterInput<Row>;
  /** Soft-deleted rows too. */
  readonly withDeleted?: boolean;
}

export interface ListOptions<Row, Name extends string = Column<Row>, Tags extends boolean = boolean>
  extends ReadOptions<Row> {
  readonly select?: readonly Name[];
  readonly orderBy?: Order<Row> | readonly Order<Row>[];
  /** Rows of a page; the table has a default and a maximum. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | null;
  /** 0–10 000, not with a cursor. */
  readonly offset?: number;
  readonly totalCount?: boolean;
  /** `_etag` in each item. */
  readonly etags?: Tags;
}

/** One page ([P9]). */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** null on the last page. */
  readonly nextCursor: string | null;
  readonly hasMore: boolean;
  readonly totalCount?: number;
  /** Position in the ledger of the object at which all of it was read. */
  readonly seq: number;
}

export interface WriteOptions<Prefer extends string = string> extends CallOptions {
  /** Of the caller's own; otherwise the client makes one for each call. */
  readonly idempotencyKey?: string;
  /** `minimal`: no body comes back. */
  readonly prefer?: Prefer;
}

export interface ConditionalOptions<Prefer extends string = string> extends WriteOptions<Prefer> {
  readonly ifMatch?: Tag;
  readonly ifNoneMatch?: Tag;
}

export interface WhereOptions<DryRun extends boolean = boolean> extends CallOptions {
  readonly idempotencyKey?: string;
  /** The tag of a list: no later commit may have touched a row of it. */
  readonly ifMatch?: Tag;
  /** Writes nothing. */
  readonly dryRun?: DryRun;
  /** The `confirm` of a dry run. */
  readonly confirm?: string;
}

/** Which rows a write by filter is for. `all` in place of a filter, so that an empty filter is never every row by accident. */
export type Target<Row> = { readonly filter: FilterInput<Row> } | { readonly all: true };

export interface Counted {
  readonly count: number;
  readonly seq: number;
}
export interface DryRun {
  readonly count: number;
  /** Up to ten ids. */
  readonly sample: readonly (string | number)[];
  /** For `confirm`, valid for five minutes. */
  readonly confirm: string;
}
export interface Batch<Row> {
  readonly items: readonly Row[];
  readonly seq: number;
}
export interface CreatedBatch<Row> extends Batch<Row> {
  /** Ids of the rows that are new. */
  readonly created: readonly (string | number)[];
}

interface Versioned {
  /** Tag without quotes (`versionOf(row)`): the item fails the batch when the row has moved. */
  readonly ifVersion?: string;
}
type Identified<Row, New, Key extends keyof Row> = Readonly<Omit<New, Key>> & {
  readonly [N in Key]: Row[N];
} & Versioned;

export interface AggregateOptions<
  Row,
  Group extends string,
  Count extends boolean,
  Sum extends string,
  Avg extends string,
  Min extends string,
  Max extends string,
> extends ReadOptions<Row> {
  readonly groupBy?: readonly Group[];
  readonly count?: Count;
  readonly sum?: readonly Sum[];
  readonly avg?: readonly Avg[];
  readonly min?: readonly Min[];
  readonly max?: readonly Max[];
  /** Which groups: `count>=2;sum_hours>10`. */
  readonly having?: string;
  /** Over `count`, `sum_<column>` and the like, and the columns of `groupBy`. */
  readonly orderBy?: string | readonly string[];
  readonly limit?: number;
}

/** A metric without any value is left out; a sum of integers beyond 2^53−1 is digits. */
export interface Group<
  Row,
  By extends string,
  Count,
  Sum extends string,
  Avg extends string,
  Min extends string,
  Max extends string,
> {
  readonly key: [By] extends [never] ? null : { readonly [N in By & keyof Row]: Row[N] };
  readonly count: Count extends true ? number : undefined;
  readonly sum?: { readonly [N in Sum]?: number | string };
  readonly avg?: { readonly [N in Avg]?: number };
  readonly min?: { readonly [N in Min & keyof Row]?: NonNullable<Row[N]> };
  readonly max?: { readonly [N in Max & keyof Row]?: NonNullable<Row[N]> };
  readonly overflow?: readonly string[];
}

export interface Groups<G> {
  readonly groups: readonly G[];
  readonly truncated?: boolean;
  readonly seq: number;
}

export interface SearchOptions<Row, Name extends string> extends ReadOptions<Row> {
  /** Where to look; default: all that is indexed. */
  readonly fields?: readonly ColumnOf<Row, string>[];
  readonly select?: readonly Name[];
  readonly limit?: number;
  readonly offset?: number;
  readonly totalCount?: boolean;
  readonly highlight?: boolean;
}

export interface SearchPage<Item> {
  readonly items: readonly Item[];
  readonly hasMore: boolean;
  readonly totalCount?: number;
  /** By id and field; HTML-escaped but for `<em>`. */
  readonly highlights?: { readonly [id: string]: { readonly [field: string]: readonly string[] } };
  readonly seq: number;
}

type NotModified<Condition> = [Condition] extends [undefined] ? never : null;
type Shown<Prefer, Result> = Prefer extends "minimal" ? undefined : Result;
type Listed<Row, Name extends string, Key extends keyof Row, Tags> = Selected<Row, Name, Key> &
  (Tags extends true ? { readonly _etag: string } : unknown);

export interface TableClient<Row, New, Key extends keyof Row> {
  /** A page of rows; null when `ifNoneMatch` says that the caller has it already. */
  list<
    const Name extends Column<Row> = Column<Row>,
    Tags extends boolean = false,
    None extends Tag | undefined = undefined,
  >(
    options?: ListOptions<Row, Name, Tags> & { readonly ifNoneMatch?: None },
  ): Promise<Page<Listed<Row, Name, Key, Tags>> | NotModified<None>>;
  /** The page after this one; null after the last. Options as for the page itself. */
  nextPage<Item>(page: Page<Item>, options?: ListOptions<Row>): Promise<Page<Item> | null>;
  /** Every page, one request each, as they are asked for. */
  pages<const Name extends Column<Row> = Column<Row>, Tags extends boolean = false>(
    options?: ListOptions<Row, Name, Tags>,
  ): AsyncGenerator<Page<Listed<Row, Name, Key, Tags>>, void, undefined>;
  /** Every row, page by page. */
  rows<const Name extends Column<Row> = Column<Row>, Tags extends boolean = false>(
    options?: ListOptions<Row, Name, Tags>,
  ): AsyncGenerator<Listed<Row, Name, Key, Tags>, void, undefined>;
  /** The first row of a list, or null. */
  first<const Name extends Column<Row> = Column<Row>>(
    options?: Omit<ListOptions<Row, Name, false>, "limit" | "cursor">,
  ): Promise<Selected<Row, Name, Key> | null>;
  /** `NotFoundError` when it is absent or out of sight; null when `ifNoneMatch` says that the caller has it already. */
  get<const Name extends Column<Row> = Column<Row>, None extends Tag | undefined = undefined>(
    id: IdOf<Row, Key>,
    options?: CallOptions & {
      readonly select?: readonly Name[];
      readonly withDeleted?: boolean;
      readonly ifNoneMatch?: None;
    },
  ): Promise<Selected<Row, Name, Key> | NotModified<None>>;
  /** With `limit`, counting stops there. */
  count(options?: ReadOptions<Row> & { readonly limit?: number }): Promise<number>;
  exists(options?: ReadOptions<Row>): Promise<boolean>;
  aggregate<
    const By extends Column<Row> = never,
    Count extends boolean = false,
    const Sum extends ColumnOf<Row, number> = never,
    const Avg extends ColumnOf<Row, number> = never,
    const Min extends ColumnOf<Row, string | number | boolean> = never,
    const Max extends ColumnOf<Row, string | number | boolean> = never,
  >(
    options: AggregateOptions<Row, By, Count, Sum, Avg, Min, Max>,
  ): Promise<Groups<Group<Row, By, Count, Sum, Avg, Min, Max>>>;
  /** Words, `"a phrase"`, `begin*`; the most relevant first. */
  search<const Name extends Column<Row> = Column<Row>>(
    q: string,
    options?: SearchOptions<Row, Name>,
  ): Promise<SearchPage<Selected<Row, Name, Key>>>;

  create<Prefer extends string = "representation">(
    row: New,
    options?: WriteOptions<Prefer>,
  ): Promise<Shown<Prefer, Row>>;
  /** Changes the columns given; `null` sets NULL. */
  update<Prefer extends string = "representation">(
    id: IdOf<Row, Key>,
    patch: Partial<New>,
    options?: ConditionalOptions<Prefer>,
  ): Promise<Shown<Prefer, Row>>;
  /** The whole row: columns left out take their default. Creates it when it is absent. */
  replace<Prefer extends string = "representation">(
    id: IdOf<Row, Key>,
    row: New,
    options?: ConditionalOptions<Prefer>,
  ): Promise<Shown<Prefer, Row>>;
  /** `hard`: the row itself, not only out of sight. */
  delete(id: IdOf<Row, Key>, options?: ConditionalOptions & { readonly hard?: boolean }): Promise<void>;
  restore<Prefer extends string = "representation">(
    id: IdOf<Row, Key>,
    options?: ConditionalOptions<Prefer>,
  ): Promise<Shown<Prefer, Row>>;
  /** Lays the columns over the row, or creates it. */
  upsert(row: Identified<Row, Partial<New>, Key>, options?: Omit<WriteOptions, "prefer">): Promise<Row>;

  createMany<Prefer extends string = "representation">(
    rows: readonly New[],
    options?: WriteOptions<Prefer>,
  ): Promise<Shown<Prefer, Batch<Row>>>;
  updateMany<Prefer extends string = "representation">(
    items: readonly Identified<Row, Partial<New>, Key>[],
    options?: WriteOptions<Prefer>,
  ): Promise<Shown<Prefer, Batch<Row>>>;
  replaceMany<Prefer extends string = "representation">(
    items: readonly Identified<Row, New, Key>[],
    options?: WriteOptions<Prefer>,
  ): Promise<Shown<Prefer, CreatedBatch<Row>>>;
  upsertMany<Prefer extends string = "representation">(
    items: readonly Identified<Row, Partial<New>, Key>[],
    options?: WriteOptions<Prefer>,
  ): Promise<Shown<Prefer, CreatedBatch<Row>>>;
  /** Absent ids are passed over. */
  deleteMany(
    ids: readonly IdOf<Row, Key>[],
    options?: Omit<WriteOptions, "prefer"> & { readonly ifMatch?: Tag },
  ): Promise<Counted>;
  updateWhere<Dry extends boolean = false>(
    target: Target<Row>,
    patch: Partial<New>,
    options?: WhereOptions<Dry>,
  ): Promise<Dry extends true ? DryRun : Counted>;
  deleteWhere<Dry extends boolean = false>(
    target: Target<Row>,
    options?: WhereOptions<Dry>,
  ): Promise<Dry extends true ? DryRun : Counted>;
  /** A procedure of the table. */
  rpc<Output = unknown>(name: string, input?: unknown, options?: Omit<WriteOptions, "prefer">): Promise<Output>;
}
