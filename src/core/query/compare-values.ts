/**
 * The order of two values, and of two rows, in JSON form: the same order SQLite gives their stored forms. Text goes by
 * code point ([QL29]), digits of bigint by number, NULLs last in both directions ([QL52]).
 * Called by the matcher, live windows and the client's collections.
 */

import type { Json, JsonScalar } from "../json.ts";
import type { ColumnKind, Row, TableSpec } from "../schema/table-spec.ts";
import { columnOf } from "../schema/table-spec.ts";
import type { OrderTerm } from "./order.ts";

/** Negative, zero or positive, as `a` comes before, with or after `b`. Neither is null; both have the JSON form of the kind. */
export type CompareValues = (a: Json, b: Json) => number;

/** The comparison for a kind. json and blob have no order; they compare by their text, so that the result is total. */
export function compareValues(kind: ColumnKind): CompareValues {
  switch (kind) {
    case "int":
    case "real":
    case "bool":
      return (a, b) => Number(a) - Number(b) || 0;
    case "bigint":
      return (a, b) => compareDigits(a as string, b as string);
    case "time":
      // One fixed-width ASCII form: UTF-16 order is the order of time.
      return (a, b) => (a === b ? 0 : (a as string) < (b as string) ? -1 : 1);
    case "text":
      return (a, b) => compareText(a as string, b as string);
    case "json":
    case "blob":
      return (a, b) => compareText(JSON.stringify(a), JSON.stringify(b));
  }
}

/** Order by code point. UTF-16 order differs from it exactly where one unit is a surrogate and the other lies above. */
export function compareText(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index++) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x !== y) {
      const isAstralX = x >= 0xd800 && x <= 0xdfff;
      const isAstralY = y >= 0xd800 && y <= 0xdfff;
      return isAstralX === isAstralY ? x - y : isAstralX ? 1 : -1;
    }
  }
  return a.length - b.length;
}

/** Order of canonical decimal texts as numbers. */
export function compareDigits(a: string, b: string): number {
  const isNegative = a.startsWith("-");
  if (isNegative !== b.startsWith("-")) return isNegative ? -1 : 1;
  const size = a.length - b.length || (a === b ? 0 : a < b ? -1 : 1);
  return isNegative ? -size : size;
}

/** The values of a row that place it in the ordering; what a cursor carries. */
export function sortKey(row: Row, order: readonly OrderTerm[]): JsonScalar[] {
  return order.map((term) => (row[term.field] ?? null) as JsonScalar);
}

/** Compares two sort keys of the same ordering. */
export function keyComparator(
  order: readonly OrderTerm[],
  table: TableSpec,
): (a: readonly Json[], b: readonly Json[]) => number {
  const terms = order.map((term) => ({
    sign: term.direction === "asc" ? 1 : -1,
    compare: compareValues(columnOf(table, term.field)?.kind ?? "text"),
  }));
  return (a, b) => {
    for (let index = 0; index < terms.length; index++) {
      const x = a[index] ?? null;
      const y = b[index] ?? null;
      if (x === null || y === null) {
        if (x !== y) return x === null ? 1 : -1;
        continue;
      }
      const term = terms[index];
      const result = term === undefined ? 0 : term.compare(x, y) * term.sign;
      if (result !== 0) return result;
    }
    return 0;
  };
}

/** Compares two rows by the ordering; zero only for the same row when the ordering ends with the primary key. */
export function rowComparator(order: readonly OrderTerm[], table: TableSpec): (a: Row, b: Row) => number {
  const compareKeys = keyComparator(order, table);
  return (a, b) => compareKeys(sortKey(a, order), sortKey(b, order));
}
