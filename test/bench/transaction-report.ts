/** From timings and costs to the tables of `docs/benchmarks.md`: ratios within a turn, their medians, and the targets beside them. Pure. */

import { row, table } from "./markdown-table.ts";
import { median } from "./median.ts";
import { type CaseName, HOT_CONNECTIONS, isHot } from "./transaction-cases.ts";
import type { TransactionCost } from "./transaction-cost.ts";

type ContenderName = TransactionCost["contender"];

export interface Timing {
  readonly round: number;
  readonly contender: ContenderName;
  readonly what: CaseName | "create" | "one of three requests";
  readonly perSecond: number;
  readonly slowestMs: number;
}

export interface TransactionMeasurements {
  readonly timings: readonly Timing[];
  readonly costs: readonly TransactionCost[];
  readonly cases: readonly CaseName[];
}

/** What a transaction may take, in creates of the same turn. */
const MAX_CREATES: Readonly<Partial<Record<CaseName, number>>> = { "two objects": 2.2, "four objects": 2.6 };
const MIN_HOT_PER_SECOND = 100;

export function reportTransactions(measured: TransactionMeasurements, where: readonly string[]): string {
  const { cases, timings } = measured;
  const timed = cases.filter((each) => !isHot(each));
  const hot = cases.filter(isHot);
  return [
    where.join(" "),
    ...(timed.length === 0 ? [] : ["**One connection**, milliseconds a transaction.", latencyTable(timings, timed)]),
    ...(hot.length === 0
      ? []
      : [
          `**One hot row**: ${HOT_CONNECTIONS} connections, every transaction changes the same row of each object; none may be answered with a conflict, or the bench fails.`,
          hotTable(timings, hot),
        ]),
    "**Cost of one**, as SQLite's cursors and the objects count it (mean of 64).",
    costTable(measured.costs),
  ].join("\n\n");
}

function latencyTable(timings: readonly Timing[], cases: readonly CaseName[]): string {
  const lines = cases.map((name) => {
    const creates = ratio(timings, ["transactions", name], ["transactions", "create"], 1);
    const limit = MAX_CREATES[name];
    return row([
      name,
      msOf(timings, "transactions", "create").toFixed(2),
      msOf(timings, "transactions", name).toFixed(2),
      limit === undefined
        ? creates.toFixed(2)
        : `${creates.toFixed(2)} (≤ ${limit}${creates <= limit ? "" : ", missed"})`,
      msOf(timings, "transactions-floor", name).toFixed(2),
      ratio(timings, ["transactions", name], ["transactions-floor", name], 1).toFixed(2),
      name === "one object"
        ? ratio(timings, ["transactions", name], ["transactions", "one of three requests"], 3).toFixed(2)
        : "–",
    ]);
  });
  return table(
    ["transaction of", "a create, ms", "ms", "in creates (target)", "floor, ms", "in the floor's", "in three requests"],
    lines,
  );
}

function hotTable(timings: readonly Timing[], cases: readonly CaseName[]): string {
  const lines = cases.map((name) => {
    const own = perSecond(timings, "transactions", name);
    return row([
      name,
      `${own.toFixed(0)} (≥ ${MIN_HOT_PER_SECOND}${own >= MIN_HOT_PER_SECOND ? "" : ", missed"})`,
      median(of(timings, "transactions", name).map((each) => each.slowestMs)).toFixed(0),
      perSecond(timings, "transactions-floor", name).toFixed(0),
    ]);
  });
  return table(["transactions of", "a second (target)", "slowest, ms", "floor, a second"], lines);
}

function costTable(costs: readonly TransactionCost[]): string {
  const titles = { transactions: "Ledge", "transactions-floor": "floor" } as const;
  return table(
    ["", "contender", "object requests", "rows written"],
    costs.map(({ what, contender, calls, written }) =>
      row([what, titles[contender], ...[calls, written].map((value) => Number(value.toFixed(2)).toString())]),
    ),
  );
}

function of(timings: readonly Timing[], contender: ContenderName, what: Timing["what"]): readonly Timing[] {
  return timings.filter((each) => each.contender === contender && each.what === what);
}

function perSecond(timings: readonly Timing[], contender: ContenderName, what: Timing["what"]): number {
  return median(of(timings, contender, what).map((each) => each.perSecond));
}

function msOf(timings: readonly Timing[], contender: ContenderName, what: Timing["what"]): number {
  return 1000 / perSecond(timings, contender, what);
}

/** How long `one` takes in `times` of `other`: of each turn, then the median. */
function ratio(
  timings: readonly Timing[],
  one: readonly [ContenderName, Timing["what"]],
  other: readonly [ContenderName, Timing["what"]],
  times: number,
): number {
  const others = of(timings, ...other);
  const ratios = of(timings, ...one).flatMap(({ round, perSecond }) =>
    others.filter((each) => each.round === round).map((each) => each.perSecond / perSecond / times),
  );
  return median(ratios);
}
