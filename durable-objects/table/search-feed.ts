/**
 * What a search engine outside has yet to be told ([S4]). A feed is a cursor into the ledger: it looks which rows the next commits touched,
 * and gives these rows *as they stand*, under the seq that last wrote them. So it does not matter how often, or after which failure,
 * something is sent again: a newer state never gives way to an older one, and an engine that was away for a day is caught up with.
 * Synchronous, and knows no engine: run-feeds.ts calls one in between, from the alarm; a queue's consumer could, over two calls.
 */

import type { RowId, Seq } from "../../src/core/ids.ts";
import { jsonEquals } from "../../src/core/json.ts";
import type { RowChange } from "../../src/core/protocol/object-call.ts";
import { completeOrder } from "../../src/core/query/order.ts";
import { conjoin } from "../../src/core/query/tree.ts";
import type { Row, SearchSpec } from "../../src/core/schema/table-spec.ts";
import type { EngineChange, SearchAdapter } from "../../src/define/search-adapter.ts";
import { dropFeed, type FeedState, readFeeds, writeFeed } from "./feed-state.ts";
import { approximateSize } from "./reply-size.ts";
import { selectPage } from "./select-rows.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";
import { schedule } from "./timers.ts";

export interface FeedBatch {
  readonly table: string;
  readonly changes: readonly EngineChange[];
  /** The seq up to which this goes: with the table and the partition the key of the call. */
  readonly seq: number;
  readonly attempt: number;
  readonly next: FeedState;
}

const ROWS_AT_ONCE = 100;
const COMMITS_AT_ONCE = 20;
/** UTF-16 units in one call; one commit, or one row, may have more. */
const BATCH_SIZE = 2 ** 20;
/** Commits that do not concern the engine may pile up to this before the cursor moves over them: the ledger keeps them so long. */
const LONGEST_LAG = 1000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 300_000;

/** Brings the feeds in step with the configuration, when the object opens. A new one begins with the rows there are. */
export function openFeeds(store: Store): void {
  const feeds = readFeeds(store.sql);
  for (const name of feeds.keys()) if (adapterOf(store, name) === undefined) dropFeed(store.sql, name);
  for (const [name, { spec }] of store.tables) {
    const adapter = adapterOf(store, name);
    if (adapter === undefined || spec.search === undefined) continue;
    const form = formOf(adapter, spec.search);
    if (feeds.get(name)?.form === form) continue;
    writeFeed(store.sql, name, { form, after: null, seq: store.head.seq, tries: 0, nextAtMs: 0 });
    schedule(store.sql, store.alarm, "search-feed", store.clock());
  }
}

/** Makes sure that a commit is fed; called in its transaction. */
export function scheduleFeeds(store: Store, changes: readonly RowChange[], seq: Seq, nowMs: number): void {
  // Objects without an engine, nearly all, pay no more than this.
  if (![...store.tables.keys()].some((name) => adapterOf(store, name) !== undefined)) return;
  for (const [name, state] of readFeeds(store.sql)) {
    const search = store.tables.get(name)?.spec.search;
    if (search === undefined) continue;
    const isConcerned = changes.some((change) => change.table === name && isNews(change, search));
    if (isConcerned || seq - state.seq > LONGEST_LAG)
      schedule(store.sql, store.alarm, "search-feed", Math.max(nowMs, state.nextAtMs));
  }
}

/** What is to be sent next for a table; null when it is not time, or there is nothing. */
export function takeFeed(store: Store, table: TableStore): FeedBatch | null {
  const state = readFeeds(store.sql).get(table.spec.name);
  const { search } = table.spec;
  if (state === undefined || search === undefined || state.nextAtMs > store.clock()) return null;
  if (state.after === undefined && isPruned(store, state.seq)) {
    return takeRows(store, table, search, { ...state, after: null, seq: store.head.seq });
  }
  return state.after === undefined
    ? takeCommits(store, table, search, state)
    : takeRows(store, table, search, { ...state, after: state.after });
}

/** The batch was taken in by the engine, or was not; then it is tried again, after 1 s, 2 s … 5 min. */
export function settleFeed(store: Store, { table, next, attempt }: FeedBatch, outcome: "done" | "failed"): void {
  if (outcome === "done") {
    writeFeed(store.sql, table, { ...next, tries: 0, nextAtMs: 0 });
    return;
  }
  const before = readFeeds(store.sql).get(table);
  if (before === undefined) return;
  const delayMs = Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 20), LONGEST_RETRY_MS);
  writeFeed(store.sql, table, { ...before, tries: attempt, nextAtMs: store.clock() + delayMs });
}

/** When there is something to send (ms), or null. Ask in the turn that settles the timer, so that no commit comes in between. */
export function nextFeed(store: Store): number | null {
  const times = [...readFeeds(store.sql).values()]
    .filter(({ after, seq }) => after !== undefined || seq < store.head.seq)
    .map(({ nextAtMs }) => Math.max(nextAtMs, store.clock()));
  return times.length === 0 ? null : Math.min(...times);
}

export function adapterOf(store: Store, table: string): SearchAdapter | undefined {
  return store.app.searchAdapters?.get(table);
}

function takeRows(
  store: Store,
  table: TableStore,
  search: SearchSpec,
  state: FeedState & { readonly after: RowId | null },
): FeedBatch {
  const page = selectPage(store, table, {
    where: conjoin([]),
    orderBy: completeOrder([], table.spec),
    after: state.after === null ? null : [state.after],
    limit: ROWS_AT_ONCE,
    offset: 0,
  });
  const changes: EngineChange[] = [];
  let size = 0;
  for (const { row, version } of page.rows) {
    if (size > BATCH_SIZE) break;
    changes.push(put(store, table, search, row, version));
    size += approximateSize(row);
  }
  const isLast = !page.hasMore && changes.length === page.rows.length;
  const { after: _, ...fed } = state;
  const last = changes.at(-1);
  const next: FeedState = isLast || last === undefined ? fed : { ...fed, after: last.id };
  return { table: table.spec.name, changes, seq: state.seq, attempt: state.tries + 1, next };
}

function takeCommits(store: Store, table: TableStore, search: SearchSpec, state: FeedState): FeedBatch | null {
  const { name } = table.spec;
  const commits = store.sql.all("SELECT seq, changes FROM _log WHERE seq > ? ORDER BY seq LIMIT ?", [
    state.seq,
    COMMITS_AT_ONCE,
  ]);
  const changes = new Map<RowId, EngineChange>();
  let size = 0;
  let { seq } = state;
  for (const commit of commits) {
    if (size > BATCH_SIZE) break;
    for (const change of JSON.parse(String(commit.changes)) as RowChange[]) {
      if (change.table !== name || changes.has(change.id) || !isNews(change, search)) continue;
      const stored = table.find(change.id);
      changes.set(
        change.id,
        stored === null ? removal(store, name, change.id) : put(store, table, search, stored.row, stored.version),
      );
      if (stored !== null) size += approximateSize(stored.row);
    }
    seq = Number(commit.seq);
  }
  if (seq === state.seq) return null;
  return { table: name, changes: [...changes.values()], seq, attempt: state.tries + 1, next: { ...state, seq } };
}

/** Whether the engine would notice: a row came, went, or changed in what it is fed. */
function isNews({ before, after }: RowChange, search: SearchSpec): boolean {
  if (before === null || after === null) return true;
  const fed = [...search.fields.map(({ name }) => name), ...(search.attributes ?? [])];
  return fed.some((name) => !jsonEquals(before[name], after[name]));
}

function put({ partition }: Store, { spec }: TableStore, search: SearchSpec, row: Row, version: number): EngineChange {
  const fields = search.fields.map(({ name }) => [name, row[name] ?? null]);
  const attributes = (search.attributes ?? []).map((name) => [name, row[name] ?? null]);
  return {
    kind: "put",
    table: spec.name,
    partition,
    id: row[spec.primaryKey] as RowId,
    version,
    fields: Object.fromEntries(fields),
    attributes: Object.fromEntries(attributes),
  };
}

/** At the present seq: after whatever the row was, before whatever it may become again. */
function removal({ partition, head }: Store, table: string, id: RowId): EngineChange {
  return { kind: "remove", table, partition, id, version: head.seq };
}

/** Whether commits that were yet to be fed are gone from the ledger. */
function isPruned(store: Store, seq: number): boolean {
  const oldest = store.sql.all("SELECT min(seq) AS seq FROM _log", [])[0]?.seq;
  return typeof oldest === "number" && oldest > seq + 1;
}

function formOf({ name }: SearchAdapter, { fields, attributes = [] }: SearchSpec): string {
  return JSON.stringify([name, fields.map((field) => field.name), attributes]);
}
