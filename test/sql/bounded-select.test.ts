/** What is read of large rows is bounded in bytes, and nothing of it is lost, doubled or out of order. */

import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aggregateGroups } from "../../durable-objects/sql/aggregate-groups.ts";
import { boundedSelect } from "../../durable-objects/sql/bounded-select.ts";
import { listRows, walk } from "../../durable-objects/sql/list-rows.ts";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import type { Sql } from "../../durable-objects/sql/port.ts";
import type { JsonScalar } from "../../src/core/json.ts";
import { parseAggregate } from "../../src/core/query/aggregate.ts";
import { parseOrderBy } from "../../src/core/query/order.ts";
import { createTable, runs, SAMPLES } from "../core/query/sample-table.ts";

const MB = 2 ** 20;

test("[QL52] a bounded SELECT gives the rows of its own in their order, up to the one that passes the bytes", () => {
  const sql = nodeSql(new DatabaseSync(":memory:"));
  sql.run("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b BLOB, n INTEGER)");
  const sizes = fc.option(fc.nat({ max: 30 }), { nil: null });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(sizes, sizes, fc.nat({ max: 3 })), { maxLength: 12 }),
      fc.nat({ max: 90 }),
      (list, maxBytes) => {
        sql.run("DELETE FROM t");
        for (const [a, b, n] of list) {
          sql.run("INSERT INTO t (a, b, n) VALUES (?, ?, ?)", [
            a === null ? null : "é".repeat(a),
            b === null ? null : new Uint8Array(b),
            n,
          ]);
        }
        const text = "SELECT id, a, b FROM t ORDER BY n DESC, id LIMIT 10";
        const whole = sql.all(text);
        const bounded = sql.values(boundedSelect(text, ["a", "b"], maxBytes));
        let run = 0;
        const expected = whole.flatMap(({ id, a, b }) => {
          const isShown = run <= maxBytes;
          run += 2 * String(a ?? "").length + ((b as Uint8Array | null)?.byteLength ?? 0);
          return isShown ? [[id, run]] : [];
        });
        expect(bounded.map((values) => [values[0], values.at(-1)])).toEqual(expected);
      },
    ),
    runs(300),
  );
});

function openLarge(count: number): Sql {
  const sql = nodeSql(new DatabaseSync(":memory:"));
  sql.run(createTable(SAMPLES));
  for (let n = 0; n < count; n++) {
    const title = `${(n * 7) % 10}${n}${"x".repeat(500_000)}`;
    sql.run("INSERT INTO samples (id, title, status, rank, born_at) VALUES (?, ?, 'new', ?, 0)", [
      `r${String(n).padStart(3, "0")}`,
      title,
      n % 5,
    ]);
  }
  return sql;
}

test("[PG4] [PG6] a page of a hundred rows of 500 KB ends early, with a cursor, and all rows come once, in order", () => {
  const sql = openLarge(90);
  const orderBy = parseOrderBy("-rank,title", SAMPLES);
  const seen: unknown[] = [];
  let after: readonly JsonScalar[] | null = null;
  do {
    const page = listRows(sql, { table: SAMPLES, where: [], orderBy, after, limit: 100, offset: 0 });
    expect(page.rows.length).toBeLessThan(70);
    expect(page.hasMore).toBe(page.next !== null);
    if (page.hasMore) expect(page.isCutBySize).toBe(true);
    seen.push(...page.rows.map(({ row }) => row.id));
    after = page.next;
  } while (after !== null);
  expect(seen).toEqual(sql.all("SELECT id FROM samples ORDER BY rank DESC, title, id").map(({ id }) => id));
});

test("[QL42] a walk over large rows holds a few of them at a time, and sees each once", () => {
  const sql = openLarge(45);
  let most = 0;
  const counting: Sql = {
    ...sql,
    values(text, params) {
      const rows = sql.values(text, params);
      most = Math.max(most, rows.length);
      return rows;
    },
  };
  const walked = walk(counting, {
    table: SAMPLES,
    where: [],
    orderBy: parseOrderBy("title", SAMPLES),
    after: null,
    limit: 0,
    offset: 0,
  });
  const ids = [...walked].map(({ row }) => row.id);
  expect(ids).toEqual(sql.all("SELECT id FROM samples ORDER BY title, id").map(({ id }) => id));
  expect(most).toBeLessThan(20);
});

test("[AG6] no more large groups are read than a reply could hold", () => {
  const sql = openLarge(60);
  const query = parseAggregate(
    new Map([
      ["groupBy", "title"],
      ["max", "title"],
    ]),
    SAMPLES,
  );
  const { groups } = aggregateGroups(sql, { table: SAMPLES, where: [] }, query);
  const size = groups.reduce((sum, { key }) => sum + String(key[0]).length, 0);
  expect(groups.length).toBeLessThan(30);
  expect(size * 2).toBeGreaterThan(23 * MB);
  expect(groups.map(({ key }) => key[0])).toEqual(
    sql
      .all("SELECT title FROM samples ORDER BY title")
      .slice(0, groups.length)
      .map(({ title }) => title),
  );
});
