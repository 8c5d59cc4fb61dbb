/**
 * The live store of a client: handles by what they ask, their sources, and when listeners are told. All that comes at one time is shown at one time: a
 * transaction over several tables never in part, and a thousand changes a second not as a thousand renderings. What lies over the rows
 * of the server is decided by `StoreCore`. Its lines are what a client asks of it.
 */

import type { RowId } from "../../core/ids.ts";
import { canonicalJson, type Json } from "../../core/json.ts";
import { type Done, doneAt, type OutboxEntry, type RowWrite } from "../../core/offline/outbox-entry.ts";
import { StoreCore } from "../../core/store/store-core.ts";
import type { QueryCache } from "../cache/query-cache.ts";
import type { FilterInput } from "../filter-text.ts";
import type { LiveHub } from "../live/live-hub.ts";
import type { LiveStatus } from "../live/live-types.ts";
import { type LivePlace, placePath } from "../live/request-ticket.ts";
import { aggregateRequest, rowsRequest } from "../live/subscribe.ts";
import { callOf, doneOf } from "../offline/entry-request.ts";
import type { News, OutboxRunner } from "../offline/outbox-runner.ts";
import type { Send } from "../send.ts";
import { etagOf, withTag } from "../tags.ts";
import { filterTree } from "./filter-test.ts";
import { FrameTeller } from "./frame-teller.ts";
import { type DehydratedStore, Handover } from "./handover.ts";
import { InfiniteSource } from "./infinite-source.ts";
import { NO_ANSWER, QuerySource, ready } from "./query-source.ts";
import type { RowKeeper } from "./row-keeper.ts";
import { SharedHandle, type Source } from "./shared-handle.ts";
import { groupsOf, handedOver, listOf, NO_GROUPS, NO_LIST, NO_PAGES, NO_ROW, rowOf } from "./snapshots.ts";
import type { Overlaid, StoreQuery, StoreStats } from "./store-types.ts";
import { keptKeyOf, type Watched, type WatchHost, WatchSource } from "./watch-source.ts";
import { WriteLine } from "./write-line.ts";

export interface StoreWiring {
  readonly hub: LiveHub;
  /** Null: writes are not shown before the server has them. */
  readonly runner: OutboxRunner | null;
  readonly cache: QueryCache;
  /** Null: rows are not kept. */
  readonly keeper: RowKeeper | null;
  readonly isOnline: () => boolean;
  readonly send: Send;
  readonly makeKey: () => string;
  readonly now: () => number;
  readonly after: (ms: number, run: () => void) => () => void;
  /** How long a handle is kept after its last listener. */
  readonly keepMs: number;
  /** Listeners are told at most once in so many ms; of writes that are made here at once. */
  readonly frameMs: number;
}

type Options = Readonly<Record<string, unknown>>;
type AnyHandle = SharedHandle<never>;

/** Handles that nobody listens to, of which the latest are remembered: each rendering may ask for one, and never come back. */
const IDLE_HANDLES = 200;

export class LiveStoreState {
  readonly core: StoreCore;
  readonly #wiring: StoreWiring;
  readonly #handles = new Map<string, AnyHandle>();
  readonly #queries = new Map<AnyHandle, QuerySource>();
  /** As each was asked last. */
  readonly #asked = new WeakMap<AnyHandle, StoreQuery<unknown>>();
  readonly #pages = new WeakMap<AnyHandle, InfiniteSource>();
  /** By the source's key in the core: its handle. */
  readonly #sources = new Map<string, { readonly source: WatchSource; readonly handle: AnyHandle }>();
  readonly #teller: FrameTeller;
  readonly #handover = new Handover();
  readonly #line = new WriteLine();
  #sourceCount = 0;

  constructor(wiring: StoreWiring) {
    this.#wiring = wiring;
    this.#teller = new FrameTeller(wiring);
    const { hub, runner } = wiring;
    this.core = new StoreCore({
      placeOf: (key) => this.#sources.get(key)?.source.place() ?? null,
      ask: (key, question) => this.#sources.get(key)?.source.ask(question),
      changed: (key) => this.#touch(this.#sources.get(key)?.handle),
      derive: (after, before) => withTag(after, (before && etagOf(before)) ?? null),
    });
    const tellReading = () => runner?.reading(this.core.overlaid.acknowledged);
    hub.onMoved = () => {
      this.core.moved();
      tellReading();
    };
    hub.onFull = () => this.#letGo();
    hub.onTold = (name, position) => this.core.told(name, position);
    const isOwn = ({ principal }: { readonly principal: string | null }) =>
      principal === null || principal === runner?.principal;
    const take = (news: News) => {
      for (const { key, entry } of news) {
        const hasTakenPlace = (entry === null || isOwn(entry)) && this.core.news(key, entry);
        if (hasTakenPlace) for (const { table, partition } of entry?.writes ?? []) this.wrote(table, partition);
      }
      tellReading();
    };
    runner?.observe({
      drafted: (entry) => {
        this.core.draft(entry);
        this.#teller.schedule("now");
      },
      news: take,
      principal: () => {
        this.core.forget();
        take(runner.entries.map((entry) => ({ key: entry.key, entry })));
      },
    });
  }

  list(table: string, { partition, ...options }: Options = {}): SharedHandle<unknown> {
    const watched = this.#watched(table, partition, options);
    return this.#handle("list", watched, NO_LIST, (handle) => this.#follow(handle, watched, listOf));
  }

  row(table: string, id: unknown, { partition, ...options }: Options = {}): SharedHandle<unknown> {
    const { request, ...rest } = this.#watched(table, partition, options);
    const watched = { ...rest, request: { ...request, row: `${id}` } };
    const read = (source: WatchSource, before: typeof NO_ROW) => rowOf(source, before, id as RowId);
    return this.#handle("row", watched, NO_ROW, (handle) => this.#follow(handle, watched, read));
  }

  aggregate(table: string, { partition, ...options }: Options): SharedHandle<unknown> {
    const place = { resource: table, partition: partition as string | undefined };
    const watched: Watched = { place, request: aggregateRequest(place, options), filter: null };
    return this.#handle("aggregate", watched, NO_GROUPS, (handle) => this.#follow(handle, watched, groupsOf));
  }

  infinite(table: string, { partition, pageSize = 50, totalCount, ...options }: Options = {}): SharedHandle<unknown> {
    const watched = this.#watched(table, partition, { ...options, limit: pageSize });
    const { place } = watched;
    const request = aggregateRequest(place, { filter: options.filter, count: true });
    const count = totalCount === true ? { place, request, filter: null } : null;
    const handle = this.#handle(count === null ? "infinite" : "counted", watched, NO_PAGES, (own) => {
      const source = new InfiniteSource(
        watched,
        count,
        (next) => this.#source(own, next),
        (left) => this.#leave(left),
      );
      this.#pages.set(own, source);
      return source;
    });
    const by = (act: (source: InfiniteSource) => void | Promise<void>) => () => {
      const source = this.#pages.get(handle as AnyHandle);
      this.#touch(handle as AnyHandle);
      return source !== undefined && handle.isOpen ? act(source) : undefined;
    };
    return Object.assign(handle, {
      loadMore: async () => by((source) => source.loadMore("more"))(),
      preloadNext: by((source) => void source.loadMore("ahead")),
      cancel: by((source) => source.cancel()),
      reset: by((source) => source.reset()),
    });
  }

  query(query: StoreQuery<unknown>): SharedHandle<unknown> {
    const key = `store:${canonicalJson(query.key as Json)}`;
    const handle = this.#handle("query", key, NO_ANSWER, (own) => {
      const { cache } = this.#wiring;
      const handed = this.#handover.take("queries", key);
      if (handed !== null) cache.set(key, handed.data, query);
      const source = new QuerySource(key, () => this.#asked.get(own) ?? query, {
        cache,
        changed: () => this.#touch(own),
      });
      this.#queries.set(own, source);
      return {
        read: (before) => source.read(before),
        isWorthKeeping: () => source.isWorthKeeping(),
        close: () => {
          source.close();
          this.#queries.delete(own);
        },
      };
    });
    this.#asked.set(handle as AnyHandle, query);
    return Object.assign(handle, { refresh: async () => this.#queries.get(handle as AnyHandle)?.askAgain() });
  }

  /**
   * Straight to the server, shown at once, and taken back if it is refused. Resolves when the server has it; what is shown stays until the watches
   * have it, too.
   */
  async write(writes: readonly RowWrite[]): Promise<void> {
    const { key, settle, rollback } = this.#overlay(writes);
    try {
      await this.#line.run(writes, async (onLatest) => {
        const reply = await this.#wiring.send({ ...callOf({ key, writes: onLatest }), options: {} });
        const done = doneOf({ writes: onLatest }, reply);
        settle(done);
        return done.tags;
      });
    } catch (error) {
      rollback();
      throw error;
    }
  }

  /** Shown at once; whoever sends them says what became of them. */
  show(writes: readonly RowWrite[]): Overlaid {
    const { settle, rollback } = this.#overlay(writes);
    const position = (result: unknown) => {
      const tag = typeof result === "object" && result !== null ? etagOf(result) : undefined;
      // `"<epoch>:<seq of its last commit>:<shape>"`.
      return tag === undefined ? [] : [tag.slice(1).split(":", 2).join(":")];
    };
    return { rollback, settle: (result) => settle(doneAt(position(result))) };
  }

  /** What was refused is asked again; a connection that is lost is opened at once. */
  async refresh(handle: SharedHandle<unknown>): Promise<void> {
    const statusOf = (snapshot: unknown) => (snapshot as { readonly status: LiveStatus }).status;
    const status = statusOf(handle.getSnapshot());
    if (status === "error") {
      handle.restart();
      this.#touch(handle as AnyHandle);
    } else if (status !== "live") this.#wiring.hub.hurry();
    await handle.until((snapshot) => ["live", "error", "offline", "ready"].includes(statusOf(snapshot)));
  }

  #overlay(writes: readonly RowWrite[]) {
    const { makeKey, now, runner } = this.#wiring;
    const key = makeKey();
    const made = { key, principal: runner?.principal ?? null, madeAtMs: now(), writes };
    this.core.draft({ ...made, state: { kind: "queued" } });
    this.#teller.schedule("now");
    const end = (entry: OutboxEntry | null) => {
      this.core.news(key, entry);
      for (const { table, partition } of writes) this.wrote(table, partition);
    };
    return {
      key,
      settle: (state: Done) => end({ ...made, place: Number.MAX_SAFE_INTEGER, rev: 0, state }),
      rollback: () => end(null),
    };
  }

  /** A table has changed: what was read of it by queries is asked again, where somebody looks. */
  wrote(table: string, partition?: string | undefined): void {
    const path = partition === undefined ? table : `@${partition}/${table}`;
    this.#wiring.cache.invalidateTable(path);
    for (const source of this.#queries.values()) if (source.reads(path)) source.stale();
  }

  /** Another person is there: nothing that was shown before is shown any more, and nothing of it is kept. */
  switched(): void {
    void this.#wiring.keeper?.clear();
    this.#handover.receive(null);
    this.#wiring.cache.invalidateAll();
    const handles = [...this.#handles.values()];
    for (const handle of handles) handle.restart();
    for (const handle of handles) this.#touch(handle);
    this.#teller.schedule("now");
  }

  /** What is shown now, which is also what a server renders from here on. */
  dehydrate(): DehydratedStore {
    const watches = [...this.#sources.values()].map(({ source }) => [source.keptKey, source.toKeep()] as const);
    const queries = [...this.#queries.values()].map((source) => [source.key, source.answer] as const);
    const known = <T>(pairs: readonly (readonly [string, T | null])[]) =>
      Object.fromEntries(pairs.filter((pair): pair is readonly [string, T] => pair[1] != null));
    const state = { v: 1, watches: known(watches), queries: known(queries) } as const;
    this.hydrate(state);
    return state;
  }

  hydrate(state: DehydratedStore): void {
    this.#handover.receive(state);
  }

  /** The network came or went. */
  turned(): void {
    for (const { handle } of this.#sources.values()) this.#touch(handle);
  }

  get stats(): StoreStats {
    const all = [...this.#handles.values()];
    return {
      handles: all.length,
      open: all.filter(({ isOpen }) => isOpen).length,
      listeners: all.reduce((sum, { listenerCount }) => sum + listenerCount, 0),
      overlaid: this.core.overlaid,
      flushes: this.#teller.flushes,
    };
  }

  #watched(table: string, partition: unknown, options: Options): Watched {
    const place = { resource: table, partition: partition as string | undefined };
    const filter = filterTree(options.filter as FilterInput<object> | undefined);
    return { place, request: rowsRequest(place, options), filter };
  }

  #handle<S extends object>(
    kind: string,
    asked: Watched | string,
    nothing: S,
    open: (handle: AnyHandle) => Source<S>,
  ): SharedHandle<unknown> {
    const name = typeof asked === "string" ? asked : keptKeyOf(asked);
    const key = `${kind} ${name}`;
    const present = this.#handles.get(key);
    if (present !== undefined) return present as unknown as SharedHandle<unknown>;
    const { after, keepMs } = this.#wiring;
    const beginning =
      typeof asked === "string"
        ? this.#handover.beginning("queries", name, nothing, ({ data }) => ready(data) as S)
        : this.#handover.beginning("watches", name, nothing, (found) => handedOver(nothing, found));
    const handle: SharedHandle<S> = new SharedHandle<S>(key, beginning, () => open(handle as unknown as AnyHandle), {
      after,
      keepMs,
      opened: (opened) => void this.#handles.set(key, opened as unknown as AnyHandle),
      closed: (closed) => {
        if ((this.#handles.get(key) as unknown) === closed) this.#handles.delete(key);
      },
    });
    this.#remember(key, handle as unknown as AnyHandle);
    return handle as unknown as SharedHandle<unknown>;
  }

  #remember(key: string, handle: AnyHandle): void {
    this.#handles.set(key, handle);
    const idle = [...this.#handles].filter(([, { isOpen }]) => !isOpen);
    for (const [oldest] of idle.slice(0, Math.max(0, idle.length - IDLE_HANDLES))) this.#handles.delete(oldest);
  }

  #follow<S>(handle: AnyHandle, watched: Watched, read: (source: WatchSource, before: S) => S): Source<S> {
    const source = this.#source(handle, watched);
    return { read: (before) => read(source, before), close: () => this.#leave(source) };
  }

  #source(handle: AnyHandle, watched: Watched): WatchSource {
    const { hub, isOnline } = this.#wiring;
    const { resource, partition } = watched.place;
    const host: WatchHost = {
      hub,
      core: this.core,
      keeper: this.#wiring.keeper,
      handedOver: (kept) => this.#handover.take("watches", kept),
      isOnline,
      changed: () => this.#touch(handle),
      committed: () => this.wrote(resource, partition),
      withdrawn: () => this.#withdrawn(watched.place),
    };
    const key = String(++this.#sourceCount);
    const source = new WatchSource(key, watched, host);
    this.#sources.set(key, { source, handle });
    void source.open();
    return source;
  }

  /** Nothing of them is kept, nor of lists that nobody watches now; what is still shown is kept anew. */
  #withdrawn(place: LivePlace): void {
    const path = placePath(place);
    void this.#wiring.keeper?.clear(path);
    for (const { source } of this.#sources.values()) if (placePath(source.watched.place) === path) source.keep();
  }

  #leave(source: WatchSource): void {
    this.#sources.delete(source.key);
    source.close();
  }

  /** What is kept for whoever mounts it again; false: nothing is. */
  #letGo(): boolean {
    const kept = [...this.#handles.values()].filter(({ isOpen, listenerCount }) => isOpen && listenerCount === 0);
    for (const handle of kept) handle.restart();
    return kept.length > 0;
  }

  #touch(handle: AnyHandle | undefined): void {
    if (handle !== undefined) this.#teller.touch(handle);
  }
}
