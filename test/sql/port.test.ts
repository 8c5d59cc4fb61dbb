/** The port's contract over node:sqlite; the adapter over object storage runs the same in the Workers tests. */

import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";

function open() {
  const sql = nodeSql(new DatabaseSync(":memory:"));
  sql.run("CREATE TABLE t (n INTEGER)");
  return sql;
}

const add = (sql: ReturnType<typeof open>, n: number) => sql.run("INSERT INTO t VALUES (?)", [n]);
const all = (sql: ReturnType<typeof open>) => sql.all("SELECT n FROM t ORDER BY n").map((row) => row.n);

test("a transaction commits when its work returns, and rolls back when it throws", () => {
  const sql = open();
  const addOne = (): string => {
    add(sql, 1);
    return "done";
  };
  expect(sql.transaction(addOne)).toBe("done");
  expect(() =>
    sql.transaction(() => {
      add(sql, 2);
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(all(sql)).toEqual([1]);
});

test("nested transactions are savepoints: the inner one may fail alone", () => {
  const sql = open();
  sql.transaction(() => {
    add(sql, 1);
    expect(() =>
      sql.transaction(() => {
        add(sql, 2);
        throw new Error("no");
      }),
    ).toThrow("no");
    sql.transaction(() => add(sql, 3));
  });
  expect(all(sql)).toEqual([1, 3]);
});

test("a transaction callback that returns a promise is refused and rolled back", () => {
  const sql = open();
  expect(() =>
    // @ts-expect-error an asynchronous callback does not compile
    sql.transaction(async () => add(sql, 1)),
  ).toThrow(TypeError);
  expect(all(sql)).toEqual([]);
  sql.transaction(() => add(sql, 2));
  expect(all(sql)).toEqual([2]);
});

test("[QL41] the adapter holds to the limits of Durable Objects", () => {
  const sql = open();
  const marks = (count: number) => Array.from({ length: count }, () => "?");
  const values = (count: number) => Array.from({ length: count }, () => 1);
  expect(() => sql.all(`SELECT 1 WHERE 1 IN (${marks(101)})`, values(101))).toThrow();
  expect(() => sql.all(`SELECT ${Array(101).fill("1").join("+")}`)).toThrow(/depth/);
});
