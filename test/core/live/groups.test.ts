/**
 * Maintained against fresh: random tables, filters, windows, aggregates and commits, told at once or merged; after each commit every view
 * that is up to date equals the query asked anew, and no row was told that did not match at its seq.
 */

import fc from "fast-check";
import { expect, test } from "vitest";
import type { LiveGroup } from "../../../src/core/live/live-group.ts";
import { LiveGroups } from "../../../src/core/live/live-groups.ts";
import { type LiveQuery, type LiveTable, queryText } from "../../../src/core/live/live-query.ts";
import type { AggregateQuery } from "../../../src/core/query/aggregate.ts";
import { compileMatcher } from "../../../src/core/query/matches.ts";
import { completeOrder, type OrderTerm } from "../../../src/core/query/order.ts";
import { printFilter } from "../../../src/core/query/print.ts";
import { ALL } from "../../../src/core/query/tree.ts";
import type { Row } from "../../../src/core/schema/table-spec.ts";
import { ModelObject, type Written } from "../../sim/live/model-object.ts";
import { filterOf, rowOf, runs, SAMPLES } from "../query/sample-table.ts";

const TABLE: LiveTable = {
  spec: { ...SAMPLES, columns: SAMPLES.columns.map((column) => ({ ...column, readable: column.name !== "rank" })) },
};
const SORTABLE = ["title", "status", "count", "price", "big", "done", "madeAt", "id"];

const order = fc
  .uniqueArray(fc.constantFrom(...SORTABLE), { maxLength: 2 })
  .chain((fields) =>
    fc.tuple(
      ...fields.map((field) => fc.record({ field: fc.constant(field), direction: fc.constantFrom("asc", "desc") })),
    ),
  )
  .map((terms) => completeOrder(terms as OrderTerm[], TABLE.spec));
const metric = fc.constantFrom(
  { fn: "sum", field: "count" },
  { fn: "sum", field: "price" },
  { fn: "avg", field: "count" },
  { fn: "min", field: "madeAt" },
  { fn: "max", field: "price" },
  { fn: "min", field: "big" },
  { fn: "max", field: "title" },
);
const aggregate = fc.record({
  groupBy: fc.subarray(["status", "done", "tags"], { maxLength: 2 }),
  count: fc.constant(true),
  metrics: fc.uniqueArray(metric, { maxLength: 3, selector: ({ fn, field }) => fn + field }),
  having: fc.constant([]),
  orderBy: fc.constant([]),
  limit: fc.constantFrom(2, 1000),
}) as fc.Arbitrary<AggregateQuery>;

const query: fc.Arbitrary<LiveQuery> = fc
  .tuple(
    // Half of them broad, so that windows have rows beyond what they keep.
    fc.oneof(filterOf(TABLE.spec), fc.constant(ALL)),
    fc.oneof(
      fc.constant({ window: null, aggregate: null }),
      fc.record({
        window: fc.record({ orderBy: order, limit: fc.constantFrom(1, 2, 5) }),
        aggregate: fc.constant(null),
      }),
      fc.record({ window: fc.constant(null), aggregate }),
    ),
    fc.constantFrom(null, ["id", "title", "status"]),
  )
  .map(([filter, kind, select]) => ({
    table: TABLE.spec.name,
    where: printFilter(filter),
    select,
    events: null,
    ...kind,
  }));

const write = fc.record({
  id: fc.integer({ min: 0, max: 45 }).map((index) => `r${index}`),
  row: fc.option(rowOf(TABLE.spec), { freq: 3 }),
});
const commits = fc.array(
  fc.record({ writes: fc.array(write, { minLength: 1, maxLength: 12 }), isMerged: fc.boolean() }),
  {
    minLength: 1,
    maxLength: 14,
  },
);

/** A watcher: what the frames of a group made of its snapshot. */
class Watcher {
  readonly group: LiveGroup;
  rows = new Map<string, string>();
  aggregate = "";
  hasMore: boolean | undefined;

  constructor(group: LiveGroup) {
    this.group = group;
    const opened = group.open();
    if ("aggregate" in opened) this.aggregate = opened.aggregate;
    else {
      this.hasMore = opened.hasMore;
      for (const row of opened.rows) this.rows.set(String(row.row.id), group.showRow(row));
    }
  }

  take(news: { changes: string | null; aggregate?: string; hasMore?: boolean }): void {
    if (news.aggregate !== undefined) this.aggregate = news.aggregate;
    if (news.hasMore !== undefined) this.hasMore = news.hasMore;
    for (const { op, row, v, rowId } of JSON.parse(news.changes ?? "[]")) {
      if (op === "removed") {
        expect(this.rows.delete(rowId)).toBe(true);
        continue;
      }
      expect(this.rows.has(row.id)).toBe(op === "changed");
      this.rows.set(row.id, JSON.stringify({ row, v }));
    }
  }
}

test("[LV1] [LV12] [LV14] [LA2] [LA3] rows, windows and aggregates maintained from commits equal the query asked anew at every seq", () => {
  let compared = 0;
  fc.assert(
    fc.property(fc.array(query, { minLength: 1, maxLength: 8 }), commits, (queries, plan) => {
      const object = new ModelObject("t/app/samples", [TABLE]);
      object.commit([...Array(40).keys()].map((index) => written({ id: `r${index}`, row: seedRow(index) })));
      const groups = new LiveGroups(object);
      const watchers = [...new Set(queries.map(queryText))].map((text, key) => {
        const group = groups.join(key, text) as LiveGroup;
        return new Watcher(group);
      });
      for (const { writes, isMerged } of plan) {
        const commit = object.commit(writes.map(written));
        if (isMerged || commit === null) continue;
        const missed = object.commits(groups.seq, { commits: 1e9, bytes: 1e9 }) ?? [];
        for (const each of missed) {
          const news = groups.advance(each, each.seq === object.head() ? "at-head" : "behind");
          for (const watcher of watchers) {
            const told = news.get(watcher.group);
            if (told !== undefined) watcher.take(told);
          }
        }
        for (const watcher of watchers) {
          compared++;
          const { query, where } = watcher.group;
          const fresh = new LiveGroups(object).join(0, queryText(query)) as LiveGroup;
          const opened = fresh.open();
          if ("aggregate" in opened) expect(watcher.aggregate).toBe(opened.aggregate);
          else {
            expect(new Set(watcher.rows.values())).toEqual(new Set(opened.rows.map((row) => fresh.showRow(row))));
            expect(watcher.hasMore).toBe(opened.hasMore);
          }
          const isIn = compileMatcher(where, TABLE.spec);
          for (const id of watcher.rows.keys()) expect(isIn(object.find("samples", id)?.row as Row)).toBe(true);
        }
      }
    }),
    runs(250),
  );
  expect(compared).toBeGreaterThan(100);
}, 60_000);

function written({ id, row }: { id: string; row: Row | null }): Written {
  return { table: "samples", id, row: row === null ? null : { ...row, id } };
}

function seedRow(index: number): Row {
  const base = Object.fromEntries(TABLE.spec.columns.map(({ name }) => [name, null]));
  return {
    ...base,
    status: index % 2 === 0 ? "open" : "done",
    rank: index,
    bornAt: "2026-01-01T00:00:00.000Z",
    count: index,
  };
}
