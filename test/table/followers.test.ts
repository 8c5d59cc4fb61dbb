/** Whom the registry tells that access has ended ([RV6]), over node:sqlite: who is lost is told by the alarm until it answers. */

import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import { endAccess, endAccessAgain, follow, type TellEnded } from "../../durable-objects/table/followers.ts";
import { runAlarm } from "../../durable-objects/table/run-alarm.ts";
import { openStore } from "../../durable-objects/table/store.ts";
import type { ObjectName } from "../../src/core/ids.ts";
import { defineApp } from "../../src/ledge.ts";

test("[RV6] an object that could not be told is told by the alarm, until it answers; the others once", async () => {
  let nowMs = 1_000_000;
  const alarms: number[] = [];
  const told: string[] = [];
  const lost = new Set(["t/test/lost"]);
  const store = openStore({
    app: defineApp({ name: "test", resources: [] }).definition,
    migrations: {},
    name: "t/test/_registry" as ObjectName,
    sql: nodeSql(new DatabaseSync(":memory:")),
    alarm: { setAlarm: (atMs) => void alarms.push(atMs) },
    clock: () => nowMs,
    random: (bytes) => new Uint8Array(bytes),
  });
  const tell: TellEnded = async (object) => {
    told.push(object);
    if (lost.has(object)) throw new Error("lost");
    return false;
  };
  for (const object of ["t/test/here", "t/test/lost"] as ObjectName[])
    follow(store.sql, { object, userId: "ann", credential: "session:1", provenAtMs: nowMs }, nowMs);

  await endAccess(store, { kind: "everything", userId: "ann" }, tell);
  expect(told.splice(0).sort()).toEqual(["t/test/here", "t/test/lost"]);
  for (const isLost of [true, false]) {
    nowMs = alarms.at(-1) ?? 0;
    if (!isLost) lost.clear();
    await runAlarm(store, {}, { dependents: async () => null, access: () => endAccessAgain(store, tell) });
    expect(told.splice(0)).toEqual(["t/test/lost"]);
  }
  expect(store.sql.all("SELECT 1 FROM _untold UNION SELECT 1 FROM _followers UNION SELECT 1 FROM _timers")).toEqual([]);
});
