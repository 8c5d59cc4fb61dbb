/**
 * From a changed row to the groups it may concern, without asking all of them: an inverted index on values, interval lists for
 * ranges, and a residual list for the rest. What it gives may be more than what matches, never less. One a table.
 */

import type { JsonScalar } from "../json.ts";
import { compareValues } from "../query/compare-values.ts";
import type { Filter } from "../query/tree.ts";
import type { Row, TableSpec } from "../schema/table-spec.ts";
import { columnOf } from "../schema/table-spec.ts";
import { filingPlaces, type Load, type Place } from "./filing-places.ts";
import { IntervalList } from "./interval-list.ts";

interface ColumnIndex<G> {
  readonly values: Map<JsonScalar, Set<G>>;
  readonly ranges: IntervalList<G>;
}

export class PredicateIndex<G> {
  readonly #table: TableSpec;
  readonly #columns = new Map<string, ColumnIndex<G>>();
  readonly #residual = new Set<G>();
  readonly #places = new Map<G, readonly Place[] | null>();

  constructor(table: TableSpec) {
    this.#table = table;
  }

  get size(): number {
    return this.#places.size;
  }

  add(group: G, filter: Filter): void {
    const places = filingPlaces(filter, this.#table, (place) => this.#load(place));
    this.#places.set(group, places);
    if (places === null) this.#residual.add(group);
    for (const place of places ?? []) {
      const column = this.#column(place.field);
      if (place.kind === "range") {
        column.ranges.add(place.low, place.high, group);
        continue;
      }
      const bucket = column.values.get(place.value);
      if (bucket === undefined) column.values.set(place.value, new Set([group]));
      else bucket.add(group);
    }
  }

  remove(group: G): void {
    for (const place of this.#places.get(group) ?? []) {
      const column = this.#column(place.field);
      if (place.kind === "range") column.ranges.remove(group);
      else {
        const bucket = column.values.get(place.value);
        bucket?.delete(group);
        if (bucket?.size === 0) column.values.delete(place.value);
      }
      if (column.values.size === 0 && column.ranges.size === 0) this.#columns.delete(place.field);
    }
    this.#places.delete(group);
    this.#residual.delete(group);
  }

  /** Adds every group that one of the images may match. */
  collect(before: Row | null, after: Row | null, into: Set<G>): void {
    for (const group of this.#residual) into.add(group);
    const take = (group: G) => void into.add(group);
    for (const [name, { values, ranges }] of this.#columns) {
      const old = before === null ? undefined : ((before[name] ?? null) as JsonScalar);
      const fresh = after === null ? undefined : ((after[name] ?? null) as JsonScalar);
      for (const value of old === fresh ? [old] : [old, fresh]) {
        if (value === undefined) continue;
        values.get(value)?.forEach(take);
        if (value !== null && ranges.size > 0) ranges.find(value, take);
      }
    }
  }

  #column(field: string): ColumnIndex<G> {
    let column = this.#columns.get(field);
    if (column === undefined) {
      const kind = columnOf(this.#table, field)?.kind ?? "text";
      column = { values: new Map(), ranges: new IntervalList(compareValues(kind)) };
      this.#columns.set(field, column);
    }
    return column;
  }

  #load(place: Place): Load {
    const column = this.#columns.get(place.field);
    if (column === undefined) return { groups: 0, values: 0 };
    const groups = place.kind === "range" ? column.ranges.size : (column.values.get(place.value)?.size ?? 0);
    return { groups, values: column.values.size };
  }
}
