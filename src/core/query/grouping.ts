/**
 * What a group of an aggregate consists of, as data: the columns it is keyed by, its metrics, the aliases that name them, and a
 * group once computed. The words that parsing, SQL, tallies and live aggregates share.
 */

import type { Json, JsonScalar } from "../json.ts";
import type { ColumnSpec, TableSpec } from "../schema/table-spec.ts";
import { columnOf } from "../schema/table-spec.ts";

export const AGGREGATE_FUNCTIONS = ["sum", "avg", "min", "max"] as const;
export type AggregateFunction = (typeof AGGREGATE_FUNCTIONS)[number];

/** Its alias is `<fn>_<field>`. */
export interface Metric {
  readonly fn: AggregateFunction;
  readonly field: string;
}

export interface Grouping {
  readonly groupBy: readonly string[];
  /** Whether the number of rows was asked for. */
  readonly count: boolean;
  readonly metrics: readonly Metric[];
}

/** A place in a group; `index` points into `metrics` or `groupBy`. */
export type AliasPlace =
  | { readonly kind: "count" }
  | { readonly kind: "metric"; readonly index: number }
  | { readonly kind: "key"; readonly index: number };

/**
 * A metric's value. Sums of int are bigint; averages and sums of reals are numbers, an infinity for a sum beyond the finite;
 * min and max have the column's JSON form. Null: there was no input.
 */
export type MetricValue = bigint | JsonScalar;

/**
 * A group, computed: by SQL or by a tally, with the same values, but for sums and averages of reals. A tally rounds those once; SQLite
 * adds with compensation, in the order it meets the rows, which may leave other last digits (test/sql/aggregate.test.ts says how few).
 */
export interface GroupResult {
  /** Values of the groupBy columns in JSON form; empty without groupBy. */
  readonly key: readonly Json[];
  readonly count: number;
  /** In the order of `metrics`. */
  readonly metrics: readonly MetricValue[];
}

/** Where an alias points; null when it was not asked for. A metric comes before a key column that happens to have its name. */
export function aliasPlace({ groupBy, count, metrics }: Grouping, alias: string): AliasPlace | null {
  if (count && alias === "count") return { kind: "count" };
  const metric = metrics.findIndex(({ fn, field }) => `${fn}_${field}` === alias);
  if (metric >= 0) return { kind: "metric", index: metric };
  const key = groupBy.indexOf(alias);
  return key >= 0 ? { kind: "key", index: key } : null;
}

/** Whether the value is none: NULL, nothing to compute from, a sum beyond the finite. It meets only `!=`, and comes last. */
export function isMissing(value: MetricValue | Json): value is null {
  return value === null || (typeof value === "number" && !Number.isFinite(value));
}

/** The column of a name that was checked before. */
export function requireColumn(table: Pick<TableSpec, "name" | "columns">, name: string | undefined): ColumnSpec {
  const column = name === undefined ? undefined : columnOf(table, name);
  if (column === undefined) throw new TypeError(`${table.name} has no column ${name}`);
  return column;
}
