/** Expired replies over node:sqlite: they go in turns of bounded length, one after the other, until none is left. */

import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import { findReply, MAX_PRUNED, nextPruning, pruneReplies, storeReply } from "../../durable-objects/table/replies.ts";
import { createSystemTables } from "../../durable-objects/table/system-tables.ts";

const NOW = 1_750_000_000_000;
const ANSWER = { kind: "answer", status: 201, headers: {}, body: "{}", position: "e:1" } as const;

function open() {
  const sql = nodeSql(new DatabaseSync(":memory:"));
  createSystemTables(sql);
  const store = (key: string, ttlMs: number) => storeReply(sql, { key, fingerprint: "f", ttlMs }, ANSWER, "{}", NOW);
  const count = () => Number(sql.all("SELECT count(*) AS n FROM _replies", [])[0]?.n);
  return { sql, store, count };
}

test("[HT41] what has expired goes in turns of bounded length; what still answers stays", () => {
  const { sql, store, count } = open();
  for (let n = 0; n < 2 * MAX_PRUNED + 5; n++) store(`old.${n}`, 1000);
  store("kept", 86_400_000);
  const later = NOW + 2000;
  for (const left of [MAX_PRUNED + 6, 6]) {
    pruneReplies(sql, later);
    expect(count()).toBe(left);
    expect(nextPruning(sql, later), "there is more, so at once").toBe(later);
  }
  pruneReplies(sql, later);
  expect(count()).toBe(1);
  expect(findReply(sql, { key: "kept", fingerprint: "f", ttlMs: 0 }, later)?.isReplay).toBe(true);
  expect(nextPruning(sql, later)).toBe(NOW + 86_400_000);
});

test("[HT41] replies that are to expire soon are looked at an hour from now, and none at all never", () => {
  const { sql, store } = open();
  expect(nextPruning(sql, NOW)).toBeNull();
  store("soon", 1000);
  expect(nextPruning(sql, NOW)).toBe(NOW + 3_600_000);
});
