/** Pages by keyset: complete, in order, stable under writes; residuals within their budget. */

import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countRows, listRows, walk } from "../../durable-objects/sql/list-rows.ts";
import type { PageRequest } from "../../durable-objects/sql/list-statement.ts";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import type { Sql } from "../../durable-objects/sql/port.ts";
import { MAX_EXAMINED } from "../../durable-objects/sql/residual-effort.ts";
import { Fault } from "../../src/core/fault.ts";
import type { JsonScalar } from "../../src/core/json.ts";
import { rowComparator } from "../../src/core/query/compare-values.ts";
import { compileMatcher } from "../../src/core/query/matches.ts";
import { isSortable, type OrderTerm, parseOrderBy } from "../../src/core/query/order.ts";
import { parseFilter } from "../../src/core/query/parse.ts";
import type { Filter } from "../../src/core/query/tree.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import { encodeValue } from "../../src/core/schema/value.ts";
import { createTable, filterOf, rowsOf, runs, SAMPLES } from "../core/query/sample-table.ts";
import { listStatement } from "./list-statement.ts";

const names = SAMPLES.columns.map((column) => `"${column.sqlName}"`).join(",");

function open(): Sql {
  const sql = nodeSql(new DatabaseSync(":memory:"));
  sql.run(createTable(SAMPLES));
  return sql;
}

function insert(sql: Sql, row: Row, version = 1): void {
  const values = SAMPLES.columns.map((column) => encodeValue(column, row[column.name] ?? null));
  sql.run(`INSERT OR REPLACE INTO samples (${names}, _version) VALUES (${values.map(() => "?").join(",")}, ?)`, [
    ...values,
    version,
  ]);
}

function fill(sql: Sql, rows: readonly Row[]): void {
  sql.run("DELETE FROM samples");
  for (const row of rows) insert(sql, row);
}

const order = (text: string | undefined) => parseOrderBy(text, SAMPLES);
const request = (more: Partial<PageRequest>): PageRequest => ({
  table: SAMPLES,
  where: [],
  orderBy: order(undefined),
  after: null,
  limit: 3,
  offset: 0,
  ...more,
});
const parse = (text: string): Filter => parseFilter(text, { table: SAMPLES, fields: "client", parameter: "filter" });

/** An ordering over few columns, so that ties are common. */
const orderings: fc.Arbitrary<OrderTerm[]> = fc
  .uniqueArray(
    fc.record({
      field: fc.constantFrom(...SAMPLES.columns.filter(isSortable).map((column) => column.name)),
      direction: fc.constantFrom<"asc" | "desc">("asc", "desc"),
    }),
    { maxLength: 5, selector: (term) => term.field },
  )
  .map((terms) =>
    order(terms.length === 0 ? undefined : terms.map((term) => `${term.field}:${term.direction}`).join(",")),
  );

function walkPages(
  sql: Sql,
  first: PageRequest,
  between: (page: number) => void = () => {},
): { rows: Row[]; pages: number } {
  const rows: Row[] = [];
  let after: readonly JsonScalar[] | null = null;
  for (let page = 0; ; page++) {
    if (page > 1000) throw new Error("the walk does not end");
    const got = listRows(sql, { ...first, after });
    expect(got.rows.length).toBeLessThanOrEqual(first.limit);
    rows.push(...got.rows.map((listed) => listed.row));
    expect(got.hasMore).toBe(got.next !== null);
    if (got.next === null) return { rows, pages: page + 1 };
    // The key travels as JSON in a cursor.
    after = JSON.parse(JSON.stringify(got.next)) as JsonScalar[];
    between(page);
  }
}

test("[PG4] [QL52] a walk returns every matching row once, in order, with ties and NULLs", () => {
  const sql = open();
  fc.assert(
    fc.property(
      rowsOf(SAMPLES, 20),
      orderings,
      fc.integer({ min: 1, max: 7 }),
      fc.option(filterOf(SAMPLES), { nil: null }),
      (rows, orderBy, limit, filter) => {
        fill(sql, rows);
        const where = filter === null ? [] : [filter];
        const expected = rows
          .filter((row) => where.every((one) => compileMatcher(one, SAMPLES)(row)))
          .toSorted(rowComparator(orderBy, SAMPLES));
        expect(walkPages(sql, request({ where, orderBy, limit })).rows).toEqual(expected);
        expect(countRows(sql, { table: SAMPLES, where })).toBe(expected.length);
        expect(countRows(sql, { table: SAMPLES, where, limitRows: 2 })).toBe(Math.min(2, expected.length));
        const offset = Math.min(3, expected.length);
        expect(listRows(sql, request({ where, orderBy, limit, offset })).rows.map((listed) => listed.row)).toEqual(
          expected.slice(offset, offset + limit),
        );
      },
    ),
    runs(150),
  );
});

test("[PG4] [QL52] with indexes over columns that may be NULL, pages, long pages and walks give the same rows in order", () => {
  const sql = open();
  for (const [index, columns] of [
    "title, id",
    "price, id",
    "count, price, id",
    "due_at",
    "done, title",
    "rank",
  ].entries())
    sql.run(`CREATE INDEX nullable_${index} ON samples(${columns})`);
  const nullable = SAMPLES.columns.filter((column) => isSortable(column) && !column.notNull).map(({ name }) => name);
  const direction = fc.constantFrom<"asc" | "desc">("asc", "desc");
  const leading = fc.tuple(fc.constantFrom(...nullable), direction, orderings).map(([field, direction, rest]) =>
    order(
      [{ field, direction }, ...rest.filter((term) => term.field !== field)]
        .slice(0, 5)
        .map((term) => `${term.field}:${term.direction}`)
        .join(","),
    ),
  );
  fc.assert(
    fc.property(rowsOf(SAMPLES, 60, 10), leading, fc.integer({ min: 1, max: 25 }), (rows, orderBy, limit) => {
      // Every other row has no value in the leading column, so that both stretches are long.
      const field = orderBy[0]?.field ?? "";
      const stored = rows.map((row, index) => (index % 2 === 0 ? { ...row, [field]: null } : row));
      fill(sql, stored);
      const expected = stored.toSorted(rowComparator(orderBy, SAMPLES));
      expect(walkPages(sql, request({ orderBy, limit })).rows).toEqual(expected);
      expect([...walk(sql, request({ orderBy }))].map(({ row }) => row)).toEqual(expected);
      const from = Math.min(limit, expected.length - 1);
      const after = orderBy.map((term) => (expected[from]?.[term.field] ?? null) as JsonScalar);
      // A limit above 64 is the bounded form of the statement.
      const long = listRows(sql, request({ orderBy, limit: 100, after }));
      expect(long.rows.map(({ row }) => row)).toEqual(expected.slice(from + 1));
      expect(long.hasMore).toBe(false);
    }),
    runs(80),
  );
});

test("[PG4] a page has a key or an offset, not both", () => {
  const sql = open();
  expect(() => listRows(sql, request({ after: ["a"], offset: 1 }))).toThrow(TypeError);
});

test("[PG5] rows that keep their sort values are returned exactly once while others come, go and move", () => {
  const sql = open();
  fc.assert(
    fc.property(
      rowsOf(SAMPLES, 20, 6),
      orderings,
      rowsOf(SAMPLES, 20),
      fc.integer({ min: 1, max: 4 }),
      (rows, orderBy, replacements, limit) => {
        fill(sql, rows);
        // Every third row is disturbed during the walk: deleted or replaced by one that sorts elsewhere; new rows appear too.
        const steady = rows.filter((_, index) => index % 3 !== 0);
        const disturbed = rows.filter((_, index) => index % 3 === 0);
        const walk = walkPages(sql, request({ orderBy, limit }), (page) => {
          const victim = disturbed[page];
          const replacement = replacements[page];
          if (victim !== undefined && replacement === undefined)
            sql.run("DELETE FROM samples WHERE id = ?", [String(victim.id)]);
          if (victim !== undefined && replacement !== undefined) insert(sql, { ...replacement, id: victim.id ?? "" });
          if (replacement !== undefined) insert(sql, { ...replacement, id: `new${page}` });
        });
        const seen = walk.rows.map((row) => row.id);
        for (const row of steady) expect(seen.filter((id) => id === row.id)).toHaveLength(1);
      },
    ),
    runs(60),
  );
});

const plain = (id: number, title: string): Row => ({
  ...Object.fromEntries(SAMPLES.columns.map((column) => [column.name, null])),
  id: String(id).padStart(5, "0"),
  title,
  status: "",
  rank: 0,
  bornAt: "1970-01-01T00:00:00.000Z",
});

describe("hasMore", () => {
  test("[PG6] is true exactly when a further row matched", () => {
    const sql = open();
    fill(
      sql,
      [1, 2, 3, 4, 5, 6].map((id) => plain(id, "x")),
    );
    expect(listRows(sql, request({ limit: 3 }))).toMatchObject({ hasMore: true, next: ["00003"] });
    expect(listRows(sql, request({ limit: 3, after: ["00003"] }))).toMatchObject({ hasMore: false, next: null });
    expect(listRows(sql, request({ limit: 6 }))).toMatchObject({ hasMore: false });
  });

  test("[PG4] the next page begins after a key whose row is gone", () => {
    const sql = open();
    fill(
      sql,
      [1, 2, 4].map((id) => plain(id, "x")),
    );
    expect(listRows(sql, request({ after: ["00003"] })).rows.map((listed) => listed.row.id)).toEqual(["00004"]);
  });

  test("rows carry the version of their last commit", () => {
    const sql = open();
    insert(sql, plain(1, "x"), 42);
    expect(listRows(sql, request({})).rows).toEqual([{ row: plain(1, "x"), version: 42 }]);
  });
});

describe("residuals", () => {
  const sql = open();
  const total = MAX_EXAMINED + 50;
  sql.transaction(() => {
    for (let id = 0; id < total; id++) insert(sql, plain(id, id % 5000 === 7 ? "abc" : "acbc"));
  });
  const where = [parse('title%="a_c"')];

  test("[QL42] a list examines 10 000 rows, returns what it found and goes on after the last one examined", () => {
    const first = listRows(sql, request({ where, limit: 20 }));
    expect(first.rows.map((listed) => listed.row.id)).toEqual(["00007", "05007"]);
    expect(first).toMatchObject({ hasMore: true, next: [String(MAX_EXAMINED - 1).padStart(5, "0")] });
    const second = listRows(sql, request({ where, limit: 20, after: first.next }));
    expect(second.rows.map((listed) => listed.row.id)).toEqual(["10007"]);
    expect(second.hasMore).toBe(false);
  });

  test("[QL42] [HT16] the place where a list stopped is never that of a row out of sight", () => {
    const isMine = (id: number) => id % 5000 === 7;
    const seen = (ids: readonly number[]) => () => (row: Row) => ids.includes(Number(row.id));
    const first = listRows(sql, request({ where, limit: 20, isInSight: seen([3, 7, 5007, 9990]) }));
    expect(first.rows.every((listed) => isMine(Number(listed.row.id)))).toBe(true);
    expect(first).toMatchObject({ hasMore: true, next: ["09990"] });
    const hidden = () => listRows(sql, request({ where, limit: 20, isInSight: seen([]) }));
    expect(hidden).toThrow(expect.objectContaining({ data: expect.objectContaining({ slug: "query-too-expensive" }) }));
  });

  test("[QL42] [QL56] a budget that ends while rows are still to be skipped refuses: a cursor could not go on skipping", () => {
    const found = listRows(sql, request({ where, limit: 1, offset: 1 }));
    expect(found.rows.map((listed) => listed.row.id)).toEqual(["05007"]);
    const skipping = () => listRows(sql, request({ where, limit: 1, offset: 3 }));
    expect(skipping).toThrow(
      expect.objectContaining({ data: expect.objectContaining({ slug: "query-too-expensive" }) }),
    );
  });

  test("[QL30] listed values are read once a statement, not once an element: no membership is correlated", () => {
    for (const operator of ["=overlaps=", "=within=", "=hasall="]) {
      const { text, params } = listStatement(request({ where: [parse(`tags${operator}(1,"a",true,null)`)] }));
      const steps = sql.all(`EXPLAIN QUERY PLAN ${text}`, params).map((row) => String(row.detail));
      expect(
        steps.filter((step) => /^LIST SUBQUERY/.test(step)),
        operator,
      ).toHaveLength(1);
      expect(
        steps.filter((step) => /CORRELATED LIST SUBQUERY/.test(step)),
        operator,
      ).toEqual([]);
    }
  });

  test("[PG6] with a residual, a full page ends at its last row", () => {
    expect(listRows(sql, request({ where, limit: 1 }))).toMatchObject({ hasMore: true, next: ["00007"] });
    expect(listRows(sql, request({ where, limit: 1, offset: 1 })).rows.map((listed) => listed.row.id)).toEqual([
      "05007",
    ]);
  });

  test("[QL42] a count over the budget is refused, unless its limit is met before", () => {
    const refused = (() => {
      try {
        return countRows(sql, { table: SAMPLES, where });
      } catch (error) {
        return error instanceof Fault ? error.data : error;
      }
    })();
    expect(refused).toEqual({ slug: "query-too-expensive", examined: MAX_EXAMINED, limit: MAX_EXAMINED });
    expect(countRows(sql, { table: SAMPLES, where, limitRows: 2 })).toBe(2);
    expect(countRows(sql, { table: SAMPLES, where: [...where, parse('id<"09000"')] })).toBe(2);
  });

  test("[QL42] rows that SQL rules out cost nothing of the budget", () => {
    expect(listRows(sql, request({ where: [parse('title%="ab_"')], limit: 5 })).rows).toHaveLength(3);
  });
});
