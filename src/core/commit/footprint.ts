/**
 * What a piece of work touches, and whether two pieces stand in each other's way ([TP9]): rows, unique values, foreign-key
 * parents and ranges. A range is locked as a predicate: a write meets it when its before or after image matches.
 * The only place that says what conflicts with what; used for prepared parts, single writes and reads alike.
 */

import type { RowId } from "../ids.ts";
import type { RowChange } from "../protocol/object-call.ts";
import type { Row } from "../schema/table-spec.ts";

/** The rows of a table that a filter selects; canonical filter text, `""` for all. */
export interface Predicate {
  readonly table: string;
  readonly filter: string;
}

export interface Footprint {
  /** `rowKey`s looked at, present or not; foreign-key parents are among them. */
  readonly reads: readonly string[];
  readonly ranges: readonly Predicate[];
  /** Net changes, with both images. */
  readonly changes: readonly RowChange[];
  /** `uniqueKey`s of every unique value that a change takes, gives up, or failed to take. */
  readonly uniques: readonly string[];
}

export const NOTHING_TOUCHED: Footprint = { reads: [], ranges: [], changes: [], uniques: [] };

/** Whether the image of a row lies in a range; the host compiles filters. */
export type RangeTest = (predicate: Predicate, row: Row) => boolean;

/** A footprint made ready to be compared. */
export interface Locks {
  readonly shared: ReadonlySet<string>;
  readonly exclusive: ReadonlySet<string>;
  readonly ranges: readonly Predicate[];
  readonly changes: readonly RowChange[];
}

export function rowKey(table: string, id: RowId): string {
  return `r:${table}:${id}`;
}

/** `columns` are the names of the index, `values` as they are stored. */
export function uniqueKey(table: string, columns: readonly string[], values: readonly unknown[]): string {
  return `u:${table}:${columns.join(",")}:${JSON.stringify(values)}`;
}

export function locksOf({ reads, ranges, changes, uniques }: Footprint): Locks {
  const exclusive = new Set(uniques);
  for (const change of changes) exclusive.add(rowKey(change.table, change.id));
  return { shared: new Set(reads), exclusive, ranges, changes };
}

/** Whether `wanted` may not go on while `held` is held. Symmetric. */
export function areInConflict(held: Locks, wanted: Locks, isInRange: RangeTest): boolean {
  for (const key of wanted.exclusive) if (held.exclusive.has(key) || held.shared.has(key)) return true;
  for (const key of wanted.shared) if (held.exclusive.has(key)) return true;
  return anyInRange(held.ranges, wanted.changes, isInRange) || anyInRange(wanted.ranges, held.changes, isInRange);
}

function anyInRange(ranges: readonly Predicate[], changes: readonly RowChange[], isInRange: RangeTest): boolean {
  for (const range of ranges) {
    for (const { table, before, after } of changes) {
      if (table !== range.table) continue;
      if (before !== null && isInRange(range, before)) return true;
      if (after !== null && isInRange(range, after)) return true;
    }
  }
  return false;
}
