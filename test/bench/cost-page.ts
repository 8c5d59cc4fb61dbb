/** The tables of docs/cost.md as text, made from what was measured (`measured-usage.ts`) and what is charged (`prices.ts`). Pure. */

import { billOf, dollarsOf, freeOf, sumUsage } from "./cost-of.ts";
import { row, table } from "./markdown-table.ts";
import { type Measured, measuredUsage } from "./measured-usage.ts";
import { PRICES, type Price, type Unit, type Usage } from "./prices.ts";

const VOLUMES = [1_000, 1_000_000, 1_000_000_000];

export function costPage(benchmarks: string): string {
  const measured = measuredUsage(benchmarks);
  return [usageTable(measured), monthTable(measured), priceTable()].join("\n\n");
}

/** Nine reads to a write, half of the reads lists, half of the writes creates: of one operation. */
function plain({ get, list, create, patch }: Measured): Usage {
  return sumUsage([
    [0.45, get],
    [0.45, list],
    [0.05, create],
    [0.05, patch],
  ]);
}

/** At most one walk over a view's objects every five seconds (`walk-objects.ts`), and at most one a page. */
const WALKS_A_MONTH = (30 * 24 * 3600) / 5;

/** `beside`: what does not grow with operations without end. */
type Mix = readonly [name: string, usage: Usage, beside?: (operations: number) => Usage];

/** What stands beside the plain operations, of one operation. */
function mixes(measured: Measured): readonly Mix[] {
  const base = plain(measured);
  const beside = (...parts: readonly (readonly [number, Usage])[]): Usage => sumUsage([[1, base], ...parts]);
  const views = [0.1, measured.viewPageAsked] as const;
  const manyViews = [0.1, measured.viewPageOfMany] as const;
  const walksOf = (operations: number) => sumUsage([[Math.min(operations / 10, WALKS_A_MONTH), measured.walk]]);
  const live = [0.05, measured.watch] as const;
  const files = [
    [0.01, measured.upload],
    [0.05, measured.download],
  ] as const;
  const jobs = [0.02, measured.job] as const;
  return [
    ["reads and writes alone", base],
    [
      "every table copied to D1, commits in twenties; a view for every ten operations",
      beside([0.1, measured.projectedTogether], views),
    ],
    [
      "the same, no two commits together, views over 25 objects (at worst)",
      beside([0.1, measured.projectedAlone], manyViews),
      walksOf,
    ],
    ["a watch opened for every twenty operations", beside(live)],
    ["a file uploaded for every hundred operations, five downloaded", beside(...files)],
    ["a job for every fifty operations", beside(jobs)],
    ["all of it, at worst", beside([0.1, measured.projectedAlone], manyViews, live, ...files, jobs), walksOf],
  ];
}

function monthTable(measured: Measured): string {
  const lines = mixes(measured).map(([name, usage, more = () => ({})]) => {
    const months = VOLUMES.map((operations) =>
      sumUsage([
        [operations, usage],
        [1, more(operations)],
      ]),
    );
    // By the day, of which a walk a page is the most.
    const { operations, unit } = freeOf(
      sumUsage([
        [1, usage],
        [1, more(1)],
      ]),
    );
    return row([
      name,
      ...months.map((month) => dollars(dollarsOf(month))),
      ...months.slice(1).map((month) => dollars(billOf(month))),
      `${whole(operations)} (${PRICES[unit].what.replace(/ \(.*/, "")})`,
    ]);
  });
  const volumes = VOLUMES.map((each) => `${whole(each)} operations`);
  return table(
    [
      "a month, in dollars",
      ...volumes,
      "bill at 1,000,000",
      "bill at 1,000,000,000",
      "free plan, operations a day (what runs out)",
    ],
    lines,
  );
}

const SHOWN: readonly Unit[] = [
  ...(["workerRequests", "objectRequests", "rowsRead", "rowsWritten", "d1RowsRead", "d1RowsWritten"] as const),
  ...(["queueOperations", "bucketWrites", "bucketReads"] as const),
];

function usageTable(measured: Measured): string {
  const named: readonly (readonly [string, Usage])[] = [
    ["get", measured.get],
    ["list of 20", measured.list],
    ["create (two indexes, ledger full)", measured.create],
    ["patch (no indexed column, ledger full)", measured.patch],
    ["beside a commit whose table is copied, without an index, alone", measured.projectedPlain],
    [
      "beside a commit of a copied table with three indexes and search (the example's tasks), alone",
      measured.projectedAlone,
    ],
    ["the same, one of twenty that come together", measured.projectedTogether],
    ["page of 20 of a view of one object", measured.viewPage],
    ["the same, older than 5 s: the object is asked for news", measured.viewPageAsked],
    ["page of 20 of a view of 25 objects", measured.viewPageOfMany],
    ["beside it, once at most every 5 s while it is read: all 25 are asked for news", measured.walk],
    ["watch of 20 rows, opened", measured.watch],
    ["file, uploaded", measured.upload],
    ["file, downloaded", measured.download],
    ["job", measured.job],
  ];
  return table(
    [
      "one",
      ...["Worker requests", "object requests", "rows read", "rows written", "D1 read", "D1 written"],
      "queue operations",
      "R2 writes",
      "R2 reads",
    ],
    named.map(([name, usage]) => row([name, ...SHOWN.map((unit) => rounded(usage[unit] ?? 0))])),
  );
}

function priceTable(): string {
  const prices: readonly Price[] = Object.values(PRICES);
  return table(
    ["price", "$ a million", "included a month", "free plan, a day", "read in November 2026 at"],
    prices.map(({ what, dollars: each, included, freeADay, source }) =>
      row([what, each, whole(included), freeADay === null ? "–" : whole(freeADay), source.replace("https://", "")]),
    ),
  );
}

function rounded(value: number): string {
  return String(Number(value.toFixed(2)));
}

function dollars(value: number): string {
  return value >= 100 ? whole(Math.round(value)) : value.toFixed(2);
}

function whole(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
