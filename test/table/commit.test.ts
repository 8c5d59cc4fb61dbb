/** What server code may not do to a row, over node:sqlite. */

import { DatabaseSync } from "node:sqlite";
import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import { beginCommit, insertRow, updateRow } from "../../durable-objects/table/commit.ts";
import { openStore } from "../../durable-objects/table/store.ts";
import type { TableStore } from "../../durable-objects/table/table-store.ts";
import type { ObjectName } from "../../src/core/ids.ts";
import { ANONYMOUS, defineApp, fullyPublic, resource } from "../../src/ledge.ts";

function openRoom() {
  const notes = resource(
    sqliteTable("notes", { id: text("id").primaryKey(), room: text("room").notNull(), body: text("body") }),
    { ...fullyPublic(), id: "text", partitionBy: "room", partition: { allow: () => true } },
  );
  const sql =
    "CREATE TABLE notes (id text PRIMARY KEY NOT NULL, room text NOT NULL, body text, _version integer NOT NULL)";
  const store = openStore({
    app: defineApp({ name: "test", resources: [notes] }).definition,
    migrations: { notes: [{ tag: "0000", sql }] },
    name: "t/test/notes/lobby" as ObjectName,
    sql: nodeSql(new DatabaseSync(":memory:")),
    alarm: { setAlarm: () => {} },
    clock: () => 0,
    random: (bytes) => new Uint8Array(bytes),
  });
  return { commit: beginCommit(store, ANONYMOUS), table: store.tables.get("notes") as TableStore };
}

test("[HT1] no hook can put a row into a partition that is not its object's", () => {
  const { commit, table } = openRoom();
  const row = { id: "a", room: "lobby", body: "x" };
  expect(() => insertRow(commit, table, { ...row, room: "attic" })).toThrow(/partition "room"/);
  insertRow(commit, table, row);
  expect(() => updateRow(commit, table, row, { ...row, room: "attic" })).toThrow(/partition "room"/);
  expect(commit.changes.length).toBe(1);
});

test("[HT31] no hook can change the key of a row: the ledger knows it by that", () => {
  const { commit, table } = openRoom();
  const row = { id: "a", room: "lobby", body: "x" };
  insertRow(commit, table, row);
  expect(() => updateRow(commit, table, row, { ...row, id: "b" })).toThrow(/key "id"/);
  updateRow(commit, table, row, { ...row, body: "y" });
  expect(commit.changes.map(({ id, op }) => [id, op])).toEqual([
    ["a", "create"],
    ["a", "update"],
  ]);
});
