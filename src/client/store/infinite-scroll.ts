/**
 * `createInfiniteScroll(client, { table, sort, pageSize })` ([P10]): a live list that grows by pages, as one object to call, for whoever has no hooks.
 * Its rows follow the server, so what changes them is a write: shown at once where the order puts it, and taken back if it is
 * refused. A function of its own, so that a bundle has it only where it is called.
 */

import type { RowId } from "../../core/ids.ts";
import type { KeyOf, NewOf, RowOf, TableName } from "../client-tables.ts";
import type { FilterInput } from "../filter-text.ts";
import type { LedgeError } from "../ledge-error.ts";
import type { LiveStatus } from "../live/live-types.ts";
import type { LaterOptions, LaterWrite, OutboxClient } from "../offline/offline-types.ts";
import type { Order, Selected } from "../table-types.ts";
import type { InfiniteHandle, InfiniteSnapshot, LiveStore } from "./store-types.ts";

type Column<Row> = keyof Row & string;

export interface InfiniteScrollOptions<Row, Table extends string, Name extends string = Column<Row>> {
  readonly table: Table;
  readonly partition?: string;
  /** As `select`, `filter` and `orderBy` of a list. */
  readonly columns?: readonly Name[];
  readonly filters?: FilterInput<Row>;
  readonly sort?: Order<Row> | readonly Order<Row>[];
  /** Default: 50. */
  readonly pageSize?: number;
  /** Counts all rows, live: a second watch. */
  readonly totalCount?: boolean;
}

export interface InfiniteScrollState<Row> {
  /** All that was loaded, in order, with the writes that are not on the server yet. */
  readonly data: readonly Row[];
  readonly hasMore: boolean;
  /** Key of the row up to which pages were loaded; null: there are none after it. */
  readonly cursor: RowId | null;
  /** Nothing is known yet. */
  readonly loading: boolean;
  readonly loadingMore: boolean;
  readonly error: LedgeError | null;
  /** Of the server; null unless it was asked for, and until it is known. */
  readonly totalCount: number | null;
  /** How it stands with the server: what is shown may be old unless it is `live`. */
  readonly status: LiveStatus;
  /** Writes of the table that the server does not show yet. */
  readonly pendingCount: number;
}

export interface InfiniteScroll<Row, New, Key extends keyof Row> {
  /** Begins, and stays live until `close`. Resolves with the first page, or with why there is none. */
  load(): Promise<InfiniteScrollState<Row>>;
  /** Resolves once the next page is shown, was refused or cancelled; at once where there is none. */
  loadMore(): Promise<InfiniteScrollState<Row>>;
  /** Loads the next page without showing it: `loadMore` then shows it at once. */
  preloadNext(): void;
  /** Lets go of the page that is being loaded. */
  cancel(): void;
  /** Back to the first page. */
  reset(): void;
  /** For a list that was refused or has lost its connection: asks again, now. A live one is as the server has it. */
  refresh(): Promise<InfiniteScrollState<Row>>;
  /** The same object until something in it is another. */
  getState(): InfiniteScrollState<Row>;
  /** Gives the function that ends it. */
  subscribe(listener: () => void): () => void;
  /**
   * Writes a row, which stands where the order puts it. These three go through the outbox where the client has one (and resolve when they are
   * stored), else straight to the server.
   */
  append(row: New): Promise<void>;
  /** `on`: the row as it is shown, so that a change by somebody else is noticed. */
  update(id: Row[Key], patch: Partial<New>, options?: LaterOptions): Promise<void>;
  remove(id: Row[Key], options?: LaterOptions): Promise<void>;
  close(): void;
}

type Shown<T, Name extends string> = Selected<RowOf<T>, Name, KeyOf<T>>;
type Snapshot = InfiniteSnapshot<Readonly<Record<string, unknown>>>;

interface AnyClient {
  readonly store: LiveStore<unknown>;
  readonly outbox?: OutboxClient;
}

/** `client`: with a store; `withStore(…)`. Nothing is asked before `load` or a listener. */
export function createInfiniteScroll<
  C extends { readonly store: object },
  N extends TableName<C>,
  const Name extends Column<RowOf<C[N]>> = Column<RowOf<C[N]>>,
>(
  client: C,
  { table, partition, columns, filters, sort, ...options }: InfiniteScrollOptions<RowOf<C[N]>, N, Name>,
): InfiniteScroll<Shown<C[N], Name>, NewOf<C[N]>, KeyOf<C[N]> & keyof Shown<C[N], Name>> {
  const { store, outbox } = client as unknown as AnyClient;
  const place = partition === undefined ? {} : { partition };
  const asked = {
    ...options,
    ...place,
    ...(columns !== undefined && { select: columns }),
    ...(filters !== undefined && { filter: filters }),
    ...(sort !== undefined && { orderBy: sort }),
  };
  const handle = store.infinite(table as never, asked as never) as unknown as InfiniteHandle<Snapshot["rows"][number]>;
  let leave: (() => void) | null = null;
  let shown: { readonly of: Snapshot; readonly state: object } | null = null;
  const getState = () => {
    const snapshot = handle.getSnapshot();
    if (shown?.of !== snapshot) shown = { of: snapshot, state: stateOf(snapshot) };
    return shown.state;
  };
  const write = async (made: Omit<LaterWrite, "table">) => {
    const whole: LaterWrite = { table, ...place, ...made };
    // One write is sent as one, not as a transaction.
    await (typeof outbox?.transaction === "function" ? outbox.transaction([whole]) : store.write(whole));
  };
  const begin = async () => {
    leave ??= handle.subscribe(() => {});
    await store.prefetch(handle);
    return getState();
  };
  const scroll = {
    load: begin,
    async loadMore() {
      await begin();
      await handle.loadMore();
      return getState();
    },
    preloadNext: handle.preloadNext,
    cancel: handle.cancel,
    reset: handle.reset,
    async refresh() {
      await store.refresh(handle);
      return getState();
    },
    getState,
    subscribe: handle.subscribe,
    append: (values: object) => write({ op: "create", values } as never),
    update: (id: RowId, values: object, given?: LaterOptions) => write({ ...given, op: "update", id, values } as never),
    remove: (id: RowId, given?: LaterOptions) => write({ ...given, op: "delete", id }),
    close() {
      leave?.();
      leave = null;
    },
  };
  return scroll as never;
}

function stateOf({ rows, isReady, isLoadingMore, lastSeq: _, ...rest }: Snapshot): InfiniteScrollState<object> {
  return { ...rest, data: rows, loading: !isReady && rest.error === null, loadingMore: isLoadingMore };
}
