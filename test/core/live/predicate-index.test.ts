/** The predicate index: everything that matches is found, and of many distinct equalities only the few that can match are looked at. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { PredicateIndex } from "../../../src/core/live/predicate-index.ts";
import { and, eq, gt, or } from "../../../src/core/query/build.ts";
import { compileMatcher } from "../../../src/core/query/matches.ts";
import type { Filter } from "../../../src/core/query/tree.ts";
import type { Row } from "../../../src/core/schema/table-spec.ts";
import { filterOf, rowOf, runs, SAMPLES } from "../query/sample-table.ts";

function touched(index: PredicateIndex<number>, before: Row | null, after: Row | null): Set<number> {
  const found = new Set<number>();
  index.collect(before, after, found);
  return found;
}

test("[LV1] a filter that matches the image before or after is always found, also after others were taken out", () => {
  fc.assert(
    fc.property(
      fc.array(filterOf(SAMPLES), { minLength: 1, maxLength: 25 }),
      fc.array(fc.option(rowOf(SAMPLES), { freq: 4 }), { minLength: 2, maxLength: 12 }),
      fc.nat(),
      (filters, rows, removed) => {
        const index = new PredicateIndex<number>(SAMPLES);
        filters.forEach((filter, at) => void index.add(at, filter));
        index.remove(removed % filters.length);
        rows.forEach((after, at) => {
          const before = rows[at - 1] ?? null;
          const found = touched(index, before, after);
          filters.forEach((filter, at) => {
            const test = compileMatcher(filter, SAMPLES);
            const isHit = (before !== null && test(before)) || (after !== null && test(after));
            if (isHit && at !== removed % filters.length) expect(found.has(at)).toBe(true);
          });
        });
      },
    ),
    runs(150),
  );
});

const row = (values: Row): Row => ({
  ...Object.fromEntries(SAMPLES.columns.map(({ name }) => [name, null])),
  ...values,
});
const filed = (filters: readonly Filter[]) => {
  const index = new PredicateIndex<number>(SAMPLES);
  filters.forEach((filter, at) => void index.add(at, filter));
  return index;
};

test("of 10,000 distinct equalities a row touches its own", () => {
  const index = filed(Array.from({ length: 10_000 }, (_each, at) => and(eq("status", "open"), eq("title", `t${at}`))));
  // The first was filed when neither term was the better one.
  expect([...touched(index, null, row({ title: "t77", status: "open" }))]).toEqual([0, 77]);
  // Both images are looked up: the one it leaves, and the one it enters.
  expect([...touched(index, row({ title: "t1" }), row({ title: "t2" }))].sort()).toEqual([1, 2]);
});

test("a filter with a key is filed under it, one with OR under each branch, ranges by what they hold", () => {
  const index = filed([
    ...Array.from({ length: 50 }, (_each, at) => and(eq("done", true), eq("id", `r${at}`))),
    or(eq("title", "a"), eq("status", "b")),
    ...Array.from({ length: 50 }, (_each, at) =>
      and(gt("count", at * 10), { kind: "compare", field: "count", operator: "<", operand: at * 10 + 5 }),
    ),
  ]);
  expect([...touched(index, null, row({ id: "r7", done: true }))]).toEqual([7]);
  expect([...touched(index, null, row({ id: "x", status: "b" }))]).toEqual([50]);
  expect(touched(index, null, row({ id: "x", count: 42 })).size).toBeLessThan(51);
});
