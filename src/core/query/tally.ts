/**
 * A group in the making, in memory: rows are accumulated one by one, and may be retracted again. Sums and counts are exact in any
 * order; only a minimum or maximum that leaves cannot be known from what is kept, and is then stale until it is read anew.
 * Called for aggregates with a residual filter; made for live aggregates, which keep tallies from commit to commit.
 */

import type { Json, JsonScalar } from "../json.ts";
import type { Row, TableSpec } from "../schema/table-spec.ts";
import { type CompareValues, compareValues } from "./compare-values.ts";
import { exactUnits, roundMean, roundSum } from "./exact-sum.ts";
import {
  type AggregateFunction,
  type Grouping,
  type GroupResult,
  type MetricValue,
  requireColumn,
} from "./grouping.ts";

type MetricTally =
  /** `total` is whole for int, in units of 2^-1074 for real. */
  | { readonly kind: "sum"; inputs: number; total: bigint }
  | { readonly kind: "extreme"; inputs: number; value: JsonScalar; isStale: boolean };

export interface Tally {
  readonly key: readonly Json[];
  count: number;
  readonly metrics: readonly MetricTally[];
}

interface MetricPlan {
  readonly fn: AggregateFunction;
  readonly field: string;
  readonly isWhole: boolean;
  /** Sign of the comparison that makes a value the new extreme. */
  readonly wanted: 1 | -1;
  readonly compare: CompareValues;
}

/** A grouping with its columns resolved, once for many rows. */
export interface TallyPlan {
  readonly groupBy: readonly string[];
  readonly metrics: readonly MetricPlan[];
}

export function tallyPlan({ groupBy, metrics }: Grouping, table: TableSpec): TallyPlan {
  return {
    groupBy,
    metrics: metrics.map(({ fn, field }) => {
      const { kind } = requireColumn(table, field);
      return { fn, field, isWhole: kind === "int", wanted: fn === "min" ? -1 : 1, compare: compareValues(kind) };
    }),
  };
}

/** The key of the row's group. */
export function groupKey(plan: TallyPlan, row: Row): Json[] {
  return plan.groupBy.map((name) => row[name] ?? null);
}

export function emptyTally(plan: TallyPlan, key: readonly Json[]): Tally {
  const metrics = plan.metrics.map(
    ({ fn }): MetricTally =>
      fn === "sum" || fn === "avg"
        ? { kind: "sum", inputs: 0, total: 0n }
        : { kind: "extreme", inputs: 0, value: null, isStale: false },
  );
  return { key, count: 0, metrics };
}

export function accumulate(plan: TallyPlan, tally: Tally, row: Row): void {
  tally.count++;
  tally.metrics.forEach((metric, index) => {
    const how = plan.metrics[index];
    const value = how === undefined ? null : (row[how.field] ?? null);
    if (how === undefined || value === null) return;
    metric.inputs++;
    if (metric.kind === "sum") {
      metric.total += unitsOf(how, value);
      return;
    }
    // Everything left lies within the old extreme, so whatever reaches it is the new one, stale or not.
    if (metric.inputs === 1 || how.compare(value, metric.value) * how.wanted >= 0) {
      metric.value = value as JsonScalar;
      metric.isStale = false;
    }
  });
}

/** Takes back a row that was accumulated. */
export function retract(plan: TallyPlan, tally: Tally, row: Row): void {
  tally.count--;
  tally.metrics.forEach((metric, index) => {
    const how = plan.metrics[index];
    const value = how === undefined ? null : (row[how.field] ?? null);
    if (how === undefined || value === null) return;
    metric.inputs--;
    if (metric.kind === "sum") {
      metric.total -= unitsOf(how, value);
    } else if (metric.inputs === 0) {
      metric.value = null;
      metric.isStale = false;
    } else if (how.compare(value, metric.value) === 0) {
      metric.isStale = true;
    }
  });
}

/** Whether some minimum or maximum has left, so that the group must be read anew. */
export function isStale(tally: Tally): boolean {
  return tally.metrics.some((metric) => metric.kind === "extreme" && metric.isStale);
}

/** Puts in place of stale extremes what a read of the group gave. Sums stay: they are exact. */
export function refresh(tally: Tally, fresh: GroupResult): void {
  tally.metrics.forEach((metric, index) => {
    if (metric.kind !== "extreme" || !metric.isStale) return;
    metric.value = (fresh.metrics[index] ?? null) as JsonScalar;
    metric.isStale = false;
  });
}

export function tallyResult(plan: TallyPlan, tally: Tally): GroupResult {
  return {
    key: tally.key,
    count: tally.count,
    metrics: tally.metrics.map((metric, index) => metricValue(metric, plan.metrics[index])),
  };
}

function metricValue(metric: MetricTally, how: MetricPlan | undefined): MetricValue {
  if (metric.inputs === 0 || how === undefined) return null;
  if (metric.kind === "extreme") return metric.value;
  if (how.isWhole) return how.fn === "sum" ? metric.total : Number(metric.total) / metric.inputs;
  return how.fn === "sum" ? roundSum(metric.total) : roundMean(metric.total, metric.inputs);
}

function unitsOf({ isWhole }: MetricPlan, value: Json): bigint {
  return isWhole ? BigInt(value as number) : exactUnits(value as number);
}
