/**
 * The rows of a live page, maintained at its boundary ([LV12] [LV14]). Kept is a prefix of the list: keys and ids of the rows shown and
 * of some beyond, so that most rows that leave are followed without a read. What cannot be told from the prefix is read at the head
 * of the ledger, one bounded query; until then the window is behind, and is merged into a later frame. Invariant: shown == fresh list.
 */

import type { RowId } from "../ids.ts";
import type { Json, JsonScalar } from "../json.ts";
import type { RowChange } from "../protocol/object-call.ts";
import { keyComparator, sortKey } from "../query/compare-values.ts";
import type { RowTest } from "../query/matches.ts";
import type { Row, TableSpec } from "../schema/table-spec.ts";
import type { WindowSpec } from "./live-query.ts";
import type { LiveRow } from "./live-source.ts";
import type { RowEvent } from "./transition.ts";

/** Rows known beyond the page. */
const MARGIN = 16;

export interface WindowRead {
  /** The first rows of the list, as the head has them. */
  readonly first: (limit: number) => readonly LiveRow[];
  readonly find: (id: RowId) => LiveRow | null;
}

export interface RowNews {
  readonly op: RowEvent;
  readonly id: RowId;
  /** Absent for `removed`. */
  readonly row?: LiveRow;
  readonly why?: "window" | "scope";
  readonly optimisticId?: string;
}

export interface WindowNews {
  readonly news: readonly RowNews[];
  /** Given when it changed. */
  readonly hasMore?: boolean;
}

interface Item {
  readonly id: RowId;
  readonly key: readonly JsonScalar[];
}

/** A row that changed since the window was last told: as it now matches, or null. */
interface Touched {
  readonly row: LiveRow | null;
  readonly optimisticId?: string;
}

export class LiveWindow {
  readonly #spec: WindowSpec;
  readonly #primaryKey: string;
  readonly #test: RowTest;
  readonly #compare: (a: readonly Json[], b: readonly Json[]) => number;
  #items: Item[] = [];
  /** The prefix is the whole list. */
  #isWhole = false;
  /** What watchers hold. */
  #told: readonly RowId[] = [];
  #toldMore = false;
  #touched = new Map<RowId, Touched>();

  constructor(spec: WindowSpec, table: TableSpec, test: RowTest) {
    this.#spec = spec;
    this.#primaryKey = table.primaryKey;
    this.#test = test;
    this.#compare = keyComparator(spec.orderBy, table);
  }

  get isBehind(): boolean {
    return this.#touched.size > 0;
  }

  /** Reads the window; what it then holds counts as told. */
  open(read: WindowRead): { readonly rows: readonly LiveRow[]; readonly hasMore: boolean } {
    const rows = this.#read(read).slice(0, this.#spec.limit);
    this.#touched.clear();
    this.#told = rows.map(({ row }) => this.#idOf(row));
    this.#toldMore = this.#hasMore;
    return { rows, hasMore: this.#toldMore };
  }

  /** Takes the changes of one commit in; `tell` says what came of them. */
  take(changes: readonly RowChange[], seq: number): void {
    for (const { id, after, optimisticId } of changes) {
      const isIn = after !== null && this.#test(after);
      const row = isIn ? { row: after, version: seq } : null;
      const place = this.#items.findIndex((item) => item.id === id);
      if (place >= 0) this.#items.splice(place, 1);
      if (row !== null) this.#insert({ id, key: sortKey(row.row, this.#spec.orderBy) });
      this.#touched.set(id, { row, ...(optimisticId === undefined ? {} : { optimisticId }) });
    }
  }

  /** The difference to what was told; null when it takes a read and there is none (the state has moved past this commit). */
  tell(read: WindowRead | null): WindowNews | null {
    const { limit } = this.#spec;
    let fresh: readonly LiveRow[] = [];
    if (!this.#isWhole && this.#items.length <= limit) {
      if (read === null) return null;
      fresh = this.#read(read);
    }
    const shown = this.#items.slice(0, limit);
    const held = new Set(this.#told);
    const drawn = new Map<RowId, LiveRow>();
    for (const { id } of shown) {
      if (held.has(id) || this.#touched.has(id)) continue;
      if (read === null) return null;
      const row = fresh.find((each) => this.#idOf(each.row) === id) ?? read.find(id);
      if (row === null) throw new Error(`row ${id} of a window is not there`);
      drawn.set(id, row);
    }
    const news = this.#difference(shown, held, drawn);
    const hasMore = this.#hasMore;
    const moreNews = hasMore === this.#toldMore ? {} : { hasMore };
    this.#touched = new Map();
    this.#told = shown.map(({ id }) => id);
    this.#toldMore = hasMore;
    return { news, ...moreNews };
  }

  /** In order of change, then what was pushed out, then what was drawn in. */
  #difference(shown: readonly Item[], held: ReadonlySet<RowId>, drawn: ReadonlyMap<RowId, LiveRow>): RowNews[] {
    const isShown = new Set(shown.map(({ id }) => id));
    const news: RowNews[] = [];
    for (const [id, { row, optimisticId }] of this.#touched) {
      const writer = optimisticId === undefined ? {} : { optimisticId };
      if (row !== null && isShown.has(id)) news.push({ op: held.has(id) ? "changed" : "added", id, row, ...writer });
      else if (held.has(id))
        news.push({ op: "removed", id, ...(row === null ? {} : { why: "window" as const }), ...writer });
    }
    for (const id of held)
      if (!isShown.has(id) && !this.#touched.has(id)) news.push({ op: "removed", id, why: "window" });
    for (const [id, row] of drawn) news.push({ op: "added", id, row });
    return news;
  }

  get #hasMore(): boolean {
    return this.#items.length > this.#spec.limit || !this.#isWhole;
  }

  /** Into its place; beyond a prefix that is not the whole list nothing is known. */
  #insert(item: Item): void {
    const items = this.#items;
    let low = 0;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare((items[middle] as Item).key, item.key) < 0) low = middle + 1;
      else high = middle;
    }
    if (low === items.length && !this.#isWhole) return;
    items.splice(low, 0, item);
    if (items.length > this.#spec.limit + 2 * MARGIN) {
      items.length = this.#spec.limit + MARGIN;
      this.#isWhole = false;
    }
  }

  #read({ first }: WindowRead): readonly LiveRow[] {
    const limit = this.#spec.limit + MARGIN;
    const rows = first(limit + 1);
    this.#isWhole = rows.length <= limit;
    this.#items = rows
      .slice(0, limit)
      .map(({ row }) => ({ id: this.#idOf(row), key: sortKey(row, this.#spec.orderBy) }));
    return rows;
  }

  #idOf(row: Row): RowId {
    return row[this.#primaryKey] as RowId;
  }
}
