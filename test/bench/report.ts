/** From measurements to the tables of `docs/benchmarks.md`: medians and ratios, and the targets beside them. */

import type { ContenderName } from "./contenders.ts";
import { row, table } from "./markdown-table.ts";
import type { OperationCost } from "./measure-cost.ts";
import type { Start } from "./measure-start.ts";
import { median } from "./median.ts";
import type { OperationName } from "./operations.ts";
import type { BenchOptions } from "./options.ts";

export interface Result {
  readonly operation: OperationName;
  readonly contender: ContenderName;
  readonly connections: number;
  readonly perSecond: number;
  /** Of the contender's whole process, per request. */
  readonly cpuMicros: number;
}

export interface Measurements {
  readonly results: readonly Result[];
  readonly costs: readonly OperationCost[];
  readonly starts: readonly Start[];
}

export interface Circumstances {
  readonly cpu: string;
  readonly cores: number;
  readonly date: string;
  readonly command: string;
}

/** What Ledge's requests a second, by those of another, are meant to reach. */
const TARGETS: Readonly<Record<string, { readonly floor: number; readonly d1: number }>> = {
  "get 1": { floor: 0.85, d1: 3 },
  "get 50": { floor: 0.85, d1: 3 },
  "list 1": { floor: 0.85, d1: 2.3 },
  "list 50": { floor: 0.85, d1: 2.3 },
  "create 1": { floor: 0.9, d1: 1.6 },
  "create 50": { floor: 1.8, d1: 3.3 },
  "patch 1": { floor: 0.9, d1: 1.6 },
  "patch 50": { floor: 1.8, d1: 3.3 },
};

export function report(measured: Measurements, options: BenchOptions, where: Circumstances): string {
  return [
    `Machine: ${where.cores} cores, ${where.cpu}. ${where.date}. \`${where.command}\`: ${options.rounds} rounds of ${options.seconds} s, ${options.rows} rows; medians.`,
    "**Requests a second**",
    speedTable(measured.results, options),
    "**CPU time a request**, in microseconds: user and system time of all threads of the contender's process. Much less moved by what else the machine does.",
    cpuTable(measured.results, options),
    "**Cost of one operation**, as SQLite's cursors and the objects count it (mean of 64).",
    costTable(measured.costs),
    ...(measured.starts.length === 0
      ? []
      : [
          `**Start of the Worker**: a bare workerd process from its spawn to its first reply, without an object (medians of ${options.starts}); an empty module is the yardstick.`,
          startTable(measured.starts),
        ]),
  ].join("\n\n");
}

function speedTable(results: readonly Result[], { contenders, operations, connections }: BenchOptions): string {
  const isCompared = (name: ContenderName) => contenders.includes("ledge") && contenders.includes(name);
  const lines = cases(operations, connections).map(({ operation, count }) => {
    const of = (name: ContenderName) => medianOf(results, operation, count, name, "perSecond");
    const target = TARGETS[`${operation} ${count}`];
    return row([
      operation,
      count,
      ...contenders.map((name) => of(name).toFixed(0)),
      ...(isCompared("floor") ? [ratio(of("ledge") / of("floor"), target?.floor)] : []),
      ...(isCompared("hono-d1") ? [ratio(of("ledge") / of("hono-d1"), target?.d1)] : []),
    ]);
  });
  return table(
    [
      "operation",
      "connections",
      ...contenders.map((name) => TITLES[name]),
      ...(isCompared("floor") ? ["of the floor (target)"] : []),
      ...(isCompared("hono-d1") ? ["of Hono + D1 (target)"] : []),
    ],
    lines,
  );
}

function cpuTable(results: readonly Result[], { contenders, operations, connections }: BenchOptions): string {
  const hasBoth = contenders.includes("ledge") && contenders.includes("floor");
  const lines = cases(operations, connections).map(({ operation, count }) => {
    const of = (name: ContenderName) => medianOf(results, operation, count, name, "cpuMicros");
    return row([
      operation,
      count,
      ...contenders.map((name) => of(name).toFixed(0)),
      ...(hasBoth ? [(of("floor") / of("ledge")).toFixed(2)] : []),
    ]);
  });
  return table(
    ["operation", "connections", ...contenders.map((name) => TITLES[name]), ...(hasBoth ? ["floor's by Ledge's"] : [])],
    lines,
  );
}

function costTable(costs: readonly OperationCost[]): string {
  return table(
    ["operation", "contender", "object requests", "rows read", "rows written"],
    costs.map(({ operation, contender, calls, read, written }) =>
      row([operation, TITLES[contender], ...[calls, read, written].map(short)]),
    ),
  );
}

function startTable(starts: readonly Start[]): string {
  const empty = starts.find(({ name }) => name === "empty");
  return table(
    ["Worker", "KB gzip", "first reply, ms", "CPU, ms", "CPU beyond the empty one, ms"],
    starts.map(({ name, gzipBytes, firstReplyMs, cpuMs }) =>
      row([
        name === "empty" ? "empty" : TITLES[name],
        (gzipBytes / 1024).toFixed(1),
        firstReplyMs.toFixed(1),
        cpuMs.toFixed(1),
        (cpuMs - (empty?.cpuMs ?? 0)).toFixed(1),
      ]),
    ),
  );
}

const TITLES: Readonly<Record<ContenderName, string>> = { ledge: "Ledge", floor: "floor", "hono-d1": "Hono + D1" };

function cases(operations: readonly OperationName[], connections: readonly number[]) {
  return operations.flatMap((operation) => connections.map((count) => ({ operation, count })));
}

function medianOf(
  results: readonly Result[],
  operation: OperationName,
  connections: number,
  contender: ContenderName,
  what: "perSecond" | "cpuMicros",
): number {
  return median(
    results
      .filter(
        (each) => each.operation === operation && each.connections === connections && each.contender === contender,
      )
      .map((each) => each[what]),
  );
}

function ratio(value: number, target: number | undefined): string {
  if (target === undefined) return value.toFixed(2);
  return `${value.toFixed(2)} (≥ ${target}${value >= target ? "" : ", missed"})`;
}

function short(value: number): string {
  return Number(value.toFixed(2)).toString();
}
