/** What a part is measured by when it is promised is all that its commit will write ([TP4]): nothing that refuses stands behind a promise. */

import { DatabaseSync } from "node:sqlite";
import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { describe, expect, test } from "vitest";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import type { Sql } from "../../durable-objects/sql/port.ts";
import { openStore } from "../../durable-objects/table/store.ts";
import { TransactionHost } from "../../durable-objects/table/transaction-host.ts";
import { transactionPort } from "../../durable-objects/table/transaction-port.ts";
import type { ObjectName } from "../../src/core/ids.ts";
import { TRANSACTION_LIMITS } from "../../src/core/transaction/limits.ts";
import type { PartWork } from "../../src/core/transaction/part-work.ts";
import { ANONYMOUS, defineApp, fullyPublic, resource } from "../../src/ledge.ts";

const NAME = "t/test/notes" as ObjectName;
const MIGRATION = {
  tag: "0000",
  sql: "CREATE TABLE notes (id text PRIMARY KEY NOT NULL, body text, _version integer NOT NULL DEFAULT 0)",
};
const notes = sqliteTable("notes", { id: text("id").primaryKey(), body: text("body") });
const plain = resource(notes, { ...fullyPublic(), id: "text" });
const hooked = resource(notes, {
  ...fullyPublic(),
  id: "text",
  hooks: { onAfterDelete: { durable: true, run: () => {} } },
});
const ROWS = ["a", "b", "c", "d"];

const WORK: PartWork = {
  header: { table: "notes", partition: null, requestId: "r", traceparent: "t", principal: ANONYMOUS },
  facts: { txid: "x", nowMs: 1_000, seed: "0".repeat(32), isolation: "serializable" },
  steps: ROWS.map((id, index) => ({
    ...{ index, as: id, table: "notes", resource: "notes", op: "delete", when: null, require: null },
    ...{ expect: null, drawn: null, scopes: { read: "*", delete: "*" } },
    action: {
      kind: "ready",
      work: { kind: "write", write: { intent: { op: "delete", id, hard: false }, invalid: [] }, conditions: {} },
    },
  })),
  seen: null,
  whole: null,
};

/** Storage with four rows; the last has so many characters. Removing them takes as many bytes in the ledger. */
function storageWith(chars: number): Sql {
  const sql = nodeSql(new DatabaseSync(":memory:"));
  openObject(sql, plain);
  for (const id of ROWS)
    sql.run("INSERT INTO notes (id, body) VALUES (?, ?)", [id, "x".repeat(id === "d" ? chars : 300_000)]);
  return sql;
}

/** An object that may be opened again, with another version of the application. */
function openObject(sql: Sql, table: typeof plain | typeof hooked) {
  const store = openStore({
    app: defineApp({ name: "test", resources: [table] }).definition,
    migrations: { notes: [MIGRATION] },
    name: NAME,
    sql,
    alarm: { setAlarm: () => {} },
    clock: () => 1_000,
    random: (bytes) => new Uint8Array(bytes),
  });
  const port = transactionPort(store, () => 0);
  const host = new TransactionHost(store, {
    port,
    setAlarm: () => {},
    onSettled: () => {},
    send: () => new Promise(() => {}),
  });
  const prepare = () =>
    host.take({
      ...{ kind: "prepare", v: 1, txid: "x", decider: "t/test/a" as ObjectName, deadlineMs: 11_000 },
      ...{ priority: { sinceMs: 1_000, id: "x" }, work: WORK, holdsElsewhere: false, supersedes: [] },
    } as Parameters<TransactionHost["take"]>[0]);
  const commit = () => host.take({ kind: "commit", v: 1, txid: "x", parts: [NAME] });
  return { store, host, prepare, commit };
}

/** How long the last row may be for the part to have just so many bytes. */
async function charsFor(table: typeof plain | typeof hooked, bytes: number): Promise<number> {
  const chars = 300_000;
  const vote = await openObject(storageWith(chars), table).prepare();
  return chars - (vote as { readonly fault: { readonly actual: number } }).fault.actual + bytes;
}

const count = (sql: Sql) => sql.all("SELECT count(*) AS n FROM notes", [])[0]?.n;

describe("a part of almost a megabyte", () => {
  test.each([-30, -1, 0])(
    "[TP4] with durable after-hooks, at the limit %i: promised, and applied",
    async (distance) => {
      const sql = storageWith(await charsFor(hooked, TRANSACTION_LIMITS.bytes + distance));
      const object = openObject(sql, hooked);
      expect(await object.prepare()).toMatchObject({ kind: "yes" });
      await object.commit();
      expect(count(sql)).toBe(0);
      expect(object.host.held()).toEqual([]);
      const [entry] = sql.all("SELECT changes, effects FROM _log", []);
      expect(String(entry?.changes).length + String(entry?.effects).length).toBe(TRANSACTION_LIMITS.bytes + distance);
    },
  );

  test("[TP4] a byte more, which its hooks make: refused before anything is promised", async () => {
    const object = openObject(storageWith(await charsFor(hooked, TRANSACTION_LIMITS.bytes + 1)), hooked);
    expect(await object.prepare()).toMatchObject({
      kind: "fault",
      fault: { slug: "transaction-limit-exceeded", limit: "bytes", actual: TRANSACTION_LIMITS.bytes + 1 },
    });
    expect(object.host.held()).toEqual([]);
  });

  test("[TP4] [TX46] a deployment between promise and commit makes the entry larger: it is written all the same", async () => {
    const sql = storageWith(await charsFor(plain, TRANSACTION_LIMITS.bytes));
    expect(await openObject(sql, plain).prepare()).toMatchObject({ kind: "yes" });
    const deployed = openObject(sql, hooked);
    expect(deployed.host.held()).toHaveLength(1);
    await deployed.commit();
    expect(count(sql)).toBe(0);
    expect(deployed.host.held()).toEqual([]);
  });
});
