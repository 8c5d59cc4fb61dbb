/** The register of objects and moved tables ([PF2]): registered once; rows left behind are never made to look absent. */

import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { TableObjectRpc } from "../../durable-objects/table/table-object-rpc.ts";
import { inspect, loggedWhile, send } from "../support/scenario.ts";

const REGISTRY = "t/test/_registry";
const placementOf = async (table: string) =>
  (await inspect(REGISTRY, `SELECT placement FROM _placements WHERE name = '${table}'`)).map(
    ({ placement }) => JSON.parse(String(placement)) as object,
  );
const entryOf = async (object: string) =>
  (await inspect(REGISTRY, `SELECT entry FROM _objects WHERE name = '${object}'`)).map(
    ({ entry }) => JSON.parse(String(entry)) as Record<string, unknown>,
  );

/** An object that held a table under an earlier placement, with this many rows. */
async function earlierHome(table: string, rows: number): Promise<string> {
  const object = `t/test/old_${table}`;
  await runInDurableObject(env.LEDGE_TABLES.getByName(object), (_, state) => {
    state.storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS ${table} (id TEXT PRIMARY KEY, name TEXT, _version INTEGER NOT NULL DEFAULT 0)`,
    );
    for (let count = 0; count < rows; count++)
      state.storage.sql.exec(`INSERT INTO ${table} (id, name) VALUES ('${count}', 'left behind')`);
  });
  const placement = { table, group: `old_${table}`, partitionBy: null };
  const registry = env.LEDGE_TABLES.getByName(REGISTRY) as unknown as Pick<TableObjectRpc, "register">;
  await registry.register({
    object,
    epoch: "aaaaaaaaaaaaaaaa",
    placements: [placement],
    migration: null,
    failed: null,
    registeredAt: 1,
  } as never);
  return object;
}

describe("the register", () => {
  it("[PF2] an object registers before its first call, with its tables, its epoch and its migration", async () => {
    const reply = await send({ to: "GET /api/kinds" });
    const [entry] = await entryOf("t/test/kinds");
    expect(entry).toMatchObject({
      object: "t/test/kinds",
      epoch: reply.headers.get("ledge-seq")?.split(":")[0],
      placements: [{ table: "kinds", group: "kinds", partitionBy: null }],
      migration: "0000_create_kinds",
      failed: null,
    });
  });

  it("[PF2] it registers once: neither another call nor another wake tells the register again", async () => {
    await send({ to: "GET /api/slugs" });
    const [first] = await entryOf("t/test/slugs");
    await runInDurableObject(
      env.LEDGE_TABLES.getByName(REGISTRY),
      (_, state) => void state.storage.sql.exec("DELETE FROM _objects WHERE name = 't/test/slugs'"),
    );
    await send({ to: "GET /api/slugs" });
    await evictDurableObject(env.LEDGE_TABLES.getByName("t/test/slugs"));
    await send({ to: "GET /api/slugs" });
    expect(first).toBeDefined();
    expect(await entryOf("t/test/slugs")).toEqual([]);
  });

  it("[PF2] each partition registers, and so do all tables of a group", async () => {
    await Promise.all([
      send({ to: "GET /api/@r1/items_split" }),
      send({ to: "GET /api/@r2/items_split" }),
      send({ to: "GET /api/children" }),
    ]);
    for (const partition of ["r1", "r2"])
      expect((await entryOf(`t/test/items_split/${partition}`))[0]?.placements).toEqual([
        { table: "items_split", group: "items_split", partitionBy: "place" },
      ]);
    const [family] = await entryOf("t/test/family");
    expect(((family?.placements ?? []) as { table: string }[]).map(({ table }) => table).sort()).toEqual([
      "bonds",
      "children",
      "evictions",
      "guests",
      "items_grouped",
      "parents",
    ]);
  });

  it("[PF2] ten first calls at once register one object", async () => {
    const replies = await Promise.all(Array.from({ length: 10 }, () => send({ to: "GET /api/@herd/items_split" })));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await entryOf("t/test/items_split/herd")).toHaveLength(1);
  });
});

describe("a table whose placement changed", () => {
  it("[PF2] [HT70] while its former object holds rows it is 503, and the log names table, file and mend", async () => {
    const old = await earlierHome("nomads", 2);
    const lines = await loggedWhile(async () => {
      for (const to of ["GET /api/nomads", "POST /api/nomads"]) {
        const reply = await send({ to, ...(to.startsWith("POST") ? { body: { name: "new" } } : {}) });
        expect(reply.status, reply.text).toBe(503);
        expect(reply.body).toMatchObject({ code: "UNAVAILABLE", retryAfter: 60 });
        expect(reply.headers.get("retry-after")).toBe("60");
        expect(reply.text).not.toMatch(/left behind|old_nomads|t\/test/);
      }
    });
    const told = lines.filter(({ message }) => String(message).startsWith('Table "nomads"'));
    expect(told.length).toBeGreaterThan(0);
    expect(String(told[0]?.message)).toMatch(
      /test-tables\.ts.*group "nomads".*group "old_nomads".*Set group and partitionBy back, or export/s,
    );
    expect(await placementOf("nomads")).toEqual([{ table: "nomads", group: "old_nomads", partitionBy: null }]);
    expect(await inspect("t/test/nomads", "SELECT 1 FROM nomads")).toEqual([]);

    await runInDurableObject(
      env.LEDGE_TABLES.getByName(old),
      (_, state) => void state.storage.sql.exec("DELETE FROM nomads"),
    );
    // Believed for some seconds, or until the object sleeps: asking wakes all objects of the old placement.
    await evictDurableObject(env.LEDGE_TABLES.getByName("t/test/nomads"));
    expect((await send({ to: "GET /api/nomads" })).status).toBe(200);
    expect(await placementOf("nomads")).toEqual([{ table: "nomads", group: "nomads", partitionBy: null }]);
  });

  it("[PF2] it stays refused after the object was evicted", async () => {
    const old = await earlierHome("nomads", 1);
    await runInDurableObject(
      env.LEDGE_TABLES.getByName("t/test/nomads"),
      (_, state) => void state.storage.sql.exec("DELETE FROM _meta WHERE name = 'registered'"),
    );
    await evictDurableObject(env.LEDGE_TABLES.getByName("t/test/nomads"));
    await loggedWhile(async () => {
      expect((await send({ to: "GET /api/nomads" })).status).toBe(503);
      await evictDurableObject(env.LEDGE_TABLES.getByName("t/test/nomads"));
      expect((await send({ to: "GET /api/nomads" })).status).toBe(503);
    });
    await runInDurableObject(
      env.LEDGE_TABLES.getByName(old),
      (_, state) => void state.storage.sql.exec("DELETE FROM nomads"),
    );
  });

  it("[PF2] without rows left behind it is served, and the register has the new place", async () => {
    await earlierHome("settlers", 0);
    expect((await send({ to: "POST /api/settlers", body: { name: "here" } })).status).toBe(201);
    expect(await placementOf("settlers")).toEqual([{ table: "settlers", group: "settlers", partitionBy: null }]);
  });

  it("[PF2] other tables are served meanwhile", async () => {
    expect((await send({ to: "GET /api/kinds" })).status).toBe(200);
  });
});
