/** A migration that fails ([MG2]): the object stays readable on its old schema and says so; writes are 503; other tables go on. */

import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { inspect, loggedWhile, send } from "../support/scenario.ts";

const WRECKS = "t/test/wrecks";
const ID = "0198c0de-7777-7abc-8def-000000000001";
const run = (...statements: string[]) =>
  runInDurableObject(env.LEDGE_TABLES.getByName(WRECKS), (_, state) => {
    for (const statement of statements) state.storage.sql.exec(statement);
  });

describe("a migration that fails", () => {
  // The first migration creates the table; that it is there already, by another hand, makes it fail.
  beforeAll(() =>
    run(
      "CREATE TABLE wrecks (id TEXT PRIMARY KEY, name TEXT, _version INTEGER NOT NULL DEFAULT 0)",
      `INSERT INTO wrecks VALUES ('${ID}', 'still here', 3)`,
    ),
  );

  it("[MG2] reads go on, and the log names object, migration and cause", async () => {
    const lines = await loggedWhile(async () => {
      const reply = await send({ to: `GET /api/wrecks/${ID}` });
      expect(reply.status, reply.text).toBe(200);
      expect(reply.body).toEqual({ id: ID, name: "still here" });
    });
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: "error",
        message: "migration failed; the object is read-only",
        object: WRECKS,
        migration: "0000_create_wrecks",
      }),
    );
    expect((await send({ to: "GET /api/wrecks?totalCount=true" })).body).toMatchObject({ totalCount: 1 });
    expect((await send({ to: "GET /api/wrecks/count" })).body).toMatchObject({ count: 1 });
  });

  it("[MG2] every write is 503 with Retry-After, and writes nothing", async () => {
    const writes = [
      { to: "POST /api/wrecks", body: { name: "n" } },
      { to: `PATCH /api/wrecks/${ID}`, body: { name: "n" } },
      { to: `PUT /api/wrecks/${ID}`, body: { name: "n" } },
      { to: `DELETE /api/wrecks/${ID}` },
    ];
    for (const step of writes) {
      const reply = await send(step);
      expect(reply.status, step.to).toBe(503);
      expect(reply.body).toMatchObject({ code: "UNAVAILABLE" });
      expect(reply.headers.get("retry-after")).toMatch(/^\d+$/);
      expect(reply.text).not.toMatch(/CREATE TABLE|SQLITE|already exists|0000_/);
    }
    expect(await inspect(WRECKS, "SELECT id, name FROM wrecks")).toEqual([{ id: ID, name: "still here" }]);
    expect(await inspect(WRECKS, "SELECT 1 FROM _log")).toEqual([]);
  });

  it("[MG2] another wake tries again and fails again: no crash, no loop", async () => {
    await loggedWhile(async () => {
      await evictDurableObject(env.LEDGE_TABLES.getByName(WRECKS));
      expect((await send({ to: `GET /api/wrecks/${ID}` })).status).toBe(200);
    });
  });

  it("[MG2] the register knows which migration failed", async () => {
    const [row] = await inspect("t/test/_registry", `SELECT entry FROM _objects WHERE name = '${WRECKS}'`);
    expect(JSON.parse(String(row?.entry))).toMatchObject({ failed: "0000_create_wrecks", migration: null });
  });

  it("[OB1] [MG2] /readyz says that an object is read-only, and which, while developing", async () => {
    await send({ to: "GET /api/wrecks" });
    const lines = await loggedWhile(async () => {
      const reply = await send({ to: "GET /readyz" });
      expect(reply.status).toBe(503);
      expect(reply.body).toMatchObject({
        status: "unready",
        checks: { tables: { status: "failed", reason: expect.stringContaining(WRECKS) } },
      });
    });
    expect(lines).toContainEqual(expect.objectContaining({ level: "error", message: "not ready", check: "tables" }));
  });

  it("[MG2] other tables are served meanwhile", async () => {
    expect((await send({ to: "POST /api/kinds", body: { title: "fine" } })).status).toBe(201);
  });

  it("[MG2] once the cause is gone the next wake migrates, and writes are taken", async () => {
    await run("DROP TABLE wrecks");
    await evictDurableObject(env.LEDGE_TABLES.getByName(WRECKS));
    expect((await send({ to: "POST /api/wrecks", body: { name: "mended" } })).status).toBe(201);
    expect(await inspect(WRECKS, "SELECT tag FROM _migrations")).toEqual([{ tag: "0000_create_wrecks" }]);
    const [row] = await inspect("t/test/_registry", `SELECT entry FROM _objects WHERE name = '${WRECKS}'`);
    expect(JSON.parse(String(row?.entry))).toMatchObject({ failed: null, migration: "0000_create_wrecks" });
  });
});

describe("a migration that succeeds", () => {
  it("[MG2] it is applied once, however often the object wakes", async () => {
    await send({ to: "GET /api/counters" });
    const applied = await inspect("t/test/counters", "SELECT tag, at FROM _migrations");
    expect(applied).toHaveLength(1);
    await evictDurableObject(env.LEDGE_TABLES.getByName("t/test/counters"));
    await send({ to: "GET /api/counters" });
    expect(await inspect("t/test/counters", "SELECT tag, at FROM _migrations")).toEqual(applied);
  });

  it("[MG1] the product's own tables are the same in every object", async () => {
    const own = (object: string) =>
      inspect(
        object,
        "SELECT name, sql FROM sqlite_master WHERE name GLOB '_[a-z]*' AND name NOT GLOB '_cf*' ORDER BY name",
      );
    await Promise.all(["kinds", "children"].map((table) => send({ to: `GET /api/${table}` })));
    const kinds = await own("t/test/kinds");
    expect(kinds.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["_log", "_meta", "_migrations", "_replies", "_retries", "_timers"]),
    );
    expect(await own("t/test/family")).toEqual(kinds);
  });
});
