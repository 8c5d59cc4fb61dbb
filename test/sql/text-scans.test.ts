/** Texts that SQL reads through have a budget, which small tables never meet and large ones spend in memory, row by row. */

import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { aggregateGroups } from "../../durable-objects/sql/aggregate-groups.ts";
import { fragment } from "../../durable-objects/sql/fragment.ts";
import { countRows, listRows } from "../../durable-objects/sql/list-rows.ts";
import { planPage } from "../../durable-objects/sql/list-statement.ts";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import type { Sql } from "../../durable-objects/sql/port.ts";
import { MAX_EXAMINED } from "../../durable-objects/sql/residual-effort.ts";
import { MAX_SCANNED_BYTES, walksByField } from "../../durable-objects/sql/text-scans.ts";
import { TextSizes } from "../../durable-objects/sql/text-sizes.ts";
import type { JsonScalar } from "../../src/core/json.ts";
import { parseAggregate } from "../../src/core/query/aggregate.ts";
import { parseOrderBy } from "../../src/core/query/order.ts";
import { parseFilter } from "../../src/core/query/parse.ts";
import { printFilter } from "../../src/core/query/print.ts";
import { createTable, SAMPLES } from "../core/query/sample-table.ts";

const parse = (text: string) => parseFilter(text, { table: SAMPLES, fields: "client", parameter: "filter" });
const repeated = (term: string, count: number) =>
  Array.from({ length: count }, (_, index) => term.replace("#", String(index))).join(",");

/** Notes what is asked of SQLite. */
function open(rows: number, title: string): { sql: Sql; asked: string[] } {
  const plain = nodeSql(new DatabaseSync(":memory:"));
  plain.run(createTable(SAMPLES));
  plain.transaction(() => {
    for (let n = 0; n < rows; n++)
      plain.run("INSERT INTO samples (id, title, status, rank, born_at) VALUES (?, ?, '', 0, 0)", [
        `r${String(n).padStart(3, "0")}`,
        `${title}${n}`,
      ]);
  });
  const asked: string[] = [];
  const all: Sql["all"] = (statement, params) => {
    asked.push(statement);
    return plain.all(statement, params);
  };
  return { sql: { ...plain, all }, asked };
}

const request = (sql: Sql, filter: string) => ({
  table: SAMPLES,
  where: [parse(filter)],
  orderBy: parseOrderBy(undefined, SAMPLES),
  after: null,
  limit: 100,
  offset: 0,
  textSizes: new TextSizes(sql),
});
const residualOf = (sql: Sql, filter: string) => {
  const { residual } = planPage(request(sql, filter));
  return residual === null ? null : printFilter(residual);
};

describe("what a filter walks", () => {
  test.each<[string, Readonly<Record<string, number>>]>([
    ['count>1;title=="x";status=startswith="x";title=ieq="X";title=length=5;title=istartswith="x"', {}],
    ['title=contains="x"', { title: 1 }],
    ['title=contains=""', {}],
    ['title=icontains="x";!(title=endswith="y");status=iendswith="z"', { title: 2, status: 1 }],
    ['title%="abc",title%="abc%"', {}],
    ['title%="%abc",title!%="%abc%"', { title: 2 }],
    ['title=ilike="a%b_c"', { title: 2 }],
    [`title=contains="${"x".repeat(640)}"`, { title: 11 }],
    ['tags=has="a";tags=hasall=("a","b")', { tags: 8 }],
  ])("[QL42] %s", (filter, walks) => {
    expect(Object.fromEntries(walksByField(parse(filter)))).toEqual(walks);
  });
});

describe("where texts are few", () => {
  test("[QL42] SQL decides alone, and nothing is measured", () => {
    const { sql, asked } = open(50, "abc");
    const filter = repeated('title=icontains="C#"', 99);
    expect(residualOf(sql, filter)).toBeNull();
    expect(countRows(sql, request(sql, filter))).toBe(50);
    expect(asked.filter((statement) => statement.includes("octet_length"))).toEqual([]);
  });

  test("[QL42] [HT16] rows out of scope do not count: what is hidden decides nothing", () => {
    const { sql } = open(20, "x".repeat(400_000));
    sql.run("UPDATE samples SET status = 'hidden'");
    sql.run("INSERT INTO samples (id, title, status, rank, born_at) VALUES ('mine', 'x1', 'mine', 0, 0)");
    const scoped = { ...request(sql, repeated('title=icontains="X#"', 99)), where: [parse('status=="mine"')] };
    const where = [...scoped.where, ...request(sql, repeated('title=icontains="X#"', 99)).where];
    expect(planPage({ ...scoped, where }).residual).toBeNull();
    expect(countRows(sql, { ...scoped, where })).toBe(1);
    expect(planPage({ ...scoped, where: where.slice(1) }).residual).not.toBeNull();
  });

  test("[QL42] the texts of the columns asked about count, not what else makes the database large", () => {
    const { sql } = open(20, "x".repeat(400_000));
    expect(residualOf(sql, repeated('status=icontains="#"', 99))).toBeNull();
    expect(residualOf(sql, repeated('title=icontains="#"', 8))).toBeNull();
  });

  test("[QL42] texts are measured once for a condition, and again when the database has grown by an eighth", () => {
    const { sql, asked } = open(8, "x".repeat(400_000));
    const sizes = new TextSizes(sql);
    const ask = (walks = 1000, params: readonly string[] = ["r000"]) =>
      sizes.exceeds(SAMPLES, new Map([["title", walks]]), MAX_SCANNED_BYTES, () => fragment("id >= ?", ...params));
    expect([ask(), ask(), ask()]).toEqual([true, true, true]);
    expect(asked).toHaveLength(1);
    // 3.2 MB, a hundred times.
    expect([ask(80), ask(90), ask(1000, ["r007"]), ask(600, ["r007"])]).toEqual([false, true, true, false]);
    asked.length = 1;
    sql.run("INSERT INTO samples (id, title, status, rank, born_at) VALUES ('z', ?, '', 0, 0)", ["x".repeat(800_000)]);
    expect(ask()).toBe(true);
    expect(asked).toHaveLength(2);
  });
});

describe("where texts are many", () => {
  const { sql } = open(20, "aB".repeat(200_000));
  const heavy = `${repeated('title=icontains="zq#"', 97)},title=iendswith="7"`;

  test("[QL42] a filter that walks them too often is finished in memory, the rest of it in SQL", () => {
    expect(residualOf(sql, `id>"r010";(${heavy})`)).toBe(heavy);
    expect(residualOf(sql, `title=contains="${"a".repeat(4000)}"`)).not.toBeNull();
    const { statements } = planPage(request(sql, `title%="aB%${"x".repeat(4000)}%y"`));
    // The beginning of a pattern still narrows, for an index.
    expect(statements[0]?.({ limitRows: 1, maxBytes: null }).params).toEqual(["aB", "aC", 1]);
  });

  test("[QL42] a list goes on from page to page, within its budget each, and finds what SQL would find", () => {
    const found: unknown[] = [];
    let pages = 0;
    let after: readonly JsonScalar[] | null = null;
    do {
      const page = listRows(sql, { ...request(sql, heavy), after });
      found.push(...page.rows.map(({ row }) => row.id));
      after = page.next;
      pages++;
    } while (after !== null);
    expect(found).toEqual(["r007", "r017"]);
    // 98 walks of 400 KB leave a little of what one page may spend: the second row ends it.
    expect(pages).toBe(10);
  });

  test("[QL42] what needs every row is refused", () => {
    const refused = expect.objectContaining({
      data: { slug: "query-too-expensive", examined: MAX_EXAMINED, limit: MAX_EXAMINED },
    });
    expect(() => countRows(sql, request(sql, heavy))).toThrow(refused);
    const query = parseAggregate(new Map([["count", "true"]]), SAMPLES);
    expect(() => aggregateGroups(sql, request(sql, heavy), query)).toThrow(refused);
    // One row is within it.
    expect(countRows(sql, request(sql, `id=="r007";(${heavy})`))).toBe(1);
  });
});
