/** Delivery of effects over node:sqlite, with a clock that the effects themselves move. */

import { DatabaseSync } from "node:sqlite";
import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import { deliverEffects, nextDelivery } from "../../durable-objects/table/outbox.ts";
import { openStore } from "../../durable-objects/table/store.ts";
import type { ObjectName } from "../../src/core/ids.ts";
import { defineApp, fullyPublic, resource } from "../../src/ledge.ts";

test("[TX40] effects that come faster than they go hold up no retry: the alarm ends, and asks to come back at once", async () => {
  let now = 1_000_000;
  const told: string[] = [];
  const notes = resource(sqliteTable("notes", { id: text("id").primaryKey() }), { ...fullyPublic(), id: "text" });
  const app = defineApp({
    name: "test",
    resources: [notes],
    effects: {
      // Each takes a second and leaves another one behind it.
      tell: (payload, { key }) => {
        now += 1000;
        told.push(`${String(payload)} ${key}`);
        addEntry();
      },
    },
  });
  const sql = nodeSql(new DatabaseSync(":memory:"));
  const migration = {
    tag: "0000",
    sql: "CREATE TABLE notes (id text PRIMARY KEY NOT NULL, _version integer NOT NULL)",
  };
  const store = openStore({
    app: app.definition,
    migrations: { notes: [migration] },
    name: "t/test/notes" as ObjectName,
    sql,
    alarm: { setAlarm: () => {} },
    clock: () => now,
    random: (bytes) => new Uint8Array(bytes),
  });
  let seq = 1;
  function addEntry(): void {
    seq += 1;
    const effects = JSON.stringify([{ kind: "named", name: "tell", payload: "new" }]);
    sql.run("INSERT INTO _log (seq, at, changes, effects, total) VALUES (?, ?, '[]', ?, 0)", [seq, now, effects]);
  }
  const held = JSON.stringify({ kind: "named", name: "tell", payload: "retried" });
  sql.run("INSERT INTO _retries (seq, slot, effect, tries, next_at) VALUES (1, 0, ?, 1, ?)", [held, now]);
  addEntry();

  await deliverEffects(store, {});
  expect(nextDelivery(store)).toBe(now);
  expect(told).toContain("retried notes:1:0");
  expect(told.length).toBeLessThan(20);
  expect(sql.all("SELECT 1 FROM _retries")).toEqual([]);
});

test("[TX40] an effect with a delay waits for it in the object, over the end of its ledger entry, and is then delivered once", async () => {
  let now = 1_000_000;
  const told: string[] = [];
  const notes = resource(sqliteTable("notes", { id: text("id").primaryKey() }), { ...fullyPublic(), id: "text" });
  const app = defineApp({
    name: "test",
    resources: [notes],
    effects: { tell: (payload, { key, attempt, object }) => void told.push(`${payload} ${key} ${attempt} ${object}`) },
  });
  const sql = nodeSql(new DatabaseSync(":memory:"));
  const store = openStore({
    app: app.definition,
    migrations: {
      notes: [{ tag: "0000", sql: "CREATE TABLE notes (id text PRIMARY KEY NOT NULL, _version integer NOT NULL)" }],
    },
    name: "t/test/notes" as ObjectName,
    sql,
    alarm: { setAlarm: () => {} },
    clock: () => now,
    random: (bytes) => new Uint8Array(bytes),
  });
  const effects = JSON.stringify([
    { kind: "named", name: "tell", payload: "later", notBeforeMs: now + 5000 },
    { kind: "named", name: "tell", payload: "at once" },
  ]);
  sql.run("INSERT INTO _log (seq, at, changes, effects, total) VALUES (2, ?, '[]', ?, 0)", [now, effects]);
  await deliverEffects(store, {});
  expect(told).toEqual(["at once notes:2:1 1 t/test/notes"]);
  expect(nextDelivery(store)).toBe(now + 5000);
  sql.run("DELETE FROM _log");
  now += 4999;
  await deliverEffects(store, {});
  expect(told).toHaveLength(1);
  now += 1;
  await deliverEffects(store, {});
  await deliverEffects(store, {});
  expect(told.slice(1)).toEqual(["later notes:2:0 1 t/test/notes"]);
  expect(nextDelivery(store)).toBeNull();
});
