/** A page of several statements has one room: rows and bytes that the first took are not given to the next. */

import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { planPage } from "../../durable-objects/sql/list-statement.ts";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import type { Sql } from "../../durable-objects/sql/port.ts";
import { readPage } from "../../durable-objects/sql/read-page.ts";
import { parseOrderBy } from "../../src/core/query/order.ts";
import { createTable, SAMPLES } from "../core/query/sample-table.ts";

/** Ten rows with a count and ten without, each of 1000 bytes of title. Tells how many rows each statement gave. */
function open(): { sql: Sql; given: number[] } {
  const plain = nodeSql(new DatabaseSync(":memory:"));
  plain.run(createTable(SAMPLES));
  for (let n = 0; n < 20; n++) {
    plain.run("INSERT INTO samples (id, title, status, rank, born_at, count) VALUES (?, ?, '', 0, 0, ?)", [
      `r${String(n).padStart(2, "0")}`,
      "x".repeat(997),
      n < 10 ? n : null,
    ]);
  }
  const given: number[] = [];
  const values: Sql["values"] = (statement, params) => {
    const rows = plain.values(statement, params);
    given.push(rows.length);
    return rows;
  };
  return { sql: { ...plain, values }, given };
}

const plan = (after: readonly (number | string | null)[]) =>
  planPage({ table: SAMPLES, where: [], orderBy: parseOrderBy("count", SAMPLES), after, offset: 0 });

test("[PG4] the second statement reads the rows that are still wanted, and runs only then", () => {
  const { sql, given } = open();
  const read = (after: readonly (number | string | null)[], limitRows: number) =>
    readPage(sql, plan(after), { limitRows, maxBytes: null }).rows.map(([id]) => id);
  expect(read([6, "r06"], 5)).toEqual(["r07", "r08", "r09", "r10", "r11"]);
  expect(read([6, "r06"], 3)).toEqual(["r07", "r08", "r09"]);
  expect(read([9, "r09"], 2)).toEqual(["r10", "r11"]);
  expect(read([null, "r17"], 5)).toEqual(["r18", "r19"]);
  expect(given).toEqual([3, 2, 3, 0, 2, 2]);
});

test("[PG4] [QL42] bytes count over both statements, and the row that passes them is the last", () => {
  const { sql, given } = open();
  const read = (maxBytes: number) => readPage(sql, plan([6, "r06"]), { limitRows: 20, maxBytes });
  expect(read(2500)).toMatchObject({ isCut: true, rows: { length: 3 } });
  // Three rows of 1000 bytes, then two of the NULLs with the one that passes.
  expect(read(4500)).toMatchObject({ isCut: true, rows: { length: 5 } });
  expect(read(100_000)).toMatchObject({ isCut: false, rows: { length: 13 } });
  expect(given).toEqual([3, 3, 2, 3, 10]);
});
