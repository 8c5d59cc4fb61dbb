/**
 * A query group: all watches that ask the same under the same rights. It is evaluated once for a commit, and its news is encoded
 * once, however many sockets share it. Rows, windows and aggregates differ in what they keep; this file is where they meet.
 */

import { seqOf } from "../ids.ts";
import { rowTag } from "../protocol/etag.ts";
import type { RowChange } from "../protocol/object-call.ts";
import { compileMatcher, type RowTest } from "../query/matches.ts";
import { conjoin, type Filter } from "../query/tree.ts";
import { type AggregateRead, LiveAggregate } from "./live-aggregate.ts";
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
