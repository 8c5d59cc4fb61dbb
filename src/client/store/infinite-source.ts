/**
 * A list that grows by pages and is live as a whole, however long it gets: the rows up to where the last page ended are watched as ranges of the order,
 * what follows as a window of one page. What is shown stays until the next page is there, so nothing is ever taken away while more is
 * fetched; and now and then the ranges become one.
 */

import type { RowId } from "../../core/ids.ts";
import type { JsonObject } from "../../core/json.ts";
import { viewTerms } from "../../core/live/view-order.ts";
import { printFilter } from "../../core/query/print.ts";
import { conjoin, type Filter, negate } from "../../core/query/tree.ts";
import { afterRow } from "../../core/store/after-row.ts";
import { joinFilters } from "../join-filters.ts";
import type { LedgeError } from "../ledge-error.ts";
import { sameOr } from "./shared-handle.ts";
import { listOf, NO_LIST } from "./snapshots.ts";
import type { InfiniteSnapshot } from "./store-types.ts";
import type { Watched, WatchSource } from "./watch-source.ts";

/** Ranges that are watched side by side; of an object a client may watch a hundred things. */
const RANGES = 8;

interface Next {
  readonly parts: readonly WatchSource[];
  readonly from: Filter | null;
  /** `ahead`: loaded, and shown only when somebody asks for more; `anew`: the first page, in place of all that was loaded. */
  readonly as: "more" | "ahead" | "anew";
}

export class InfiniteSource {
  readonly #first: Watched;
  /** How many rows there are in all; null: nobody asked. */
  readonly #count: WatchSource | null;
  readonly #open: (watched: Watched) => WatchSource;
  readonly #leave: (source: WatchSource) => void;
  /** Ranges, and the window at the end. */
  #shown: readonly WatchSource[];
  /** What takes their place once all of it is there, and it is wanted. */
  #next: Next | null = null;
  /** What the window begins with: the rows after the last range. Null: it begins at the beginning. */
  #from: Filter | null = null;
  #error: LedgeError | null = null;
  /** Who waits for the page that is being loaded. */
  #waiting: (() => void)[] = [];
  #rows: { readonly parts: readonly (readonly JsonObject[])[]; readonly all: readonly JsonObject[] } | null = null;

  /** `first`: the window of the first page, with an order; `count`: the aggregate that counts all of them. */
  constructor(
    first: Watched,
    count: Watched | null,
    open: (watched: Watched) => WatchSource,
    leave: (source: WatchSource) => void,
  ) {
    this.#first = first;
    this.#open = open;
    this.#leave = leave;
    this.#shown = [open(first)];
    this.#count = count && open(count);
  }

  /** `ahead`: it is loaded, and shown as soon as it is asked for as `more`. Resolves when no page is on its way any more. */
  loadMore(as: "more" | "ahead"): Promise<void> {
    if (this.#next === null) this.#load(as);
    else if (this.#next.as === "ahead") this.#next = { ...this.#next, as };
    return new Promise((resolve) => {
      if (this.#next?.as === "more") this.#waiting.push(resolve);
      else resolve();
    });
  }

  /** Lets go of the page that is being loaded. */
  cancel(): void {
    const { parts = [] } = this.#next ?? {};
    this.#settle();
    for (const source of parts) if (!this.#shown.includes(source)) this.#leave(source);
  }

  /** Back to the first page; what is shown stays until that is there. */
  reset(): void {
    this.cancel();
    this.#error = null;
    if (this.#from !== null) this.#next = { parts: [this.#open(this.#first)], from: null, as: "anew" };
  }

  read(before: InfiniteSnapshot<JsonObject>): InfiniteSnapshot<JsonObject> {
    this.#turn();
    const parts = this.#shown.map((source) => source.rows() ?? []);
    if (
      this.#rows === null ||
      parts.length !== this.#rows.parts.length ||
      parts.some((part, index) => part !== this.#rows?.parts[index])
    )
      this.#rows = { parts, all: parts.flat() };
    const worst = this.#shown.find(({ standing }) => standing !== "live") ?? this.#window;
    const list = listOf(this.#window, NO_LIST);
    const total = this.#count?.view?.aggregate?.groups as readonly { readonly count: number }[] | undefined;
    return sameOr(before, {
      ...list,
      status: worst.standing,
      error: worst.error ?? this.#error ?? this.#count?.error ?? null,
      isReady: this.#shown.every(({ isReady }) => isReady),
      rows: this.#rows.all,
      isLoadingMore: this.#next?.as === "more",
      cursor: list.hasMore ? ((this.#window.lastRow?.[this.#window.rowKey] ?? null) as RowId | null) : null,
      totalCount: total?.[0]?.count ?? null,
    });
  }

  close(): void {
    this.cancel();
    for (const source of this.#shown) this.#leave(source);
    if (this.#count !== null) this.#leave(this.#count);
  }

  get #window(): WatchSource {
    return this.#shown.at(-1) as WatchSource;
  }

  /** Without one of the caller's it is by the key, whose name is known once the first page is there. */
  get #orderBy(): string {
    return this.#first.request.orderBy ?? this.#window.rowKey;
  }

  #load(as: Next["as"]): void {
    const window = this.#window;
    const last = window.lastRow;
    if (last === null || window.view?.hasMore !== true) return;
    this.#error = null;
    const order = viewTerms({ orderBy: this.#orderBy, key: window.rowKey });
    const after = afterRow(last, order);
    const ranges = this.#shown.slice(0, -1);
    const isToJoin = ranges.length >= RANGES;
    const upTo = negate(after);
    const range = this.#part(isToJoin || this.#from === null ? upTo : conjoin([this.#from, upTo]), null);
    const following = this.#part(after, this.#first.request.limit ?? null);
    this.#next = { parts: [...(isToJoin ? [] : ranges), this.#open(range), this.#open(following)], from: after, as };
  }

  #settle(): void {
    this.#next = null;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Goes on to what was to come, when all of it is there; not at all, where some of it is refused. */
  #turn(): void {
    if (this.#next === null || this.#next.as === "ahead") return;
    const { parts, from } = this.#next;
    const refused = parts.find(({ error }) => error !== null);
    if (refused === undefined && parts.some(({ isReady }) => !isReady)) return;
    const [kept, dropped] = refused === undefined ? [parts, this.#shown] : [this.#shown, parts];
    this.#error = refused?.error ?? null;
    this.#from = refused === undefined ? from : this.#from;
    this.#shown = kept;
    this.#settle();
    for (const source of dropped) if (!kept.includes(source)) this.#leave(source);
  }

  #part(condition: Filter, limit: number | null): Watched {
    const { place, filter, request } = this.#first;
    const { limit: _limit, ...rest } = request;
    const text = joinFilters([request.filter ?? "", printFilter(condition)]);
    return {
      place,
      filter: filter && conjoin([filter, condition]),
      request: { ...rest, orderBy: this.#orderBy, filter: text, ...(limit !== null && { limit }) },
    };
  }
}
