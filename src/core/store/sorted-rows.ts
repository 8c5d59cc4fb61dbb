/**
 * The rows of one watch in the order in which they are shown, kept up change by change: a change costs a search and a shift, not a sort of all
 * of them. Without an order they stand as they came. Pure; `StoreCore` holds one for each watch.
 */

import type { JsonObject } from "../json.ts";
import type { ViewChange } from "../live/live-view.ts";

/** Zero only for the same row: the key is part of it. */
export type CompareRows = (a: JsonObject, b: JsonObject) => number;

/** With more changes than this share of the rows, sorting all of them is cheaper. */
const BULK_SHARE = 1 / 8;

export class SortedRows {
  readonly #compare: CompareRows | null;
  #rows: JsonObject[] = [];

  constructor(compare: CompareRows | null) {
    this.#compare = compare;
  }

  get rows(): readonly JsonObject[] {
    return this.#rows;
  }

  replace(rows: Iterable<JsonObject>): void {
    this.#rows = [...rows];
    if (this.#compare !== null) this.#rows.sort(this.#compare);
  }

  /** `all`: the rows as they are after the changes, in the order in which they came. */
  apply(changes: readonly ViewChange[], all: () => Iterable<JsonObject>): void {
    if (changes.length > 16 && changes.length > this.#rows.length * BULK_SHARE) {
      this.replace(all());
      return;
    }
    for (const { op, row, previous } of changes) {
      const at = previous === undefined ? -1 : this.#find(previous);
      if (at < 0 && previous !== undefined) {
        // Not what was held: begin from what is.
        this.replace(all());
        return;
      }
      const next = op === "removed" ? undefined : row;
      if (next !== undefined && at >= 0 && this.#staysAt(at, next)) this.#rows[at] = next;
      else {
        if (at >= 0) this.#rows.splice(at, 1);
        if (next !== undefined) this.#rows.splice(this.#placeOf(next), 0, next);
      }
    }
  }

  #find(row: JsonObject): number {
    if (this.#compare === null) return this.#rows.indexOf(row);
    const at = this.#placeOf(row);
    return this.#rows[at] === row ? at : -1;
  }

  #staysAt(at: number, row: JsonObject): boolean {
    const compare = this.#compare;
    if (compare === null) return true;
    const [before, after] = [this.#rows[at - 1], this.#rows[at + 1]];
    return (before === undefined || compare(before, row) < 0) && (after === undefined || compare(row, after) < 0);
  }

  /** The first place whose row does not come before this one. */
  #placeOf(row: JsonObject): number {
    const compare = this.#compare;
    let [low, high] = [0, this.#rows.length];
    if (compare === null) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(this.#rows[middle] as JsonObject, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
