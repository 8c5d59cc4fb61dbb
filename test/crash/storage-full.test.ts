/**
 * A database that may not grow: every write that does not fit is 503 and leaves nothing, alone or in a group; reads and what needs no
 * room go on; with room again, so do writes, and seq has no gap. SQLite's own limit (`max_page_count`) makes the error, as a full disk does.
 */

import { DatabaseSync } from "node:sqlite";
import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import { defineApp, fullyPublic, resource } from "../../src/ledge.ts";
import { type NodeObject, nodeObject } from "./node-object.ts";
import { seeded } from "./random.ts";

const notes = resource(sqliteTable("notes", { id: text("id").primaryKey(), body: text("body").notNull() }), {
  ...fullyPublic(),
  id: "text",
  search: { fields: ["body"] },
  hooks: {
    onWrite(tx, { after }) {
      if (after !== null) tx.effect("tell", { about: after.id });
    },
  },
});
const told: string[] = [];
const app = defineApp({
  name: "full",
  resources: [notes],
  effects: { tell: (payload) => void told.push((payload as { about: string }).about) },
});
const MIGRATION = {
  tag: "0000",
  sql: "CREATE TABLE notes (id text PRIMARY KEY NOT NULL, body text NOT NULL, _version integer NOT NULL DEFAULT 0)",
};

function openFull() {
  const database = new DatabaseSync(":memory:");
  const object = nodeObject(app.definition, { notes: [MIGRATION] }, "t/full/notes", database);
  const all = (statement: string) => database.prepare(statement).all() as Record<string, unknown>[];
  const pages = () => Number(all("PRAGMA page_count")[0]?.page_count);
  const limit = (count: number) => void all(`PRAGMA max_page_count = ${count}`);
  return { object, database, all, pages, limit };
}

async function send({ env }: NodeObject, method: string, path: string, body?: unknown, key?: string) {
  const request = new Request(`http://127.0.0.1/api/notes${path}`, {
    method,
    headers: {
      authorization: "Bearer dev:a",
      "content-type": "application/json",
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const reply = await app.fetch(request, env, {
    waitUntil: () => {},
    passThroughOnException: () => {},
  } as unknown as ExecutionContext);
  return { status: reply.status, retryAfter: reply.headers.get("retry-after"), text: await reply.text() };
}

type Full = ReturnType<typeof openFull>;

/** Rows, ledger, replies, index and memory say the same. */
function checkWhole({ object, all, database }: Full, acknowledged: readonly string[]): void {
  const rows = all("SELECT id, _version FROM notes ORDER BY _version");
  expect(rows.map(({ id }) => id)).toEqual([...acknowledged]);
  const log = all("SELECT seq, changes FROM _log ORDER BY seq");
  expect(log.map(({ seq }) => Number(seq))).toEqual(log.map((_, index) => index + 1));
  expect(rows.map(({ _version }) => Number(_version))).toEqual(log.map(({ seq }) => Number(seq)));
  expect(all("SELECT key FROM _replies")).toHaveLength(log.length);
  expect(object.store.head.seq).toBe(log.length);
  database.exec("INSERT INTO _fts_notes(_fts_notes, rank) VALUES ('integrity-check', 1)");
  expect(all("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
}

test("[HT23] writes that do not fit are 503 with Retry-After and leave nothing; with room again they go on without a gap", async () => {
  const full = openFull();
  const { object, pages, limit } = full;
  const random = seeded(1);
  const acknowledged: string[] = [];
  let refused = 0;
  for (let round = 0; round < 25; round++) {
    limit(pages() + random.between(0, 12));
    for (let turn = 0; turn < 12; turn++) {
      const id = `${round}.${turn}`;
      const body = `${id} ${"text ".repeat(random.between(1, 3000))}`;
      const reply = await send(object, "POST", "", { id, body }, id);
      if (reply.status === 201) acknowledged.push(id);
      else {
        refused += 1;
        expect([reply.status, reply.retryAfter, reply.text.includes("unavailable")]).toEqual([503, "60", true]);
      }
    }
    checkWhole(full, acknowledged);
    expect((await send(object, "GET", "?limit=1")).status).toBe(200);
  }
  expect(Math.min(refused, acknowledged.length)).toBeGreaterThan(20);
  limit(1_000_000);
  expect((await send(object, "POST", "", { id: "last", body: "fits" }, "last")).status).toBe(201);
  checkWhole(full, [...acknowledged, "last"]);
  for (let turn = 0; turn < 20; turn++) await object.alarm();
  expect(told.sort()).toEqual([...acknowledged, "last"].sort());
});

test("[CL1] of a group that does not fit nothing is there, and its callers know; what was there before stays, seq goes on", async () => {
  const random = seeded(2);
  let mixed = 0;
  for (let round = 0; round < 25; round++) {
    const full = openFull();
    const { object, pages, limit } = full;
    limit(pages() + random.between(2, 25));
    const ids = Array.from({ length: 20 }, (_, index) => `n${index}`);
    const replies = await Promise.all(
      ids.map((id) => send(object, "POST", "", { id, body: `${id} ${"text ".repeat(random.between(1, 3000))}` }, id)),
    );
    const acknowledged = ids.filter((_, index) => replies[index]?.status === 201);
    for (const reply of replies)
      if (reply.status !== 201) expect([reply.status, reply.retryAfter]).toEqual([503, "60"]);
    if (acknowledged.length > 0 && acknowledged.length < ids.length) mixed += 1;
    const order = full.all("SELECT id FROM notes ORDER BY _version").map(({ id }) => String(id));
    expect([...order].sort()).toEqual([...acknowledged].sort());
    checkWhole(full, order);
    limit(1_000_000);
    expect((await send(object, "POST", "", { id: "last", body: "fits" }, "last")).status).toBe(201);
    checkWhole(full, [...order, "last"]);
  }
  expect(mixed, "rounds of which some fitted").toBeGreaterThan(3);
});

test("[MG2] a migration that does not fit leaves the old schema, readable, and succeeds once there is room", async () => {
  const { object, database, pages, limit } = openFull();
  for (let n = 0; n < 40; n++) await send(object, "POST", "", { id: `n${n}`, body: "text ".repeat(800) }, `n${n}`);
  const steps = [
    "CREATE TABLE __new_notes (id text PRIMARY KEY NOT NULL, body text NOT NULL, _version integer NOT NULL DEFAULT 0, CHECK (length(body) > 0))",
    "INSERT INTO __new_notes SELECT id, body, _version FROM notes",
    "DROP TABLE notes",
    "ALTER TABLE __new_notes RENAME TO notes",
  ];
  const rebuild = { tag: "0001", sql: steps.join(";\n--> statement-breakpoint\n") };
  const open = () => nodeObject(app.definition, { notes: [MIGRATION, rebuild] }, "t/full/notes", database);
  limit(pages() + 2);
  const tight = open();
  expect(tight.store.health.kind).toBe("failed");
  expect((await send(tight, "GET", "/n1")).status).toBe(200);
  expect((await send(tight, "POST", "", { id: "late", body: "x" })).status).toBe(503);
  limit(1_000_000);
  const wide = open();
  expect(wide.store.health.kind).toBe("ready");
  expect(JSON.parse((await send(wide, "GET", "/count")).text)).toMatchObject({ count: 40 });
  expect((await send(wide, "POST", "", { id: "late", body: "x" })).status).toBe(201);
});
