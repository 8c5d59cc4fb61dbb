/**
 * Aggregates over random rows, filters and parameters: one SQL statement, tallies in memory and a naive reading of the specification
 * (naive-aggregate.ts) give the same groups. Real SQLite; reals are compared exactly where their sums are exact.
 */

import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aggregateGroups } from "../../durable-objects/sql/aggregate-groups.ts";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import type { Sql } from "../../durable-objects/sql/port.ts";
import type { AggregateQuery } from "../../src/core/query/aggregate.ts";
import { parseAggregate } from "../../src/core/query/aggregate.ts";
import { arrangeGroups } from "../../src/core/query/arrange-groups.ts";
import { showGroup } from "../../src/core/query/show-group.ts";
import { accumulate, emptyTally, groupKey, type Tally, tallyPlan, tallyResult } from "../../src/core/query/tally.ts";
import type { Filter } from "../../src/core/query/tree.ts";
import { ALL } from "../../src/core/query/tree.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import { encodeValue } from "../../src/core/schema/value.ts";
import { createTable, filterOf, rowsOf, runs, SAMPLES } from "../core/query/sample-table.ts";
import { naiveAggregate } from "./naive-aggregate.ts";

function open(): Sql {
  const sql = nodeSql(new DatabaseSync(":memory:"));
  sql.run(createTable(SAMPLES));
  return sql;
}

function fill(sql: Sql, rows: readonly Row[]): void {
  const names = SAMPLES.columns.map((column) => `"${column.sqlName}"`);
  sql.run("DELETE FROM samples");
  for (const row of rows) {
    sql.run(
      `INSERT INTO samples (${names.join(",")}) VALUES (${names.map(() => "?").join(",")})`,
      SAMPLES.columns.map((column) => encodeValue(column, row[column.name] ?? null)),
    );
  }
}

function bySql(sql: Sql, filter: Filter, query: AggregateQuery) {
  const { groups, isTruncated } = aggregateGroups(sql, { table: SAMPLES, where: [filter] }, query);
  return { groups: groups.map((group) => showGroup(group, query)), truncated: isTruncated };
}

/** All rows tallied, whatever the filter would leave to SQL. */
function byTally(rows: readonly Row[], query: AggregateQuery) {
  const plan = tallyPlan(query, SAMPLES);
  const tallies = new Map<string, Tally>(query.groupBy.length === 0 ? [["[]", emptyTally(plan, [])]] : []);
  for (const row of rows) {
    const key = groupKey(plan, row);
    const tally = tallies.get(JSON.stringify(key)) ?? emptyTally(plan, key);
    tallies.set(JSON.stringify(key), tally);
    accumulate(plan, tally, row);
  }
  const { groups, isTruncated } = arrangeGroups(
    [...tallies.values()].map((tally) => tallyResult(plan, tally)),
    query,
    SAMPLES,
  );
  return { groups: groups.map((group) => showGroup(group, query)), truncated: isTruncated };
}

const KEYS = SAMPLES.columns.map((column) => column.name).filter((name) => name !== "id");
const NUMBERS = ["count", "rank", "price"];
const ORDERED = SAMPLES.columns.filter(({ kind }) => kind !== "json" && kind !== "blob").map((column) => column.name);
const some = (names: readonly string[], maxLength: number) => fc.uniqueArray(fc.constantFrom(...names), { maxLength });
const literals = fc.constantFrom(
  ...[
    "0",
    "1",
    "-1",
    "2",
    "1.5",
    "-0.5",
    "0.25",
    '"9007199254740992"',
    '"-18014398509481982"',
    "9007199254740991",
    "1e300",
    "-1e300",
    "true",
    "false",
  ],
  ...[
    '"a"',
    '"A"',
    '"é"',
    '""',
    '"1"',
    '"-1"',
    '"9223372036854775807"',
    '"1970-01-01"',
    '"2023-11-14T22:13:20.5Z"',
    "1700000000000",
    "1700000000500",
  ],
);

/** Parameters as a client writes them; those that the parser refuses (a literal of another type) are left out. */
const queries = fc
  .record({
    groupBy: some(KEYS, 3),
    count: fc.boolean(),
    sum: some(NUMBERS, 3),
    avg: some(NUMBERS, 3),
    min: some(ORDERED, 4),
    max: some(ORDERED, 4),
    having: fc.array(fc.tuple(fc.nat(), fc.constantFrom("==", "!=", ">", ">=", "<", "<="), literals), { maxLength: 2 }),
    orderBy: fc.array(fc.tuple(fc.nat(), fc.constantFrom("", ":asc", ":desc")), { maxLength: 3 }),
    limit: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  })
  .map(({ groupBy, count, having, orderBy, limit, ...metrics }) => {
    const aliases = [
      ...(count ? ["count"] : []),
      ...Object.entries(metrics).flatMap(([fn, names]) => names.map((name) => `${fn}_${name}`)),
      ...groupBy,
    ];
    const at = (index: number) => aliases[index % aliases.length] ?? "count";
    const ordered = [...new Map(orderBy.map(([index, direction]) => [at(index), direction]))].map(
      ([alias, direction]) => alias + direction,
    );
    const pairs: [string, string][] = [["count", String(count)]];
    if (groupBy.length > 0) pairs.push(["groupBy", groupBy.join(",")]);
    for (const [fn, names] of Object.entries(metrics)) if (names.length > 0) pairs.push([fn, names.join(",")]);
    if (having.length > 0)
      pairs.push(["having", having.map(([index, operator, literal]) => at(index) + operator + literal).join(";")]);
    if (ordered.length > 0) pairs.push(["orderBy", ordered.join(",")]);
    if (limit !== undefined) pairs.push(["limit", String(limit)]);
    return new Map(pairs);
  })
  .map((parameters) => {
    for (const dropped of [[], ["having"], ["orderBy"], ["having", "orderBy"]]) {
      try {
        return parseAggregate(new Map([...parameters].filter(([name]) => !dropped.includes(name))), SAMPLES);
      } catch {
        // A literal that does not fit its alias, an order by json, no metric at all: tried again without.
      }
    }
    return parseAggregate(new Map([["count", "true"]]), SAMPLES);
  });

/** Reals whose sums are exact, so that all three must agree to the bit. */
const exactRows = rowsOf(SAMPLES, 10).chain((rows) =>
  fc
    .tuple(...rows.map(() => fc.option(fc.integer({ min: -8, max: 8 }), { nil: null, freq: 5 })))
    .map((quarters) =>
      rows.map((row, index) => ({ ...row, price: quarters[index] == null ? null : quarters[index] / 4 })),
    ),
);

test("[AG4] one statement, tallies in memory and the specification give the same groups", () => {
  const sql = open();
  let grouped = 0;
  let kept = 0;
  fc.assert(
    fc.property(exactRows, fc.array(queries, { minLength: 8, maxLength: 16 }), (rows, list) => {
      fill(sql, rows);
      for (const query of list) {
        const expected = naiveAggregate(rows, ALL, query, SAMPLES);
        expect(bySql(sql, ALL, query), JSON.stringify(query)).toEqual(expected);
        expect(byTally(rows, query), JSON.stringify(query)).toEqual(expected);
        if (query.groupBy.length > 0) grouped += expected.groups.length;
        if (query.having.length > 0) kept += expected.groups.length;
      }
    }),
    runs(150),
  );
  expect(grouped).toBeGreaterThan(1000);
  expect(kept).toBeGreaterThan(200);
});

test("[AG7] rows are filtered before they are grouped, also where the filter is finished in memory", () => {
  const sql = open();
  fc.assert(
    fc.property(
      exactRows,
      fc.array(fc.tuple(filterOf(SAMPLES), queries), { minLength: 4, maxLength: 8 }),
      (rows, list) => {
        fill(sql, rows);
        for (const [filter, query] of list) {
          expect(bySql(sql, filter, query), JSON.stringify({ filter, query })).toEqual(
            naiveAggregate(rows, filter, query, SAMPLES),
          );
        }
      },
    ),
    runs(80),
  );
});

test("[AG3] sums of reals, however large: within 1e-12 of the exact sum, or named as overflow", () => {
  const sql = open();
  let overflows = 0;
  const prices = fc.array(
    fc.oneof(
      fc.constantFrom(Number.MAX_VALUE, -Number.MAX_VALUE, 1e308, -1e308, Number.MIN_VALUE, 1e21, 0.1),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    ),
    { minLength: 1, maxLength: 12 },
  );
  const query = parseAggregate(
    new Map([
      ["sum", "price"],
      ["avg", "price"],
    ]),
    SAMPLES,
  );
  fc.assert(
    fc.property(rowsOf(SAMPLES, 1, 1), prices, ([row = {}], values) => {
      const rows = values.map((price, index) => ({ ...row, id: `r${index}`, price: price === 0 ? 0 : price }));
      fill(sql, rows);
      const [exact = {}] = naiveAggregate(rows, ALL, query, SAMPLES).groups as readonly Shown[];
      expect(byTally(rows, query).groups).toEqual([exact]);
      const [found = {}] = bySql(sql, ALL, query).groups as readonly Shown[];
      expect(found.overflow).toEqual(exact.overflow);
      if (exact.overflow !== undefined) overflows++;
      // Cancellation: the last digits depend on the order of rows, in proportion to what was added up.
      const size = Math.max(...values.map(Math.abs)) * values.length;
      for (const fn of ["sum", "avg"] as const) {
        const [x, y] = [found[fn]?.price ?? 0, exact[fn]?.price ?? 0];
        expect(Math.abs(x / 2 - y / 2)).toBeLessThanOrEqual(
          Math.abs(y) * 1e-12 + (size < Number.MAX_VALUE ? size : Number.MAX_VALUE) * 1e-28,
        );
      }
    }),
    runs(400),
  );
  expect(overflows).toBeGreaterThan(5);
});

test("[AG4] sums of reals of one sign: the statement is within one unit in the last place of the tally, an average within two", () => {
  const sql = open();
  const query = parseAggregate(
    new Map([
      ["sum", "price"],
      ["avg", "price"],
    ]),
    SAMPLES,
  );
  const prices = fc.array(
    fc.oneof(
      fc.integer({ min: 1, max: 10_000_000 }).map((cents) => cents / 100),
      fc.double({ min: 1e-6, max: 1e12, noNaN: true }),
    ),
    { minLength: 1, maxLength: 120 },
  );
  let equal = 0;
  let all = 0;
  fc.assert(
    fc.property(rowsOf(SAMPLES, 1, 1), prices, fc.constantFrom(1, -1), ([row = {}], values, sign) => {
      const rows = values.map((price, index) => ({ ...row, id: `r${index}`, price: price * sign }));
      fill(sql, rows);
      const [exact = {}] = byTally(rows, query).groups as readonly Shown[];
      const [found = {}] = bySql(sql, ALL, query).groups as readonly Shown[];
      for (const [fn, units] of [
        ["sum", 1],
        ["avg", 2],
      ] as const) {
        const [x = 0, y = 1] = [found[fn]?.price, exact[fn]?.price];
        expect(Math.abs(x - y) / Math.abs(y)).toBeLessThanOrEqual(units * Number.EPSILON);
      }
      all++;
      if (found.sum?.price === exact.sum?.price) equal++;
    }),
    runs(150),
  );
  // Nearly always they are the same.
  expect(equal).toBeGreaterThan(all * 0.9);
});

interface Shown {
  readonly sum?: { readonly price?: number };
  readonly avg?: { readonly price?: number };
  readonly overflow?: readonly string[];
}

test("[AG4] sums of int are exact far beyond 2^53", () => {
  const sql = open();
  sql.run("CREATE TABLE numbers (id INTEGER PRIMARY KEY, n INTEGER, _version INTEGER NOT NULL DEFAULT 0)");
  const query = parseAggregate(
    new Map([
      ["sum", "count"],
      ["avg", "count"],
      ["having", 'sum_count>"9223372036854775807"'],
    ]),
    SAMPLES,
  );
  const table = {
    ...SAMPLES,
    name: "numbers",
    columns: SAMPLES.columns.filter(({ name }) => name === "count").map((column) => ({ ...column, sqlName: "n" })),
  };
  sql.run(
    "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 3000) INSERT INTO numbers (n) SELECT 9007199254740991 FROM c",
  );
  const { groups } = aggregateGroups(sql, { table, where: [] }, query);
  expect(groups.map((group) => showGroup(group, query))).toEqual([
    { key: null, sum: { count: "27021597764222973000" }, avg: { count: 9007199254740991 } },
  ]);
});
