/**
 * The types of the live store: what may be asked, what is shown, and the handles by which it is followed. Types only. Each handle is made for
 * React's `useSyncExternalStore(handle.subscribe, handle.getSnapshot, handle.getServerSnapshot)`, and for anything else that listens.
 */

import type { RowId } from "../../core/ids.ts";
import type { IdOf, KeyOf, RowOf, TableName, WriteOf } from "../client-tables.ts";
import type { FilterInput } from "../filter-text.ts";
import type { LedgeError } from "../ledge-error.ts";
import type { LiveStatus, SubscribeAggregateOptions } from "../live/live-types.ts";
import type { SignalLike } from "../platform.ts";
import type { Group, Order, Selected } from "../table-types.ts";
import type { DehydratedStore } from "./handover.ts";

/** A value that changes, followed by listeners. Handles that ask the same are one. */
export interface StoreHandle<S> {
  /** Equal for what asks the same. */
  readonly key: string;
  /** Begins with the first listener; a while after the last it is let go. Gives the function that ends it. */
  readonly subscribe: (listener: () => void) => () => void;
  /** The same object until something in it is another. */
  readonly getSnapshot: () => S;
  readonly getServerSnapshot: () => S;
}

interface Shown {
  /** `loading`: nothing is known yet. `offline`, `reconnecting`, `waiting`: what is shown may be old. */
  readonly status: LiveStatus;
  /** Why it was refused; null unless `status` is `error`. */
  readonly error: LedgeError | null;
  /** Whether there is something to show: from the server, or kept from an earlier time. */
  readonly isReady: boolean;
  /** Where the table stands; 0 before the first answer. */
  readonly lastSeq: number;
}

export interface ListSnapshot<Row> extends Shown {
  /** In the order of `orderBy`, with the writes that are not on the server yet. */
  readonly rows: readonly Row[];
  /** Whether there are rows beyond `limit`; false without one. */
  readonly hasMore: boolean;
  /** Writes of this table that the server does not show yet. */
  readonly pendingCount: number;
}

export interface InfiniteSnapshot<Row> extends ListSnapshot<Row> {
  readonly isLoadingMore: boolean;
  /** Key of the row up to which pages were loaded; null: there are none after it. */
  readonly cursor: RowId | null;
  /** How many rows the server has in all, live; null unless `totalCount` asks for it, and until it is known. */
  readonly totalCount: number | null;
}

export interface RowSnapshot<Row> extends Shown {
  /** Null: it is absent, or out of sight; or nothing is known yet. */
  readonly row: Row | null;
  /** Whether it is shown with writes that the server does not show yet. */
  readonly isPending: boolean;
}

export interface AggregateSnapshot<Result> extends Shown {
  readonly groups: readonly Result[];
}

export interface QuerySnapshot<T> {
  readonly status: "loading" | "ready" | "error";
  /** Of the last answer; undefined before the first. */
  readonly data: T | undefined;
  readonly error: LedgeError | null;
  /** It is asked for again while `data` is shown. */
  readonly isRefreshing: boolean;
}

export interface InfiniteHandle<Row> extends StoreHandle<InfiniteSnapshot<Row>> {
  /**
   * Makes the window a page longer; one page at a time. Resolves when it is shown, was refused or let go, at once where there is no more. Never
   * rejects.
   */
  readonly loadMore: () => Promise<void>;
  /** Loads the next page without showing it: `loadMore` then shows it at once. */
  readonly preloadNext: () => void;
  /** Lets go of a page that is being loaded, or was loaded ahead. */
  readonly cancel: () => void;
  /** Back to the first page; what is shown stays until that is there. */
  readonly reset: () => void;
}

export interface QueryHandle<T> extends StoreHandle<QuerySnapshot<T>> {
  /** Asks again. Never rejects: a failure is in the snapshot. */
  readonly refresh: () => Promise<void>;
}

type Column<Row> = keyof Row & string;
type ColumnOf<Row, T> = { [N in Column<Row>]: NonNullable<Row[N]> extends T ? N : never }[Column<Row>];

interface Placed {
  /** Of a table that lies in partitions. */
  readonly partition?: string;
}

export interface StoreListOptions<Row, Name extends string = Column<Row>> extends Placed {
  readonly filter?: FilterInput<Row>;
  readonly select?: readonly Name[];
  readonly orderBy?: Order<Row> | readonly Order<Row>[];
  /** With it exactly the first rows of the order. */
  readonly limit?: number;
}

export interface StoreInfiniteOptions<Row, Name extends string = Column<Row>>
  extends Omit<StoreListOptions<Row, Name>, "limit"> {
  /** Default: 50. */
  readonly pageSize?: number;
  /** Counts all rows, live: a second watch. */
  readonly totalCount?: boolean;
}

/** Writes that are shown and that somebody else sends. */
export interface Overlaid {
  /**
   * The server has them: they stay until the watches do, too. `result`: what a method of the client gave for the row, whose tag says where it took
   * place; without it the object is asked.
   */
  readonly settle: (result?: unknown) => void;
  /** They are taken back; what others have written meanwhile stays. Does nothing once they are settled. */
  readonly rollback: () => void;
}

export interface StoreRowOptions<Row, Name extends string = Column<Row>> extends Placed {
  readonly select?: readonly Name[];
}

export type StoreAggregateOptions<
  Row,
  By extends string,
  Count extends boolean,
  Sum extends string,
  Avg extends string,
  Min extends string,
  Max extends string,
> = SubscribeAggregateOptions<Row, By, Count, Sum, Avg, Min, Max> & Placed;

export interface StoreQuery<T> {
  /** Names the question; equal ones are asked once. JSON. */
  readonly key: unknown;
  /** Must heed nothing but its arguments, since whoever comes first has it called for all. */
  readonly load: (signal: SignalLike) => Promise<T>;
  /** Paths of the tables it reads: a change of one of them has it asked again. */
  readonly tables?: readonly string[];
  /** How old an answer may be; default 5 minutes. */
  readonly ttlMs?: number;
}

export interface StoreStats {
  /** Handles that are known, and those of them that are followed or kept. */
  readonly handles: number;
  readonly open: number;
  readonly listeners: number;
  /** Writes that are shown, and those of them that the server has acknowledged. */
  readonly overlaid: { readonly shown: number; readonly acknowledged: number };
  /** How often listeners were told. */
  readonly flushes: number;
}

export interface LiveStore<C> {
  list<N extends TableName<C>, const Name extends Column<RowOf<C[N]>> = Column<RowOf<C[N]>>>(
    table: N,
    options?: StoreListOptions<RowOf<C[N]>, Name>,
  ): StoreHandle<ListSnapshot<Selected<RowOf<C[N]>, Name, KeyOf<C[N]>>>>;
  /** A list whose window grows by `loadMore()`, and stays live as a whole. */
  infinite<N extends TableName<C>, const Name extends Column<RowOf<C[N]>> = Column<RowOf<C[N]>>>(
    table: N,
    options?: StoreInfiniteOptions<RowOf<C[N]>, Name>,
  ): InfiniteHandle<Selected<RowOf<C[N]>, Name, KeyOf<C[N]>>>;
  row<N extends TableName<C>, const Name extends Column<RowOf<C[N]>> = Column<RowOf<C[N]>>>(
    table: N,
    id: IdOf<C[N]>,
    options?: StoreRowOptions<RowOf<C[N]>, Name>,
  ): StoreHandle<RowSnapshot<Selected<RowOf<C[N]>, Name, KeyOf<C[N]>>>>;
  aggregate<
    N extends TableName<C>,
    const By extends Column<RowOf<C[N]>> = never,
    Count extends boolean = false,
    const Sum extends ColumnOf<RowOf<C[N]>, number> = never,
    const Avg extends ColumnOf<RowOf<C[N]>, number> = never,
    const Min extends ColumnOf<RowOf<C[N]>, string | number | boolean> = never,
    const Max extends ColumnOf<RowOf<C[N]>, string | number | boolean> = never,
  >(
    table: N,
    options: StoreAggregateOptions<RowOf<C[N]>, By, Count, Sum, Avg, Min, Max>,
  ): StoreHandle<AggregateSnapshot<Group<RowOf<C[N]>, By, Count, Sum, Avg, Min, Max>>>;
  /** Asked once and kept for a while; asked again when a table of it changes, or when it is invalidated. */
  query<T>(query: StoreQuery<T>): QueryHandle<T>;
  /** Name of a table's key column: as the outbox was told, as the server has said with the rows of the table; `id` until then. */
  keyOf(table: TableName<C>): string;
  /** What was read of a table by `query` is asked again. */
  invalidate(path: string): void;
  /** Begins a handle before anybody listens; resolves when it has something to show, or was refused. Never rejects. */
  prefetch(handle: StoreHandle<unknown>): Promise<void>;
  /**
   * One write, or several that stand together, straight to the server: shown at once, taken back if it is refused, without an outbox. Resolves when
   * the server has it, rejects with its refusal.
   */
  write(writes: WriteOf<C> | readonly WriteOf<C>[]): Promise<void>;
  /** Shows writes at once in all handles, and sends nothing: whoever does says what became of them. See `optimisticUpdate`. */
  show(writes: WriteOf<C> | readonly WriteOf<C>[]): Overlaid;
  /** Asks again for what was refused, and opens a lost connection at once. Resolves when it is live, refused, or there is no network. */
  refresh(handle: StoreHandle<unknown>): Promise<void>;
  /**
   * On a server, before it renders: what was prefetched, as JSON for `hydrate` of the page. Handles that it holds render with their rows from then on, in
   * place of `loading`.
   */
  dehydrate(): DehydratedStore;
  /** In the browser, before React takes up the page: handles begin with what the server has read, and follow the server from there. */
  hydrate(state: DehydratedStore): void;
  /** Writes what is to be kept now, e.g. when the page is hidden. */
  flush(): Promise<void>;
  /** Another person is there: all that is shown or kept is let go, and asked again. Done by itself with `ledge/client/auth`. */
  purge(): void;
  readonly stats: StoreStats;
}

/** The client with `store` beside its tables. */
export type WithStore<C> = C & { readonly store: LiveStore<C> };
