/**
 * A query group: all watches that ask the same under the same rights. It is evaluated once for a commit, and its news is encoded
 * once, however many sockets share it. Rows, windows and aggregates differ in what they keep; this file is where they meet.
 */

import { type RowId, seqOf } from "../ids.ts";
import { rowTag } from "../protocol/etag.ts";
import type { RowChange } from "../protocol/object-call.ts";
import { compileMatcher, type RowTest } from "../query/matches.ts";
import { completeOrder } from "../query/order.ts";
import { conjoin, type Filter, negate } from "../query/tree.ts";
import { type AggregateRead, LiveAggregate } from "./live-aggregate.ts";
import { LIVE_LIMITS } from "./live-limits.ts";
import { filterTree, type LiveQuery, type LiveTable, queryTag } from "./live-query.ts";
import type { LiveRow, LiveSource } from "./live-source.ts";
import { LiveWindow, type RowNews, type WindowRead } from "./live-window.ts";
import { transition } from "./transition.ts";

/** What a commit means to a group, encoded. `own` is for the writer's sockets: it tells the optimistic ids as well. */
export interface GroupNews {
  /** Changes as a JSON array; null where only the rest changed. */
  readonly changes: string | null;
  readonly own?: string;
  readonly aggregate?: string;
  readonly hasMore?: boolean;
  /** The scope is another one from here on ([RV3]). */
  readonly tag?: string;
}

export class LiveGroup {
  readonly key: number;
  readonly text: string;
  readonly query: LiveQuery;
  readonly tag: string;
  readonly where: Filter;
  /** Watches that share the group. */
  members = 0;
  #isOpen = false;
  readonly #table: LiveTable;
  readonly #source: LiveSource;
  readonly #test: RowTest;
  readonly #window: LiveWindow | null;
  readonly #aggregate: LiveAggregate | null;

  constructor(key: number, text: string, query: LiveQuery, table: LiveTable, source: LiveSource) {
    this.key = key;
    this.text = text;
    this.query = query;
    this.tag = queryTag(text, table.spec.shape);
    this.where = filterTree(table, query.where);
    this.#table = table;
    this.#source = source;
    this.#test = compileMatcher(this.where, table.spec, table.operators);
    this.#window = query.window === null ? null : new LiveWindow(query.window, table.spec, this.#test);
    this.#aggregate = query.aggregate === null ? null : new LiveAggregate(query.aggregate, table.spec, this.#test);
  }

  /** Windows and aggregates keep something; rows are told from the images alone. */
  get isKept(): boolean {
    return this.#window !== null || this.#aggregate !== null;
  }

  get isBehind(): boolean {
    return (this.#window ?? this.#aggregate)?.isBehind === true;
  }

  /** For a watch that begins without a snapshot: what it holds already is what counts as told. */
  ensureOpen(): void {
    if (this.isKept && !this.#isOpen) this.open();
  }

  /** Reads what is kept, as it stands at the head. */
  open(): { readonly rows: readonly LiveRow[]; readonly hasMore?: boolean } | { readonly aggregate: string } {
    this.#isOpen = true;
    if (this.#aggregate !== null) return { aggregate: this.#aggregate.open(this.#aggregateRead()) };
    if (this.#window !== null) return this.#window.open(this.#windowRead());
    return { rows: this.#source.all(this.query.table, this.where) };
  }

  /** The news of a commit; null when there is none, or none yet. `place`: whether the source still stands at this commit. */
  evaluate(changes: readonly RowChange[], seq: number, place: "at-head" | "behind"): GroupNews | null {
    if (this.#window !== null) return this.#evaluateWindow(this.#window, changes, seq, place);
    if (this.#aggregate !== null) return this.#evaluateAggregate(this.#aggregate, changes, place);
    return this.replay(changes, seq);
  }

  /** The news of a commit from its images alone, for a group of rows: the same live and out of the ledger. */
  replay(changes: readonly RowChange[], seq: number): GroupNews | null {
    const news: RowNews[] = [];
    for (const { table, id, before, after, optimisticId } of changes) {
      if (table !== this.query.table) continue;
      const op = transition(before, after, this.#test);
      if (op === null) continue;
      const writer = optimisticId === undefined ? {} : { optimisticId };
      if (op === "removed" || after === null) news.push({ op: "removed", id, ...writer });
      else news.push({ op, id, row: { row: after, version: seq }, ...writer });
    }
    return this.#encode(news);
  }

  /**
   * What it means to a watch that comes to this group from another one, whose scope was an earlier one ([RV3]); merged with the changes of a
   * commit, if that is what changed the scope. `later`: what came after it, up to where the source stands. Null: it is too much, cannot be
   * told from there, or is not of rows.
   */
  differenceFrom(
    earlier: LiveGroup,
    {
      changes,
      seq,
      later,
    }: { readonly changes: readonly RowChange[]; readonly seq: number; readonly later: readonly RowChange[] },
  ): GroupNews | null {
    if (this.isKept || earlier.isKept) return null;
    const news: RowNews[] = [];
    const changed = new Set<RowId>();
    for (const { table, id, before, after, optimisticId } of changes) {
      if (table !== this.query.table) continue;
      changed.add(id);
      const writer = optimisticId === undefined ? {} : { optimisticId };
      const wasIn = earlier.#concerns(before);
      if (after !== null && this.#concerns(after))
        news.push({ op: wasIn ? "changed" : "added", id, row: { row: after, version: seq }, ...writer });
      else if (wasIn)
        news.push({ op: "removed", id, ...(earlier.#concerns(after) ? { why: "scope" } : {}), ...writer });
    }
    for (const { table, id, before } of later) {
      if (table !== this.query.table || changed.has(id)) continue;
      changed.add(id);
      const [wasIn, isIn] = [earlier.#concerns(before), this.#concerns(before)];
      // What it was is known, but not since which commit.
      if (isIn && !wasIn) return null;
      if (wasIn && !isIn) news.push({ op: "removed", id, why: "scope" });
    }
    if (earlier === this) return { changes: null, ...this.#encode(news) };
    const key = this.#table.spec.primaryKey;
    const only = (a: LiveGroup, b: LiveGroup) => a.#rowsBeside(b).filter(({ row }) => !changed.has(row[key] as RowId));
    for (const { row } of only(earlier, this)) news.push({ op: "removed", id: row[key] as RowId, why: "scope" });
    for (const row of only(this, earlier)) news.push({ op: "added", id: row.row[key] as RowId, row });
    if (news.length > LIVE_LIMITS.scopeRows + changes.length) return null;
    return { changes: null, ...this.#encode(news) };
  }

  /** Rows that match here and not there, one more than are told at most. */
  #rowsBeside(other: LiveGroup): readonly LiveRow[] {
    if (other.where.kind === "all") return [];
    const where = conjoin([this.where, negate(other.where)]);
    const orderBy = completeOrder([], this.#table.spec);
    return this.#source.first(this.query.table, where, { orderBy, limit: LIVE_LIMITS.scopeRows + 1 });
  }

  /** Whether any image of the changes matches: where not, nothing of the group has changed. */
  touches(changes: readonly RowChange[]): boolean {
    return changes.some(
      ({ table, before, after }) => table === this.query.table && (this.#concerns(before) || this.#concerns(after)),
    );
  }

  /** A row as a snapshot shows it. */
  showRow({ row, version }: LiveRow): string {
    const shown = JSON.stringify(this.#source.show(this.query.table, row, this.query.select));
    return `{"row":${shown},"v":"${this.#rowTag(version)}"}`;
  }

  #evaluateWindow(window: LiveWindow, changes: readonly RowChange[], seq: number, place: string): GroupNews | null {
    const relevant = changes.filter(({ before, after }) => this.#concerns(before) || this.#concerns(after));
    window.take(relevant, seq);
    if (!window.isBehind) return null;
    const told = window.tell(place === "at-head" ? this.#windowRead() : null);
    if (told === null) return null;
    const encoded = this.#encode(told.news);
    if (encoded === null && told.hasMore === undefined) return null;
    return { changes: null, ...encoded, ...(told.hasMore === undefined ? {} : { hasMore: told.hasMore }) };
  }

  #evaluateAggregate(aggregate: LiveAggregate, changes: readonly RowChange[], place: string): GroupNews | null {
    aggregate.take(changes);
    if (!aggregate.isBehind) return null;
    const told = aggregate.tell(place === "at-head" ? this.#aggregateRead() : null);
    if (told === null || told === "same") return null;
    return { changes: null, aggregate: told.text };
  }

  #concerns(row: RowChange["before"]): boolean {
    return row !== null && this.#test(row);
  }

  #encode(news: readonly RowNews[]): GroupNews | null {
    const { events } = this.query;
    const wanted = events === null ? news : news.filter(({ op }) => events.includes(op));
    if (wanted.length === 0) return null;
    const texts = wanted.map((each) => this.#changeText(each));
    const changes = `[${texts.join(",")}]`;
    if (wanted.every(({ optimisticId }) => optimisticId === undefined)) return { changes };
    const own = wanted.map(({ optimisticId }, index) => withOptimisticId(texts[index] ?? "", optimisticId));
    return { changes, own: `[${own.join(",")}]` };
  }

  #changeText({ op, id, row, why }: RowNews): string {
    if (row === undefined) {
      const reason = why === undefined ? "" : `,"why":"${why}"`;
      return `{"op":"${op}","rowId":${JSON.stringify(id)}${reason}}`;
    }
    const shown = JSON.stringify(this.#source.show(this.query.table, row.row, this.query.select));
    return `{"op":"${op}","row":${shown},"v":"${this.#rowTag(row.version)}"}`;
  }

  #rowTag(version: number): string {
    return rowTag(this.#source.epoch, seqOf(version), this.#table.spec.shape);
  }

  #windowRead(): WindowRead {
    const { table, window } = this.query;
    return {
      first: (limit) => this.#source.first(table, this.where, { orderBy: window?.orderBy ?? [], limit }),
      find: (id) => this.#source.find(table, id),
    };
  }

  #aggregateRead(): AggregateRead {
    const { table } = this.query;
    return {
      groups: (more, query) =>
        this.#source.groups(table, more === null ? this.where : conjoin([this.where, more]), query),
      scan: () => this.#source.scan(table, this.where),
    };
  }
}

function withOptimisticId(text: string, optimisticId: string | undefined): string {
  return optimisticId === undefined ? text : `${text.slice(0, -1)},"optimisticId":${JSON.stringify(optimisticId)}}`;
}
