/** A migration that meets what a transaction has promised under the old schema ([TP14]), over node:sqlite. */

import { DatabaseSync } from "node:sqlite";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import { handleCall } from "../../durable-objects/table/handle-call.ts";
import { openStore } from "../../durable-objects/table/store.ts";
import { TransactionHost } from "../../durable-objects/table/transaction-host.ts";
import { transactionPort } from "../../durable-objects/table/transaction-port.ts";
import type { ObjectName } from "../../src/core/ids.ts";
import type { ObjectCall } from "../../src/core/protocol/object-call.ts";
import type { PartWork } from "../../src/core/transaction/part-work.ts";
import { ANONYMOUS, defineApp, fullyPublic, resource } from "../../src/ledge.ts";

const NAME = "t/test/notes" as ObjectName;
const first = {
  tag: "0000",
  sql: "CREATE TABLE notes (id text PRIMARY KEY NOT NULL, body text, _version integer NOT NULL DEFAULT 0)",
};
const second = { tag: "0001", sql: "ALTER TABLE notes ADD COLUMN rank integer NOT NULL DEFAULT 7" };

const columns = { id: text("id").primaryKey(), body: text("body") };
const before = resource(sqliteTable("notes", columns), { ...fullyPublic(), id: "text" });
const after = resource(sqliteTable("notes", { ...columns, rank: integer("rank").notNull().default(7) }), {
  ...fullyPublic(),
  id: "text",
});

test("[TP14] it waits until the promise has its outcome; reads go on, writes are told to come back", async () => {
  const sql = nodeSql(new DatabaseSync(":memory:"));
  const open = (table: typeof before | typeof after, migrations: (typeof first)[]) => {
    const store = openStore({
      app: defineApp({ name: "test", resources: [table] }).definition,
      migrations: { notes: migrations },
      name: NAME,
      sql,
      alarm: { setAlarm: () => {} },
      clock: () => 1_000,
      random: (bytes) => new Uint8Array(bytes),
    });
    let settled = 0;
    const host = new TransactionHost(store, {
      port: transactionPort(store, () => 0),
      setAlarm: () => {},
      onSettled: () => {
        settled += 1;
      },
      send: () => new Promise(() => {}),
    });
    return { store, host, settled: () => settled };
  };
  const old = open(before, [first]);
  const header = { table: "notes", partition: null, requestId: "r", traceparent: "t", principal: ANONYMOUS };
  const work: PartWork = {
    header,
    facts: { txid: "x", nowMs: 1_000, seed: "0".repeat(32), isolation: "serializable" },
    steps: [
      {
        ...{ index: 0, as: "n", table: "notes", resource: "notes", op: "create", when: null, require: null },
        ...{ expect: null, drawn: null, scopes: { read: "*", create: "*" } },
        action: {
          kind: "ready",
          work: {
            kind: "write",
            write: { intent: { op: "create", id: "a", input: { body: "promised" } }, invalid: [] },
            conditions: {},
          },
        },
      },
    ],
    seen: null,
    whole: null,
  };
  const decider = "t/test/other" as ObjectName;
  const message = { kind: "prepare", v: 1, txid: "x", decider, holdsElsewhere: false, supersedes: [] } as const;
  const priority = { sinceMs: 1_000, id: "x" };
  expect(await old.host.take({ ...message, deadlineMs: 11_000, priority, work })).toMatchObject({ kind: "yes" });

  const met = open(after, [first, second]);
  expect(met.store.health).toEqual({ kind: "waiting" });
  const call = (op: object) => handleCall(met.store, { ...header, v: 1, object: NAME, ...op } as unknown as ObjectCall);
  const list = {
    ...{ op: "list", scope: "*", filter: "", orderBy: [{ field: "id", direction: "asc" }], limit: 9, offset: 0 },
    ...{ after: null, totalCount: false, isExplained: false, withDeleted: null, select: null, etags: false },
    conditions: {},
  };
  expect(call(list)).toMatchObject({ status: 200 });
  expect(() => call({ op: "write" })).toThrow("unavailable");
  expect(await met.host.take({ ...message, txid: "y", deadlineMs: 11_000, priority, work })).toEqual({
    kind: "no",
    reason: "unavailable",
  });
  expect(met.settled()).toBe(0);
  await met.host.take({ kind: "commit", v: 1, txid: "x", parts: [NAME] });
  expect(met.settled()).toBe(1);

  const now = open(after, [first, second]);
  expect(now.store.health).toEqual({ kind: "ready" });
  expect(sql.all("SELECT id, body, rank FROM notes", []).map((row) => ({ ...row }))).toEqual([
    { id: "a", body: "promised", rank: 7 },
  ]);
});
