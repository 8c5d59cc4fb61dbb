/** How late whoever follows an object may hear of it: D1, or the queue, has been away for a long time, and works again. */

import { DatabaseSync } from "node:sqlite";
import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { beforeAll, expect, test } from "vitest";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import { handleCall } from "../../durable-objects/table/handle-call.ts";
import { setLogThreshold } from "../../durable-objects/table/log-line.ts";
import { newsTaken } from "../../durable-objects/table/news.ts";
import { runAlarm } from "../../durable-objects/table/run-alarm.ts";
import { openStore, type Store } from "../../durable-objects/table/store.ts";
import type { ObjectName } from "../../src/core/ids.ts";
import { CALL_VERSION, type ObjectCall } from "../../src/core/protocol/object-call.ts";
import type { NewsListener } from "../../src/define/app.ts";
import { ANONYMOUS, defineApp, fullyPublic, resource } from "../../src/ledge.ts";

const NAME = "t/test/notes" as ObjectName;
const SQL = "CREATE TABLE notes (id text PRIMARY KEY NOT NULL, _version integer NOT NULL)";
const MINUTE_MS = 60_000;
const NO_TELLERS = { dependents: async () => null, access: async () => null };

beforeAll(() => setLogThreshold("silent"));

/** An object with a commit that is to be told of, and its alarm, which rings when it is set for. */
function openWorld(tell: NewsListener["tell"]) {
  const notes = resource(sqliteTable("notes", { id: text("id").primaryKey() }), { ...fullyPublic(), id: "text" });
  const { definition } = defineApp({ name: "test", resources: [notes] });
  const world = { now: 1_000_000, alarmAt: Number.POSITIVE_INFINITY, store: undefined as unknown as Store };
  world.store = openStore({
    app: { ...definition, news: [{ tables: new Set(["notes"]), form: "f", tell }] },
    migrations: { notes: [{ tag: "0000", sql: SQL }] },
    name: NAME,
    sql: nodeSql(new DatabaseSync(":memory:")),
    alarm: {
      setAlarm: (atMs) => {
        world.alarmAt = Math.min(world.alarmAt, atMs);
      },
    },
    clock: () => world.now,
    random: (bytes) => new Uint8Array(bytes),
  });
  const ring = async () => {
    world.now = Math.max(world.now, world.alarmAt);
    world.alarmAt = Number.POSITIVE_INFINITY;
    await runAlarm(world.store, {}, NO_TELLERS);
  };
  const write = (id: string) => handleCall(world.store, createCall(id));
  return { world, ring, write };
}

function createCall(id: string): ObjectCall {
  return {
    ...{ v: CALL_VERSION, object: NAME, table: "notes", partition: null, requestId: "r", traceparent: null },
    ...{ principal: ANONYMOUS, op: "write", intent: { op: "create", id, input: { id } }, invalid: [] },
    scopes: { read: "*", create: "*", update: "*", delete: "*" },
    ...{ conditions: {}, idempotency: null, attempt: null, expectVersion: null, isMinimal: false, wantsChange: false },
  } as unknown as ObjectCall;
}

test("[RM2] however long a follower has failed, it is told within a minute of its working again, and at once of the next commit", async () => {
  let isAway = true;
  const told: number[] = [];
  const { world, ring, write } = openWorld(async ({ seq }) => {
    if (isAway) throw new Error("away");
    told.push(seq);
    return "current";
  });
  write("a");
  const pauses: number[] = [];
  for (let rings = 0; rings < 40; rings++) {
    const before = world.now;
    await ring();
    pauses.push(world.now - before);
  }
  // Growing, so that what is away is not asked for ever as often as at first.
  expect(pauses.slice(1, 5)).toEqual([1000, 2000, 4000, 8000]);
  expect(Math.max(...pauses)).toBe(MINUTE_MS);
  isAway = false;
  const backMs = world.now;
  await ring();
  expect(told).toEqual([1]);
  expect(world.now - backMs).toBeLessThanOrEqual(MINUTE_MS);
  // Nothing is left to tell; and while it is away, a commit does not wait for the pause.
  expect(world.alarmAt).toBe(Number.POSITIVE_INFINITY);
  isAway = true;
  for (const id of ["b", "c"]) write(id);
  for (let rings = 0; rings < 12; rings++) await ring();
  isAway = false;
  const writtenMs = world.now;
  write("d");
  await ring();
  expect(told).toEqual([1, 4]);
  expect(world.now - writtenMs).toBeLessThanOrEqual(50);
});

test("[RM2] a hint that was passed on and is not said to be taken is given again each minute, for as long as that takes", async () => {
  let passedOn = 0;
  const { world, ring, write } = openWorld(async () => {
    passedOn++;
    return "passed on";
  });
  write("a");
  await ring();
  for (let rings = 0; rings < 20; rings++) {
    const before = world.now;
    await ring();
    expect(world.now - before).toBeLessThanOrEqual(MINUTE_MS);
  }
  expect(passedOn).toBe(21);
  newsTaken(world.store, { epoch: world.store.epoch, seq: 1, form: "f" });
  await ring();
  expect(passedOn).toBe(21);
});
