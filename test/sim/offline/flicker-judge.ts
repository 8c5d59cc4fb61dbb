/**
 * Judges what a tab shows, step by step: no row falls back. A value of this person's that is shown stays until a later one takes its place or the
 * write is refused; a value of the server's is never followed by one that stood before it. Values are unique, so each says whose it is.
 */

import type { RowId } from "../../../src/core/ids.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import type { OutboxEntry } from "../../../src/core/offline/outbox-entry.ts";

export interface KnownWrites {
  /** When a value came to stand at the server, the last time; undefined: not yet. */
  readonly stoodAt: (value: string) => number | undefined;
  /** The first time: a page that begins with kept rows may show it from then. */
  readonly stoodFirstAt: (value: string) => number | undefined;
  /** The entry that wrote a value, in whatever state; null: it was given up; undefined: not of this browser. */
  readonly writerOf: (value: string) => OutboxEntry | null | undefined;
  readonly wasRefused: (key: string) => boolean;
}

export class FlickerJudge {
  readonly #before = new Map<string, string | null>();
  compared = 0;

  /** Nothing was shown: what comes next is not compared with what was before. */
  forget(partition: string): void {
    for (const key of [...this.#before.keys()]) if (key.startsWith(`${partition} `)) this.#before.delete(key);
  }

  /** Null: all is well. */
  look(partition: string, rows: ReadonlyMap<RowId, JsonObject>, known: KnownWrites): string | null {
    for (const [id, row] of rows)
      for (const column of ["title", "body"]) {
        const value = row[column];
        const key = `${partition} ${id} ${column}`;
        const before = this.#before.get(key);
        this.#before.set(key, typeof value === "string" ? value : null);
        if (typeof before !== "string" || typeof value !== "string" || before === value) continue;
        this.compared++;
        const fault = this.#fellBack(before, value, known);
        if (fault !== null) return `${key}: ${before} is followed by ${value}: ${fault}`;
      }
    return null;
  }

  #fellBack(
    before: string,
    after: string,
    { stoodAt, stoodFirstAt, writerOf, wasRefused }: KnownWrites,
  ): string | null {
    const [from, to] = [stoodFirstAt(before), stoodAt(after)];
    const writer = writerOf(before);
    const again = writerOf(after);
    // Tried again after it was refused, also where nobody could tell whether it had taken place.
    if (again != null && wasRefused(again.key)) return null;
    const isRefused = writer === null || (writer !== undefined && wasRefused(writer.key));
    // It is taken back, even if it took place: of such a one nobody could tell.
    if (isRefused) return null;
    if (from === undefined) {
      if (writer === undefined) return "a value of nobody";
      const next = writerOf(after);
      // An edit takes the place of what it edits.
      const isLater = next != null && next.place >= writer.place;
      const isEdited = !writer.writes.some(({ values }) => Object.values(values).includes(before));
      return isLater || isEdited ? null : "it was neither refused nor has it taken place";
    }
    if (from !== undefined && to !== undefined && to < from) return `it stood at ${to}, before ${from}`;
    return null;
  }
}
