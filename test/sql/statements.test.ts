/** Shape of the SQL: bound values, platform limits, indexes, residuals. The limits are enforced by SQLite itself (nodeSql). */

import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CompiledFilter, compileFilter } from "../../durable-objects/sql/compile-filter.ts";
import { cachingCompiler } from "../../durable-objects/sql/filter-cache.ts";
import type { SqlFragment } from "../../durable-objects/sql/fragment.ts";
import { countStatement, type PageRequest, planPage } from "../../durable-objects/sql/list-statement.ts";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import { quoteIdentifier } from "../../durable-objects/sql/quote-identifier.ts";
import { StatementCache } from "../../durable-objects/sql/statement-cache.ts";
import type { Json } from "../../src/core/json.ts";
import { defineOperators } from "../../src/core/query/custom-operators.ts";
import { matches } from "../../src/core/query/matches.ts";
import { parseOrderBy } from "../../src/core/query/order.ts";
import { parseFilter } from "../../src/core/query/parse.ts";
import { printFilter } from "../../src/core/query/print.ts";
import { type Filter, negate } from "../../src/core/query/tree.ts";
import { column, createTable, filterOf, rowsOf, runs, SAMPLES, tableOf } from "../core/query/sample-table.ts";
import { listStatement } from "./list-statement.ts";

const parse = (text: string, table = SAMPLES) =>
  parseFilter(text, { table, fields: "scope", parameter: "filter", limits: "lifted" });
const compile = (text: string): CompiledFilter => compileFilter(parse(text), SAMPLES);
const page = (where: readonly Filter[], more: Partial<PageRequest> = {}): PageRequest => ({
  table: SAMPLES,
  where,
  orderBy: parseOrderBy(undefined, SAMPLES),
  after: null,
  limit: 21,
  offset: 0,
  ...more,
});

function open(indexes: readonly string[] = []) {
  const sql = nodeSql(new DatabaseSync(":memory:"));
  sql.run(createTable(SAMPLES));
  for (const [index, columns] of indexes.entries()) sql.run(`CREATE INDEX i${index} ON samples(${columns})`);
  return sql;
}

describe("values and names", () => {
  test("[QL40] values are bound, names are quoted, LIKE and GLOB never appear", () => {
    const evil = `x'; DROP TABLE samples; --"?`;
    fc.assert(
      fc.property(filterOf(SAMPLES), (filter) => {
        const { sql, params } = compileFilter(filter, SAMPLES);
        expect(sql).not.toMatch(/\b(like|glob|regexp)\b/i);
        expect(sql.match(/\?/g)?.length ?? 0).toBe(params.length);
      }),
      runs(100),
    );
    const { sql, params } = compile(`title==${JSON.stringify(evil)}`);
    expect(sql).not.toContain("DROP");
    expect(params).toEqual([evil]);
    expect(quoteIdentifier('a"b?')).toBe('"a""b?"');
  });

  test("[QL40] names with question marks and quotes survive the packing of parameters", () => {
    const odd = tableOf(
      [column("id", "text", { primaryKey: true, notNull: true }), column("q", "int", { sqlName: 'what"s?' })],
      { name: "odd?" },
    );
    const sql = nodeSql(new DatabaseSync(":memory:"));
    sql.run(
      createTable({
        ...odd,
        columns: odd.columns.map((spec) => ({ ...spec, sqlName: spec.sqlName.replaceAll('"', '""') })),
      }),
    );
    sql.run(`INSERT INTO "odd?" (id, "what""s?") VALUES ('a', 7)`);
    const where = [parse(Array.from({ length: 95 }, (_, index) => `q==${index}`).join(","), odd)];
    const { text, params } = listStatement({ ...page(where), table: odd });
    expect(params).toHaveLength(1);
    expect(sql.all(text, params)).toHaveLength(1);
  });
});

describe("patterns", () => {
  test.each([
    ['title%="abc"', null],
    ['title%="abc%"', null],
    ['title%="%abc"', null],
    ['title%="%abc%"', null],
    ['title%="%"', null],
    ['title%=""', null],
    ['title!%="abc%"', null],
    ['title=ilike="%ABC%"', null],
    [String.raw`title%="50\\%%"`, null],
    ['title%="a%c"', 'title%="a%c"'],
    ['title%="a_c"', 'title%="a_c"'],
    ['count>1;title%="a%b%c"', 'title%="a%b%c"'],
    ['count>1,title%="a%b%c"', 'count>1,title%="a%b%c"'],
    ['!(title%="a_c");count==1', '!(title%="a_c")'],
  ])("[QL40] %s leaves the residual %s", (text, residual) => {
    const compiled = compile(text);
    expect(compiled.residual === null ? null : printFilter(compiled.residual)).toBe(residual);
  });

  test("[QL40] another pattern compiles to its prefix, suffix and pieces", () => {
    const { sql, params } = compile('title%="ab%c_d%yz"');
    expect(sql).toContain("instr");
    expect(params).toEqual(["ab", "ac", "c", "d", -2, "yz"].sort((a, b) => params.indexOf(a) - params.indexOf(b)));
    expect(compile('title!%="ab%c_d"').sql).toBe("1");
    expect(compile('!(title%="ab%c_d")').sql).toBe("NOT (0)");
  });
});

describe("platform limits", () => {
  const many = (count: number, separator: string) =>
    Array.from({ length: count }, (_, index) => `title=between=["a${index}","b"]`).join(separator);

  test.each([";", ","])(
    "[QL41] the largest legal filter and scope run within 100 parameters and depth 100 (%s)",
    (separator) => {
      const sql = open();
      const client = parseFilter(
        Array.from({ length: 100 }, (_, index) => `big=between=["${index}","9"]`).join(separator),
        { table: SAMPLES, fields: "client", parameter: "filter" },
      );
      const scope = parse(many(100, separator));
      const { text, params } = listStatement(
        page([client, scope], {
          orderBy: parseOrderBy("-title,count,big,-price,dueAt", SAMPLES),
          after: ["a", 1, "5", 0.5, "2020-01-01T00:00:00.000Z", "x"],
        }),
      );
      expect(params.length).toBeLessThanOrEqual(100);
      expect(text.length).toBeLessThan(100_000);
      expect(sql.all(text, params)).toEqual([]);
      const count = countStatement({ table: SAMPLES, where: [client, scope], limitRows: 5 });
      expect(sql.all(count.text, count.params)).toEqual([{ count: 0 }]);
    },
  );

  test.each([
    ["one pattern of 2000 pieces", `title%="${"%e%i".repeat(1000)}%"`, 20_000],
    ["a hundred patterns", Array.from({ length: 99 }, () => `title=ilike="a${"%e%i".repeat(5)}_z"`).join(";"), 100_000],
  ])("[QL41] %s makes a statement within 100 KB", (_, filter, maxLength) => {
    const sql = open();
    const where = [parseFilter(filter, { table: SAMPLES, fields: "client", parameter: "filter" })];
    const { text, params } = listStatement(page(where));
    expect(text.length).toBeLessThan(maxLength);
    expect(sql.all(text, params)).toEqual([]);
  });

  test("[QL41] ten nested groups of alternating chains stay within the depth", () => {
    const sql = open();
    let text = "count==1";
    for (let level = 0; level < 10; level++) {
      const leaves = Array.from({ length: 8 }, () => 'tags=hasall=("a")').join(level % 2 === 0 ? ";" : ",");
      text = `${level % 3 === 0 ? "!" : ""}(${text}${level % 2 === 0 ? ";" : ","}${leaves})`;
    }
    const filter = parseFilter(text, { table: SAMPLES, fields: "client", parameter: "filter" });
    const statement = listStatement(page([filter]));
    expect(() => sql.all(statement.text, statement.params)).not.toThrow();
  });

  test("[QL41] a list of 500 is one parameter", () => {
    const list = Array.from({ length: 500 }, (_, index) => index).join(",");
    expect(compile(`count=in=(${list})`).params).toHaveLength(1);
  });

  test("[QL41] literals beyond 90 travel as one JSON parameter and mean the same", () => {
    const sql = open();
    fc.assert(
      fc.property(
        rowsOf(SAMPLES, 4, 1),
        fc.array(filterOf(SAMPLES), { minLength: 60, maxLength: 60 }),
        (rows, terms) => {
          sql.run("DELETE FROM samples");
          const [row] = rows;
          if (row === undefined) return;
          const names = SAMPLES.columns.filter(
            (spec) => spec.kind === "text" || spec.kind === "int" || spec.kind === "real",
          );
          sql.run(
            `INSERT INTO samples (${names.map((spec) => spec.sqlName).join(",")}, born_at) VALUES (${names.map(() => "?").join(",")}, 0)`,
            names.map((spec) => row[spec.name] as string | number | null),
          );
          const plain = Object.fromEntries(
            SAMPLES.columns.map((spec) => [spec.name, names.includes(spec) ? (row[spec.name] ?? null) : null]),
          );
          plain.bornAt = "1970-01-01T00:00:00.000Z";
          const kept = terms.filter((term) => compileFilter(term, SAMPLES).residual === null);
          const filter: Filter = { kind: "or", terms: kept };
          for (const one of [filter, negate(filter)]) {
            const { text, params } = listStatement(page([one]));
            expect(params.length).toBeLessThanOrEqual(100);
            expect(sql.all(text, params)).toHaveLength(matches(one, plain, SAMPLES) ? 1 : 0);
          }
        },
      ),
      runs(20),
    );
  });
});

describe("indexes", () => {
  const INDEXES = [
    "status",
    "count",
    "rank, id",
    "title",
    "made_at",
    "due_at",
    "seen_at",
    "big",
    "lower(title)",
    "CAST(big AS INTEGER)",
    "price, id",
    "due_at, price, id",
  ];
  const plan = (request: PageRequest): string => explain(listStatement(request));
  const explain = ({ text, params }: SqlFragment): string =>
    open(INDEXES)
      .all(`EXPLAIN QUERY PLAN ${text}`, params)
      .map((row) => row.detail)
      .join(" | ");

  // Counted, not listed: by the order of a page the planner may well prefer the primary key to a range.
  test.each([
    ['status=="x"', /SEARCH samples USING COVERING INDEX i0 \(status=\?\)/],
    ['title=="x"', /SEARCH samples USING COVERING INDEX i3 \(title=\?\)/],
    ["count==5", /INDEX i1 \(count=\?\)/],
    ["count>5", /INDEX i1 \(count>\?\)/],
    ["count=between=[1,5]", /INDEX i1 \(count>\? AND count<\?\)/],
    ["count==null", /INDEX i1 \(count=\?\)/],
    ["count=isnull=true", /INDEX i1 \(count=\?\)/],
    ["count=in=(1,2,3)", /INDEX i1 \(count=\?\)/],
    ['status=in=("a","b")', /INDEX i0 \(status=\?\)/],
    ['title=startswith="ab"', /INDEX i3 \(title>\? AND title<\?\)/],
    ['title%="ab%"', /INDEX i3 \(title>\? AND title<\?\)/],
    ['title%="ab%c_d"', /INDEX i3 \(title>\? AND title<\?\)/],
    ['title=ieq="Ab"', /INDEX i8 \(<expr>=\?\)/],
    ['title=istartswith="Ab"', /INDEX i8 \(<expr>>\? AND <expr><\?\)/],
    ['madeAt>="2020-01-01"', /INDEX i4 \(made_at>\?\)/],
    ['dueAt>="2020-01-01"', /INDEX i5 \(due_at>\?\)/],
    ['seenAt<"2020-01-01"', /INDEX i6 \(seen_at>\? AND seen_at<\?\)/],
    ['big=="5"', /INDEX i7 \(big=\?\)/],
    ['big>"5"', /INDEX i9 \(<expr>>\?\)/],
    ['status=="x";title%="%y%"', /INDEX i0 \(status=\?\)/],
    ['status=="x",count==5', /MULTI-INDEX OR/],
    ['id=="x"', /INDEX sqlite_autoindex_samples_1 \(id=\?\)/],
  ])("[QL40] %s uses its index", (text, expected) => {
    expect(explain(countStatement({ table: SAMPLES, where: [parse(text)] }))).toMatch(expected);
  });

  test("[PG4] keyset pages seek in the index of the ordering and do not sort", () => {
    const seek = (orderBy: string, after: readonly Json[]) =>
      plan(page([], { orderBy: parseOrderBy(orderBy, SAMPLES), after }));
    expect(seek("id", ["x"])).toMatch(/^SEARCH samples USING INDEX sqlite_autoindex_samples_1 \(id>\?\)$/);
    expect(seek("-id", ["x"])).toMatch(/^SEARCH samples USING INDEX sqlite_autoindex_samples_1 \(id<\?\)$/);
    expect(seek("rank", [1, "x"])).toMatch(/^SEARCH samples USING INDEX i2 \(\(rank,id\)>\(\?,\?\)\)$/);
    expect(seek("-rank,-id", [1, "x"])).toMatch(/^SEARCH samples USING INDEX i2 \(\(rank,id\)<\(\?,\?\)\)$/);
  });

  const plansAfter = (orderBy: string, after: readonly Json[]) =>
    planPage(page([], { orderBy: parseOrderBy(orderBy, SAMPLES), after })).statements.map((statement) =>
      explain(statement({ limitRows: 21, maxBytes: null })),
    );

  // Where a NULL column leads, its values and its NULLs are two stretches of the index: each is sought, and neither is sorted.
  test.each([
    ["price", [1.5, "x"], ["i10 ((price,id)>(?,?))", "i10 (price=?)"]],
    ["-price,-id", [1.5, "x"], ["i10 ((price,id)<(?,?))", "i10 (price=?)"]],
    ["price", [null, "x"], ["i10 (price=? AND id>?)"]],
    ["-price,-id", [null, "x"], ["i10 (price=? AND id<?)"]],
    ["dueAt,price", [null, 2.5, "x"], ["i11 (due_at=? AND (price,id)>(?,?))", "i11 (due_at=? AND price=?)"]],
    ["dueAt,price", [null, null, "x"], ["i11 (due_at=? AND price=? AND id>?)"]],
  ])("[PG4] [QL52] a page by %s after %j seeks what has a value and what has none", (orderBy, after, places) => {
    expect(plansAfter(orderBy, after)).toEqual(places.map((place) => `SEARCH samples USING INDEX ${place}`));
  });

  // An index over the column alone does not hold the key: what sorts are rows of one value.
  test.each([
    ["count", [5, "x"], ["i1 (count>?) | USE TEMP B-TREE FOR LAST TERM OF ORDER BY", "i1 (count=?)"]],
    ["-count", [5, "x"], ["i1 (count<?) | USE TEMP B-TREE FOR LAST TERM OF ORDER BY", "i1 (count=?)"]],
    ["-price", [1.5, "x"], ["i10 (price<?) | USE TEMP B-TREE FOR LAST TERM OF ORDER BY", "i10 (price=?)"]],
    ["title,-count", ["a", 5, "x"], ["i3 (title>?) | USE TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY", "i3 (title=?)"]],
  ])("[PG4] a page by %s after %j seeks to the first value", (orderBy, after, places) => {
    const plans = plansAfter(orderBy, after);
    expect(plans).toHaveLength(places.length);
    for (const [index, place] of places.entries())
      expect(plans[index]).toContain(`SEARCH samples USING INDEX ${place}`);
  });

  test("[QL52] NULLS LAST is served by an index over the ordering", () => {
    expect(plan(page([], { orderBy: parseOrderBy("-price,-id", SAMPLES) }))).not.toContain("TEMP B-TREE");
    expect(plan(page([], { orderBy: parseOrderBy("price", SAMPLES) }))).not.toContain("TEMP B-TREE FOR ORDER BY");
  });
});

describe("caches", () => {
  test("[QL43] at most 1000 entries, least recently used out first", () => {
    const cache = new StatementCache<number>();
    for (let index = 0; index < 1000; index++) cache.get(String(index), () => index);
    cache.get("0", () => -1);
    cache.get("new", () => 1);
    expect(cache.size).toBe(1000);
    expect(cache.get("0", () => -1)).toBe(0);
    expect(cache.get("1", () => -1)).toBe(-1);
    expect(() =>
      cache.get("bad", () => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(cache.get("bad", () => 2)).toBe(2);
  });

  test("[QL43] compiled filters are kept by table and canonical text", () => {
    const compiler = cachingCompiler();
    const other = { ...SAMPLES };
    expect(compiler(parse("count == 1"), SAMPLES)).toBe(compiler(parse("(count==1)"), SAMPLES));
    expect(compiler(parse("count==1"), other)).not.toBe(compiler(parse("count==1"), SAMPLES));
    const scan = parse('title=contains="x"');
    expect(compiler(scan, SAMPLES).residual).toBeNull();
    expect(compiler(scan, SAMPLES, undefined, "in-memory").residual).toEqual(scan);
    expect(compiler(scan, SAMPLES, undefined, "in-sql").residual).toBeNull();
  });
});

describe("custom operators", () => {
  const operators = defineOperators({
    "=plain=": { on: ["count"], operand: "scalar", test: (value, operand) => value === operand },
    "=narrow=": {
      on: ["count"],
      operand: "scalar",
      sql: (name, operand) => ({ text: `${name} >= ?`, params: [Number(operand)] }),
      test: (value, operand) => value === operand,
    },
    "=exact=": {
      on: ["count"],
      operand: "scalar",
      exact: true,
      sql: (name, operand) => ({ text: `${name} = ?`, params: [Number(operand)] }),
      test: (value, operand) => value === operand,
    },
  });
  const sql = open();
  for (const count of [null, 1, 2]) {
    sql.run("INSERT INTO samples (id, status, rank, born_at, count) VALUES (?, '', 0, 0, ?)", [
      `r${count ?? 0}`,
      count,
    ]);
  }

  test.each([
    ["count=plain=1", "count=plain=1", [null, 1, 2]],
    ["!(count=plain=1)", "!(count=plain=1)", [null, 1, 2]],
    ["count=narrow=1", "count=narrow=1", [1, 2]],
    ["!(count=narrow=1)", "!(count=narrow=1)", [null, 1, 2]],
    ["count=exact=1", null, [1]],
    ["!(count=exact=1)", null, [null, 2]],
  ])("[QL45] %s: residual %s", (text, residual, counts) => {
    const filter = parseFilter(text, { table: SAMPLES, fields: "client", operators, parameter: "filter" });
    const statement = listStatement({ ...page([filter]), operators });
    expect(statement.residual === null ? null : printFilter(statement.residual)).toBe(residual);
    expect(sql.all(statement.text, statement.params).map((row) => row.count)).toEqual(counts);
  });
});
