/**
 * The writes that a tab shows although its watches do not yet ([CI6]): each from the moment it is made until the watches have reached what it
 * led to, or until it is refused. An answer of the server does not end it, because the watch may be behind the answer: the row would
 * fall back for a moment. One tab's; pure.
 */

import { type OutboxEntry, type RowWrite, rowKey } from "./outbox-entry.ts";

/** Where a tab's watches of a table stand. */
export interface ReadingPlace {
  readonly table: string;
  readonly partition?: string;
  /** Null: nothing is shown yet, or what is shown is about to be replaced. */
  readonly at: { readonly epoch: string; readonly seq: number } | null;
}

/** Entries that are over, of which the latest revision is remembered: news of them may still be under way between tabs. */
const REMEMBERED = 1_000;

export class Overlay {
  readonly #held = new Map<string, OutboxEntry>();
  readonly #over = new Map<string, number>();
  #ordered: readonly OutboxEntry[] | null = null;

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
  reach(places: readonly ReadingPlace[]): boolean {
    let hasFallen = false;
    const staying = new Set<string>();
    for (const { key, state, writes, rev } of this.#inOrder()) {
      const isFree = state.kind === "done" && !writes.some((write) => staying.has(rowKey(write)));
      if (isFree && hasReached(places, { writes, state })) {
        this.#end(key, rev);
        hasFallen = true;
      } else for (const write of writes) staying.add(rowKey(write));
    }
    return hasFallen;
  }

  /** As it is shown; undefined: it is not. */
  entry(key: string): OutboxEntry | undefined {
    return this.#held.get(key);
  }

  /** In the order in which they are laid over the rows. */
  shownEntries(): readonly OutboxEntry[] {
    return this.#inOrder();
  }

  /** Positions that are waited for, so that the objects can be asked whether they have passed them. */
  awaited(): string[] {
    return [...this.#held.values()].flatMap(({ state }) => (state.kind === "done" ? state.positions : []));
  }

  /** In the order in which they are laid over the rows. */
  writes(table: string, partition?: string): RowWrite[] {
    return this.#inOrder().flatMap(({ writes }) =>
      writes.filter((write) => write.table === table && write.partition === partition),
    );
  }

  #inOrder(): readonly OutboxEntry[] {
    this.#ordered ??= [...this.#held.values()].sort((a, b) => a.place - b.place);
    return this.#ordered;
  }

  #hold(entry: OutboxEntry): void {
    this.#held.set(entry.key, entry);
    this.#ordered = null;
  }

  #end(key: string, rev: number): void {
    if (this.#held.delete(key)) this.#ordered = null;
    this.#over.delete(key);
    this.#over.set(key, rev);
    for (const oldest of this.#over.keys()) {
      if (this.#over.size <= REMEMBERED) break;
      this.#over.delete(oldest);
    }
  }

  /** How many entries are shown, and how many of them the server has. */
  get size(): { readonly shown: number; readonly acknowledged: number } {
    let acknowledged = 0;
    for (const { state } of this.#held.values()) if (state.kind === "done") acknowledged++;
    return { shown: this.#held.size, acknowledged };
  }
}

/** Whether every watch of the tables concerned shows what the write led to. One in another epoch is past it. */
export function hasReached(
  places: readonly ReadingPlace[],
  { writes, state }: Pick<OutboxEntry, "writes" | "state">,
): boolean {
  const positions = state.kind === "done" ? state.positions : [];
  return places
    .filter(({ table, partition }) => writes.some((write) => write.table === table && write.partition === partition))
    .every(({ at }) => {
      if (at === null) return false;
      const awaited = positions.find((position) => position.startsWith(`${at.epoch}:`));
      return awaited === undefined || at.seq >= Number(awaited.slice(at.epoch.length + 1));
    });
}
