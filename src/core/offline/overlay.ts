/**
 * The writes that a tab shows although its watches do not yet ([CI6]): each from the moment it is made until the watches have reached what it
 * led to, or until it is refused. An answer of the server does not end it, because the watch may be behind the answer: the row would
 * fall back for a moment. One tab's; pure.
 */

import { type Done, type OutboxEntry, type RowWrite, rowKey } from "./outbox-entry.ts";

/** Where a tab's watches of a table stand. */
export interface ReadingPlace {
  readonly table: string;
  readonly partition?: string;
  /** Null: nothing is shown yet, or what is shown is about to be replaced. */
  readonly at: { readonly epoch: string; readonly seq: number } | null;
}

/**
 * What an object is asked of a write that took place: whether it has passed a position of its history; or, where none is known, where it has the
 * write of this name. It answers after it has taken up all that was decided.
 */
export type PlaceQuestion = { readonly seq: number } | { readonly name: string };

/** Positions that objects have told of writes, by the name under which they were asked. */
export type ToldPositions = ReadonlyMap<string, readonly string[]>;

/** Entries that are over, of which the latest revision is remembered: news of them may still be under way between tabs. */
const REMEMBERED = 1_000;

export class Overlay {
  readonly #held = new Map<string, OutboxEntry>();
  readonly #over = new Map<string, number>();
  /** Of the held: those that the server has. */
  readonly #done = new Map<string, DoneEntry>();
  #ordered: readonly OutboxEntry[] | null = null;
  /** By table and partition, as far as it was asked for. */
  readonly #writes = new Map<string, readonly RowWrite[]>();

  /** A write that is not stored yet; its place is behind all others. */
  draft(entry: Omit<OutboxEntry, "place" | "rev">): void {
    if (!this.#held.has(entry.key) && !this.#over.has(entry.key))
      this.#hold({ ...entry, place: Number.MAX_SAFE_INTEGER, rev: -1 });
  }

  /** News of an entry, in any order; older news than what is known is passed over. */
  take(entry: OutboxEntry): void {
    const held = this.#held.get(entry.key);
    if ((held?.rev ?? this.#over.get(entry.key) ?? -1) >= entry.rev) return;
    switch (entry.state.kind) {
      case "queued":
      case "sent":
        this.#hold(entry);
        break;
      case "refused":
        this.#end(entry.key, entry.rev);
        break;
      case "done":
        // One that was never shown here is not begun with: the watches have it, or will.
        if (held === undefined) this.#end(entry.key, entry.rev);
        else this.#hold(entry);
        break;
    }
  }

  /** The storage has let go of the entry: it was given up; or it was done long ago, and then stays until it is reached. */
  drop(key: string): void {
    if (this.#held.get(key)?.state.kind !== "done") this.#end(key, Number.POSITIVE_INFINITY);
  }

  /**
   * What has been reached falls: all writes of a transaction together, and none before an earlier one of its row, which would then lie over
   * what came after it. True: something fell.
   */
  reach(places: readonly ReadingPlace[], told: ToldPositions): boolean {
    const reached = new Set([...this.#done.values()].filter((entry) => hasReached(places, entry, told)));
    if (reached.size === 0) return false;
    const over = outOf(this.#inOrder(), (entry) => reached.has(entry as DoneEntry));
    for (const { key, rev } of over) this.#end(key, rev);
    return over.size > 0;
  }

  /** As it is shown; undefined: it is not. */
  entry(key: string): OutboxEntry | undefined {
    return this.#held.get(key);
  }

  /** In the order in which they are laid over the rows. */
  shownEntries(): readonly OutboxEntry[] {
    return this.#inOrder();
  }

  /** What the server has, and some watch does not show yet. */
  awaited(): readonly DoneEntry[] {
    return [...this.#done.values()];
  }

  /** In the order in which they are laid over the rows. */
  writes(table: string, partition?: string): readonly RowWrite[] {
    const name = `${partition ?? ""}/${table}`;
    let writes = this.#writes.get(name);
    if (writes === undefined) {
      writes = this.#inOrder().flatMap((entry) => entry.writes.filter((write) => isOf(write, table, partition)));
      this.#writes.set(name, writes);
    }
    return writes;
  }

  #inOrder(): readonly OutboxEntry[] {
    this.#ordered ??= [...this.#held.values()].sort((a, b) => a.place - b.place);
    return this.#ordered;
  }

  #hold(entry: OutboxEntry): void {
    this.#held.set(entry.key, entry);
    if (isDone(entry)) this.#done.set(entry.key, entry);
    else this.#done.delete(entry.key);
    this.#disorder();
  }

  #disorder(): void {
    this.#ordered = null;
    this.#writes.clear();
  }

  #end(key: string, rev: number): void {
    this.#done.delete(key);
    if (this.#held.delete(key)) this.#disorder();
    this.#over.delete(key);
    this.#over.set(key, rev);
    for (const oldest of this.#over.keys()) {
      if (this.#over.size <= REMEMBERED) break;
      this.#over.delete(oldest);
    }
  }

  /** How many entries are shown, and how many of them the server has. */
  get size(): { readonly shown: number; readonly acknowledged: number } {
    return { shown: this.#held.size, acknowledged: this.#done.size };
  }
}

/** Whether every watch of the tables concerned shows what the write led to. */
export function hasReached(places: readonly ReadingPlace[], entry: DoneEntry, told: ToldPositions): boolean {
  return places.every(
    ({ table, partition, at }) =>
      !entry.writes.some((write) => isOf(write, table, partition)) || (at !== null && toAsk(at, entry, told) === null),
  );
}

/**
 * What to ask the object of a watch that stands at `at`; null: it has passed the write. A position of another history says nothing: the object may have
 * been restored before the write, or since, and this watch may not have heard of it.
 */
export function toAsk(
  at: NonNullable<ReadingPlace["at"]>,
  { key, state: { positions, txid } }: DoneEntry,
  told: ToldPositions,
): PlaceQuestion | null {
  const name = txid ?? `?${key}`;
  const isOwn = (position: string) => position.startsWith(`${at.epoch}:`);
  const known = positions.find(isOwn) ?? told.get(name)?.find(isOwn);
  if (known === undefined) return { name };
  const seq = Number(known.slice(at.epoch.length + 1));
  return at.seq >= seq ? null : { seq };
}

/** Of entries in order, those that need not lie over the rows any more: an earlier one of a row would lie over what came after it. */
export function outOf<E extends OutboxEntry>(entries: readonly E[], isReached: (entry: E) => boolean): ReadonlySet<E> {
  const over = new Set<E>();
  const staying = new Set<string>();
  for (const entry of entries) {
    const { writes } = entry;
    if (isReached(entry) && !writes.some((write) => staying.has(rowKey(write)))) over.add(entry);
    else for (const write of writes) staying.add(rowKey(write));
  }
  return over;
}

export type DoneEntry = OutboxEntry & { readonly state: Done };

export function isDone(entry: OutboxEntry): entry is DoneEntry {
  return entry.state.kind === "done";
}

function isOf(write: RowWrite, table: string, partition: string | undefined): boolean {
  return write.table === table && write.partition === partition;
}
