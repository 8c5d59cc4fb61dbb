/** Holds docs/cost.md to what was measured and what is charged: its tables are what `npm run cost` prints. */

import { expect, test } from "vitest";
import { billOf, dollarsOf, freeOf, sumUsage } from "../bench/cost-of.ts";
import { costPage } from "../bench/cost-page.ts";
import { readFiles } from "./project-files.ts";

const page = (path: string): string => readFiles(["docs"], [".md"]).find((each) => each.path === path)?.text ?? "";

test("docs/cost.md is what the measurements come to; after a change: npm run cost -- --write", () => {
  const [, written = ""] = page("docs/cost.md").split("<!-- cost -->");
  expect(written.trim()).toBe(costPage(page("docs/benchmarks.md")));
});

test("a bill leaves out what the plan includes, a price does not, and the free plan ends where its scarcest does", () => {
  const month = sumUsage([
    [11_000_000, { workerRequests: 1 }],
    [60_000_000, { rowsWritten: 1, rowsRead: 10 }],
  ]);
  expect(month).toEqual({ workerRequests: 11_000_000, rowsWritten: 60_000_000, rowsRead: 600_000_000 });
  expect(dollarsOf(month)).toBeCloseTo(3.3 + 60 + 0.6, 9);
  expect(billOf(month)).toBeCloseTo(5 + 0.3 + 10, 9);
  expect(freeOf({ workerRequests: 1, rowsWritten: 4 })).toEqual({ operations: 25_000, unit: "rowsWritten" });
});
