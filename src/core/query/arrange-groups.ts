/**
 * Groups computed in memory, as they are answered: `having`, order, limit ([AG5] [AG6]). The SQL of an aggregate does the same by
 * itself; this is for groups that come from tallies.
 */

import type { Json } from "../json.ts";
import { decodeBase64 } from "../schema/base64.ts";
import type { ColumnSpec, TableSpec } from "../schema/table-spec.ts";
import type { AggregateQuery } from "./aggregate.ts";
import { compareText, compareValues } from "./compare-values.ts";
import { type AliasPlace, aliasPlace, type GroupResult, isMissing, requireColumn } from "./grouping.ts";
import { havingTest } from "./having.ts";

export interface ArrangedGroups {
  readonly groups: readonly GroupResult[];
  /** There were more groups than the limit. */
  readonly isTruncated: boolean;
}

export function arrangeGroups(groups: readonly GroupResult[], query: AggregateQuery, table: TableSpec): ArrangedGroups {
  const kept = groups.filter(havingTest(query.having, query, table)).sort(groupComparator(query, table));
  return { groups: kept.slice(0, query.limit), isTruncated: kept.length > query.limit };
}

type CompareGroups = (a: GroupResult, b: GroupResult) => number;

/** By the aliases of `orderBy`, then by key; what is missing comes last in both directions. */
export function groupComparator(query: AggregateQuery, table: TableSpec): CompareGroups {
  const terms = [
    ...query.orderBy.map(({ alias, direction }) =>
      comparisonAt(aliasPlace(query, alias), direction === "asc" ? 1 : -1, query, table),
    ),
    ...query.groupBy.map((_, index) => comparisonAt({ kind: "key", index }, 1, query, table)),
  ];
  return (a, b) => {
    for (const compare of terms) {
      const order = compare(a, b);
      if (order !== 0) return order;
    }
    return 0;
  };
}

function comparisonAt(place: AliasPlace | null, sign: 1 | -1, query: AggregateQuery, table: TableSpec): CompareGroups {
  switch (place?.kind) {
    case "count":
      return (a, b) => (a.count - b.count) * sign;
    case "metric": {
      const { index } = place;
      const metric = query.metrics[index];
      const isExtreme = metric?.fn === "min" || metric?.fn === "max";
      const compare = isExtreme
        ? missingLast(compareValues(requireColumn(table, metric.field).kind), sign)
        : missingLast(compareNumbers, sign);
      return (a, b) => compare(a.metrics[index] ?? null, b.metrics[index] ?? null);
    }
    case "key": {
      const { index } = place;
      const compare = missingLast(keyComparison(requireColumn(table, query.groupBy[index])), sign);
      return (a, b) => compare(a.key[index] ?? null, b.key[index] ?? null);
    }
    default:
      throw new TypeError("The aggregate is ordered by what it does not have");
  }
}

/** `Value` is what the place holds when nothing is missing. */
function missingLast<Value extends Json | bigint>(
  compare: (a: Value, b: Value) => number,
  sign: 1 | -1,
): (a: Json | bigint, b: Json | bigint) => number {
  return (a, b) => {
    const isMissingA = isAbsent(a);
    const isMissingB = isAbsent(b);
    if (isMissingA || isMissingB) return Number(isMissingA) - Number(isMissingB);
    return compare(a as Value, b as Value) * sign;
  };
}

function isAbsent(value: Json | bigint): boolean {
  return typeof value !== "bigint" && isMissing(value);
}

/** Also of a bigint and a number, exactly. */
function compareNumbers(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Keys of every kind have an order, so that the order of groups is total: json by its text, blob by its bytes. */
function keyComparison(column: ColumnSpec): (a: Json, b: Json) => number {
  if (column.kind !== "blob") return compareValues(column.kind);
  return (a, b) => compareText(oneCharacterAByte(a as string), oneCharacterAByte(b as string));
}

function oneCharacterAByte(base64: string): string {
  let text = "";
  for (const byte of decodeBase64(base64) ?? []) text += String.fromCharCode(byte);
  return text;
}
