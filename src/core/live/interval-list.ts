/**
 * Intervals over one column, found by a value they hold: sorted by their lower ends, with the furthest upper end of each stretch
 * above them, so that a look-up costs its hits and a logarithm. Rebuilt when asked after a change. Kept by the predicate index.
 */

import type { JsonScalar } from "../json.ts";
import type { CompareValues } from "../query/compare-values.ts";

interface Interval<T> {
  readonly low: JsonScalar;
  readonly high: JsonScalar;
  readonly item: T;
}

export class IntervalList<T> {
  readonly #compare: CompareValues;
  #intervals: Interval<T>[] = [];
  /** `#reach[i]`: the interval with the furthest upper end in the subtree whose root is the middle element `i`. */
  #reach: JsonScalar[] = [];
  #isSorted = true;

  /** Ends are inclusive; null is open on its side. */
  constructor(compare: CompareValues) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#intervals.length;
  }

  add(low: JsonScalar, high: JsonScalar, item: T): void {
    this.#intervals.push({ low, high, item });
    this.#isSorted = false;
  }

  /** Takes away every interval of the item. */
  remove(item: T): void {
    this.#intervals = this.#intervals.filter((interval) => interval.item !== item);
    this.#isSorted = false;
  }

  /** Calls `hit` for each interval that holds the value. */
  find(value: JsonScalar, hit: (item: T) => void): void {
    if (!this.#isSorted) this.#sort();
    this.#search(0, this.#intervals.length, value, hit);
  }

  #search(from: number, to: number, value: JsonScalar, hit: (item: T) => void): void {
    if (from >= to) return;
    const middle = (from + to) >> 1;
    if (!this.#reaches(this.#reach[middle] ?? null, value)) return;
    this.#search(from, middle, value, hit);
    const interval = this.#intervals[middle] as Interval<T>;
    if (interval.low !== null && this.#compare(interval.low, value) > 0) return;
    if (this.#reaches(interval.high, value)) hit(interval.item);
    this.#search(middle + 1, to, value, hit);
  }

  #reaches(high: JsonScalar, value: JsonScalar): boolean {
    return high === null || this.#compare(high, value) >= 0;
  }

  #sort(): void {
    this.#intervals.sort((a, b) => {
      if (a.low === null || b.low === null) return a.low === b.low ? 0 : a.low === null ? -1 : 1;
      return this.#compare(a.low, b.low);
    });
    this.#reach = new Array<JsonScalar>(this.#intervals.length).fill(null);
    this.#measure(0, this.#intervals.length);
    this.#isSorted = true;
  }

  /** The furthest upper end within a stretch that is not empty. */
  #measure(from: number, to: number): JsonScalar {
    const middle = (from + to) >> 1;
    let furthest = (this.#intervals[middle] as Interval<T>).high;
    const take = (high: JsonScalar) => {
      if (furthest !== null && (high === null || this.#compare(high, furthest) > 0)) furthest = high;
    };
    if (from < middle) take(this.#measure(from, middle));
    if (middle + 1 < to) take(this.#measure(middle + 1, to));
    this.#reach[middle] = furthest;
    return furthest;
  }
}
