/** From measurements to the table of `docs/benchmarks.md`: medians and ratios, and the targets beside them. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ContenderName } from "./contenders.ts";

export interface Result {
  readonly operation: "get" | "list" | "create" | "patch";
  readonly contender: ContenderName;
  readonly connections: number;
  readonly round: number;
  readonly perSecond: number;
}

export interface Circumstances {
  readonly rounds: number;
  readonly seconds: number;
  readonly rows: number;
  readonly cpu: string;
  readonly cores: number;
}

/** What each ratio is meant to reach; null where nothing is promised. */
const TARGETS: Readonly<Record<string, { readonly floor: number | null; readonly d1: number | null }>> = {
  "get 1": { floor: 0.85, d1: 3 },
  "get 50": { floor: 0.85, d1: 3 },
  "list 1": { floor: 0.85, d1: 2.3 },
  "list 50": { floor: 0.85, d1: 2.3 },
  "create 1": { floor: 0.9, d1: 1.6 },
  "create 50": { floor: 1.8, d1: 3.3 },
  "patch 1": { floor: 0.9, d1: 1.6 },
  "patch 50": { floor: 1.8, d1: 3.3 },
};

export function report(results: readonly Result[], run: Circumstances): string {
  const lines = [
    `Machine: ${run.cores} cores, ${run.cpu}. ${new Date().toISOString().slice(0, 10)}. ${run.rounds} rounds of ${run.seconds} s, ${run.rows} rows; requests a second, medians.`,
    "",
    "| operation | connections | Ledge | floor | Hono + D1 | of the floor (target) | of Hono + D1 (target) |",
    "|---|---|---|---|---|---|---|",
  ];
  for (const operation of ["get", "list", "create", "patch"] as const) {
    for (const connections of [1, 50]) {
      const of = (contender: ContenderName) =>
        median(
          results
            .filter(
              (each) =>
                each.operation === operation && each.connections === connections && each.contender === contender,
            )
            .map((each) => each.perSecond),
        );
      const [ledge, floor, d1] = [of("ledge"), of("floor"), of("hono-d1")];
      const target = TARGETS[`${operation} ${connections}`];
      lines.push(
        `| ${operation} | ${connections} | ${ledge.toFixed(0)} | ${floor.toFixed(0)} | ${d1.toFixed(0)} | ${ratio(ledge / floor, target?.floor ?? null)} | ${ratio(ledge / d1, target?.d1 ?? null)} |`,
      );
    }
  }
  return lines.join("\n");
}

export function writeReport(text: string): void {
  const head =
    "# Benchmarks\n\nMade by `npm run bench -- --write`; what is compared, and why, stands in the header of `test/bench/bench.ts`.\n\n";
  writeFileSync(join(import.meta.dirname, "../../docs/benchmarks.md"), `${head}${text}\n`);
}

function ratio(value: number, target: number | null): string {
  if (target === null) return value.toFixed(2);
  return `${value.toFixed(2)} (≥ ${target}${value >= target ? "" : ", missed"})`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
