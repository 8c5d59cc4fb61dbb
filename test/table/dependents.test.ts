/** Who depends on rows of an object, over node:sqlite, with dependents that reject, hang, and answer late ([RV2]). */

import { DatabaseSync } from "node:sqlite";
import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import { Dependents, mayWithdraw, noteDependents, TELL_MS } from "../../durable-objects/table/dependents.ts";
import { openStore } from "../../durable-objects/table/store.ts";
import { dueTimers } from "../../durable-objects/table/timers.ts";
import { type ObjectName, type RowId, seqOf } from "../../src/core/ids.ts";
import { defineApp, fullyPublic, inList, resource } from "../../src/ledge.ts";

const members = resource(sqliteTable("members", { id: text("id").primaryKey(), userId: text("user_id").notNull() }), {
  ...fullyPublic(),
  id: "text",
});
const tasks = resource(sqliteTable("tasks", { id: text("id").primaryKey() }), {
  id: "text",
  auth: {
    read: {
      uses: [{ table: "members", user: "userId" }],
      scope: (_user, rows) =>
        inList(
          "id",
          rows(members).map(({ id }) => String(id)),
        ),
    },
  },
});
const app = defineApp({ name: "test", resources: [members, tasks] });
const A = "t/test/tasks/a" as ObjectName;
const B = "t/test/tasks/b" as ObjectName;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function bench() {
  const told: {
    readonly object: ObjectName;
    readonly answer: (isNeeded: boolean) => void;
    readonly lose: () => void;
  }[] = [];
  const alarms: number[] = [];
  const store = openStore({
    app: app.definition,
    migrations: {
      members: [
        {
          tag: "0000",
          sql: "CREATE TABLE members (id text PRIMARY KEY NOT NULL, user_id text NOT NULL, _version integer NOT NULL)",
        },
      ],
    },
    name: "t/test/members" as ObjectName,
    sql: nodeSql(new DatabaseSync(":memory:")),
    alarm: { setAlarm: (atMs) => void alarms.push(atMs) },
    clock: () => Date.now(),
    random: (bytes) => new Uint8Array(bytes),
  });
  const dependents = new Dependents(
    store,
    (object) =>
      new Promise((resolve, reject) => {
        told.push({ object, answer: (isNeeded) => resolve([isNeeded]), lose: () => reject(new Error("lost")) });
      }),
  );
  return {
    store,
    dependents,
    told,
    alarms,
    ask: (user: string, dependent: ObjectName) =>
      dependents.answer({ table: "members", column: "userId", user, dependent }),
    /** A commit that changes a row of the user; its seq. */
    change(user: string): number {
      const seq = store.head.seq + 1;
      store.head = { ...store.head, seq: seqOf(seq) };
      const id = "m" as RowId;
      noteDependents(store, [{ table: "members", id, op: "delete", before: { id, userId: user }, after: null }], seq);
      return seq;
    },
    rows: () => store.sql.all("SELECT user, object, due FROM _dependents ORDER BY user", []),
  };
}

const turns = () => vi.advanceTimersByTimeAsync(0);

test("[RV2] who registers while its object is told stays registered, whoever else is told meanwhile", async () => {
  const world = bench();
  world.ask("u", A);
  world.ask("v", B);
  const first = world.dependents.tellDue(world.change("u"));
  await turns();
  world.ask("u", A);
  const second = world.dependents.tellDue(world.change("v"));
  await turns();
  expect(world.told.map(({ object }) => object)).toEqual([A, B]);
  // The answer is of before the second registration.
  world.told[0]?.answer(false);
  world.told[1]?.answer(false);
  await Promise.all([first, second]);
  expect(world.rows()).toEqual([{ user: "u", object: A, due: null }]);
});

test("[RV2] a dependent that hangs holds up the write that withdrew, two seconds at most, and no other write", async () => {
  const world = bench();
  world.ask("u", A);
  const seq = world.change("u");
  let isAnswered = false;
  const withdrawing = world.dependents.tellDue(seq).then(() => {
    isAnswered = true;
  });
  await world.dependents.tellDue(seq + 1);
  await vi.advanceTimersByTimeAsync(TELL_MS - 1);
  // Nor is it told anew for each of them.
  expect([isAnswered, world.told.length]).toEqual([false, 1]);
  await vi.advanceTimersByTimeAsync(1);
  await withdrawing;
  expect(world.rows()).toEqual([{ user: "u", object: A, due: seq }]);
  world.told[0]?.answer(true);
  await turns();
  expect(world.rows()).toEqual([{ user: "u", object: A, due: null }]);
});

test("[RV2] a dependent that is lost is told again by the alarm until it confirms; until then no write waits for it", async () => {
  const world = bench();
  world.ask("u", A);
  const seq = world.change("u");
  expect(world.alarms).not.toEqual([]);
  const telling = world.dependents.tellDue(seq);
  await turns();
  world.told[0]?.lose();
  await telling;
  await world.dependents.tellDue(seq);
  expect(world.told.length).toBe(1);
  expect(dueTimers(world.store.sql, Date.now() + 5000)).toContain("dependents");
  const again = world.dependents.tellAgain();
  await turns();
  expect(world.told.length).toBe(2);
  world.told[1]?.answer(true);
  await again;
  expect(world.rows()).toEqual([{ user: "u", object: A, due: null }]);
});

test("[RV2] a commit may withdraw where it changes rows that a scope uses, before or after, and else not", () => {
  const { store } = bench();
  const id = "m" as RowId;
  const row = { id, userId: "u" };
  expect(mayWithdraw(store, [{ table: "members", id, op: "delete", before: row, after: null }])).toBe(true);
  expect(mayWithdraw(store, [{ table: "members", id, op: "create", before: null, after: row }])).toBe(true);
  expect(mayWithdraw(store, [{ table: "tasks", id, op: "delete", before: row, after: null }])).toBe(false);
});
