/**
 * What one tab shows of its watches ([CI6]): their rows in order, under the writes that they do not show yet. A write lies over them from the
 * moment it is made until every watch of its tables has reached what it led to, or until it is refused. Fed by the live client and by the
 * outbox; says which lists are no longer what they were. Pure; the simulation drives this very class. Its lines are
 * one machine's.
 */

import type { RowId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { ViewStep } from "../live/live-view.ts";
import type { OutboxEntry, RowWrite } from "../offline/outbox-entry.ts";
import {
  type DoneEntry,
  isDone,
  Overlay,
  outOf,
  type PlaceQuestion,
  type ReadingPlace,
  toAsk,
} from "../offline/overlay.ts";
import { type ListShape, ShownList } from "./shown-list.ts";
import { type CompareRows, SortedRows } from "./sorted-rows.ts";

export interface StoreWatch {
  readonly key: string;
  readonly table: string;
  readonly partition: string | undefined;
  readonly limit: number | null;
  /** Whether its rows are whole: not narrowed by `select`. */
  readonly isWhole: boolean;
}

/** What the server has told of a watch, or what was kept of it. */
export interface WatchFacts {
  readonly rowKey: string;
  /** Null: in order of arrival. */
  readonly compare: CompareRows | null;
  readonly takes: (row: JsonObject) => boolean | null;
  readonly rows: () => Iterable<JsonObject>;
  readonly rowOf: (id: RowId) => JsonObject | undefined;
}

export interface StorePort {
  /** Where a watch stands; null while nothing is shown, or while what is shown is about to be replaced. */
  readonly placeOf: (key: string) => ReadingPlace["at"];
  /** The object of this watch is to be asked; asked again whenever something moves, until it is known. */
  readonly ask: (key: string, question: PlaceQuestion) => void;
  /** The rows of this watch may be others from now on. */
  readonly changed: (key: string) => void;
  readonly derive: ListShape["derive"];
}

interface Held {
  readonly watch: StoreWatch;
  /** Writes that took place after what was kept of it: they lie over it alone, until it has come so far. */
  late: readonly DoneEntry[];
  readonly list: ShownList;
  facts: WatchFacts | null;
  sorted: SortedRows;
  shown: readonly JsonObject[] | null;
}

/** Finished writes that are remembered, for watches that begin with what was kept. */
const FINISHED = 200;
/** Answers of objects that are remembered; what is forgotten is asked again. */
const TOLD = 500;

export class StoreCore {
  readonly #port: StorePort;
  readonly #held = new Map<string, Held>();
  #overlay = new Overlay();
  /** Writes of this person that have taken place, the latest of them. */
  #finished: DoneEntry[] = [];
  /** Where objects have what they were asked for by name. */
  readonly #told = new Map<string, readonly string[]>();

  constructor(port: StorePort) {
    this.#port = port;
  }

  add(watch: StoreWatch): void {
    this.#held.set(watch.key, {
      watch,
      late: [],
      list: new ShownList(),
      facts: null,
      sorted: new SortedRows(null),
      shown: null,
    });
  }

  /** It is watched no more, or was refused: nothing waits for it. */
  remove(key: string): void {
    if (this.#held.delete(key)) this.moved();
  }

  /** What happened to the rows of a watch; `facts` null: nothing is shown any more. */
  took(key: string, steps: readonly ViewStep[], facts: WatchFacts | null): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    const isOther = held.facts === null || held.facts.compare !== facts?.compare;
    held.facts = facts;
    if (facts === null) held.sorted = new SortedRows(null);
    else if (isOther || steps.some(({ kind }) => kind === "replaced")) {
      held.sorted = new SortedRows(facts.compare);
      held.sorted.replace(facts.rows());
    } else
      held.sorted.apply(
        steps.flatMap((step) => (step.kind === "commit" ? step.changes : [])),
        facts.rows,
      );
    this.#stale(held);
    for (const { watch, facts: shown } of this.#held.values())
      if (shown === null && nameOf(watch) === nameOf(held.watch)) this.#port.changed(watch.key);
    // A change may draw a row in that another watch has.
    if (this.#overlay.size.shown > 0) this.#staleTables([held.watch]);
  }

  /** What is shown of a watch was kept from an earlier time: it may be behind what was written here since. */
  resumed(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    held.late = this.#finished;
    this.#catchUp(held);
  }

  /** Some object stands elsewhere than before, whether rows changed or not. */
  moved(): void {
    for (const held of this.#held.values()) if (held.late.length > 0) this.#catchUp(held);
    if (this.#overlay.size.acknowledged === 0) return;
    const before = this.#overlay.awaited();
    const places = this.#places();
    if (this.#overlay.reach(places, this.#told))
      this.#staleTables(
        before.filter(({ key }) => this.#overlay.entry(key) === undefined).flatMap(({ writes }) => writes),
      );
    const awaited = this.#overlay.awaited();
    for (const place of places) this.#askFor(place, awaited);
  }

  /** An object has told where it has what it was asked for by name: at `epoch:seq`. */
  told(name: string, position: string): void {
    const positions = [...(this.#told.get(name) ?? []), position];
    this.#told.delete(name);
    this.#told.set(name, positions);
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= TOLD) break;
      this.#told.delete(oldest);
    }
  }

  /** A write that is made now, and not stored yet. */
  draft(entry: Omit<OutboxEntry, "place" | "rev">): void {
    this.#overlay.draft(entry);
    this.#staleTables(entry.writes);
  }

  /** News of a write; null: it is given up, or nothing is known of it any more. True: one that was shown has taken place. */
  news(key: string, entry: OutboxEntry | null): boolean {
    const before = this.#overlay.entry(key);
    if (entry !== null && isDone(entry)) this.#finish(entry);
    if (entry === null) this.#overlay.drop(key);
    else this.#overlay.take(entry);
    const after = this.#overlay.entry(key);
    if (before === after) return false;
    this.#staleTables([...(before?.writes ?? []), ...(after?.writes ?? [])]);
    if (after?.state.kind !== "done") return false;
    this.moved();
    return before?.state.kind !== "done";
  }

  /** Another person is there: nothing of what was written before is shown. */
  forget(): void {
    const writes = this.#overlay.shownEntries().flatMap((entry) => entry.writes);
    this.#overlay = new Overlay();
    this.#finished = [];
    for (const held of this.#held.values()) held.late = [];
    this.#staleTables(writes);
  }

  /** In order, the same array until something changes; null: nothing is shown. */
  rows(key: string): readonly JsonObject[] | null {
    const held = this.#held.get(key);
    if (held === undefined || held.facts === null) return null;
    held.shown ??= this.#lay(held, held.facts);
    return held.shown;
  }

  /** A row of a watch that shows nothing yet, as another watch of its table shows it, whole; null: none does. */
  glimpse(key: string, id: RowId): { readonly row: JsonObject; readonly isPending: boolean } | null {
    const own = this.#held.get(key);
    if (own === undefined) return null;
    for (const { watch, facts } of this.#held.values()) {
      if (facts === null || !watch.isWhole || nameOf(watch) !== nameOf(own.watch)) continue;
      const row = this.rows(watch.key)?.find((each) => each[facts.rowKey] === id);
      if (row !== undefined) return { row, isPending: this.#writesOver(own).some((write) => write.id === id) };
    }
    return null;
  }

  /** Writes of its table that lie over it, in order. */
  writes(key: string): readonly RowWrite[] {
    const held = this.#held.get(key);
    return held === undefined ? [] : this.#writesOver(held);
  }

  /** Writes that are shown, and those of them that the server has. */
  get overlaid(): Overlay["size"] {
    return this.#overlay.size;
  }

  #lay(held: Held, { rowKey, compare, takes }: WatchFacts): readonly JsonObject[] {
    const { watch, list, sorted } = held;
    const { derive } = this.#port;
    const known = (id: RowId) => this.#known(watch, id);
    const shape: ListShape = { rowKey, compare, takes, known, derive, limit: watch.limit };
    return list.lay(sorted.rows, this.#writesOver(held), shape);
  }

  #writesOver({ watch: { table, partition }, late }: Held): readonly RowWrite[] {
    const writes = this.#overlay.writes(table, partition);
    if (late.length === 0) return writes;
    const isShown = new Set(this.#overlay.shownEntries().map(({ key }) => key));
    const behind = late.filter(({ key }) => !isShown.has(key)).flatMap((entry) => entry.writes);
    return [...behind.filter((write) => nameOf(write) === nameOf({ table, partition })), ...writes];
  }

  #finish(entry: DoneEntry): void {
    this.#finished = [...this.#finished.filter(({ key }) => key !== entry.key), entry].sort(byPlace).slice(-FINISHED);
    // An earlier write of its row may still lie over one of these.
    for (const held of this.#held.values())
      if (held.late.length > 0) held.late = [...held.late.filter(({ key }) => key !== entry.key), entry].sort(byPlace);
  }

  /** Drops what the watch has passed; asks for the rest. */
  #catchUp(held: Held): void {
    const place = this.#placeOf(held.watch);
    const late = held.late.filter((entry) => isOfTable(entry, held.watch));
    const over = outOf(late, (entry) => !this.#isBehind(place, entry));
    const rest = late.filter((entry) => !over.has(entry));
    if (rest.length !== held.late.length) this.#stale(held);
    held.late = rest;
    this.#askFor(place, rest);
  }

  #isBehind({ at }: Place, entry: DoneEntry): boolean {
    return at === null || toAsk(at, entry, this.#told) !== null;
  }

  #askFor({ watch, at }: Place, entries: readonly DoneEntry[]): void {
    if (at === null) return;
    for (const entry of entries) {
      const question = isOfTable(entry, watch) ? toAsk(at, entry, this.#told) : null;
      if (question !== null) this.#port.ask(watch.key, question);
    }
  }

  #known({ key, table, partition }: StoreWatch, id: RowId): JsonObject | undefined {
    for (const { watch, facts } of this.#held.values()) {
      if (watch.key === key || watch.table !== table || watch.partition !== partition || !watch.isWhole) continue;
      const row = facts?.rowOf(id);
      if (row !== undefined) return row;
    }
    return undefined;
  }

  #places(): Place[] {
    return [...this.#held.values()].map(({ watch }) => this.#placeOf(watch));
  }

  #placeOf(watch: StoreWatch): Place {
    return { ...reachedBy(watch), watch, at: this.#port.placeOf(watch.key) };
  }

  #staleTables(changed: readonly Reached[]): void {
    const tables = new Set(changed.map(nameOf));
    if (tables.size === 0) return;
    for (const held of this.#held.values()) if (tables.has(nameOf(held.watch))) this.#stale(held);
  }

  #stale(held: Held): void {
    held.shown = null;
    this.#port.changed(held.watch.key);
  }
}

function reachedBy({ table, partition }: StoreWatch): Omit<ReadingPlace, "at"> {
  return { table, ...(partition !== undefined && { partition }) };
}

type Place = ReadingPlace & { readonly watch: StoreWatch };

function byPlace(a: OutboxEntry, b: OutboxEntry): number {
  return a.place - b.place;
}

function isOfTable({ writes }: OutboxEntry, watch: StoreWatch): boolean {
  return writes.some((write) => nameOf(write) === nameOf(watch));
}

interface Reached {
  readonly table: string;
  readonly partition?: string | undefined;
}

function nameOf({ table, partition }: Reached): string {
  return partition === undefined ? table : `@${partition}/${table}`;
}
