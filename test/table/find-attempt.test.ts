/** Finding the entry of an attempt by its key and its time, over node:sqlite: every entry, and none that is not there. */

import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import type { Sql } from "../../durable-objects/sql/port.ts";
import { findAttempt } from "../../durable-objects/table/find-attempt.ts";
import { createSystemTables } from "../../durable-objects/table/system-tables.ts";

/** Entries from seq 5 on: some at one time, some minutes apart. */
const TIMES = [0, 0, 1, 50, 50, 50, 9_000, 30_000, 700_000, 700_001, 5_000_000, 5_000_000, 9_000_000];
const START = 1_750_000_000_000;

function openLedger(): Sql {
  const sql = nodeSql(new DatabaseSync(":memory:"));
  createSystemTables(sql);
  TIMES.forEach((at, index) => {
    sql.run("INSERT INTO _log (seq, at, changes, attempt, total) VALUES (?, ?, ?, ?, ?)", [
      index + 5,
      START + at,
      JSON.stringify([{ id: `row ${index}` }]),
      `u:a|${index}`,
      index,
    ]);
  });
  return sql;
}

test("[HT71] the entry of each attempt is found, whenever within minutes of its beginning it was committed", () => {
  const sql = openLedger();
  TIMES.forEach((at, index) => {
    for (const earlierMs of [-9_000, 0, 1, 15_000, 590_000]) {
      const found = findAttempt(sql, `u:a|${index}`, START + at - earlierMs);
      expect(found, `entry ${index}, begun ${earlierMs} ms before`).toEqual({
        seq: index + 5,
        reply: null,
        changes: [{ id: `row ${index}` }],
      });
    }
  });
});

test("[HT71] an attempt that left no entry is not found, nor in an empty ledger", () => {
  const sql = openLedger();
  for (const at of [-1_000_000, 0, 60, 700_000, 8_000_000, 99_000_000])
    expect(findAttempt(sql, "u:b|0", START + at)).toBeNull();
  sql.run("DELETE FROM _log", []);
  expect(findAttempt(sql, "u:a|0", START)).toBeNull();
});
