/** The register of objects over node:sqlite. */

import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import { failingObjects, registerObject } from "../../durable-objects/table/registry.ts";
import type { Store } from "../../durable-objects/table/store.ts";
import type { ObjectName } from "../../src/core/ids.ts";

async function registerOf(count: number, failed: (index: number) => string | null) {
  const database = new DatabaseSync(":memory:");
  const store = { sql: nodeSql(database), failPoint: undefined } as Partial<Store> as Store;
  const note = (index: number, tag: string | null) =>
    registerObject(
      store,
      {
        object: `t/test/rooms/${String(index).padStart(4, "0")}` as ObjectName,
        epoch: "e",
        placements: [],
        migration: null,
        failed: tag,
        registeredAt: 0,
      },
      async () => false,
    );
  for (let index = 0; index < count; index++) await note(index, failed(index));
  return { store, database, note };
}

test("[OB1] the register names objects whose migration failed, the first twenty, until they have had it", async () => {
  const { store, note } = await registerOf(200, (index) => (index % 5 === 0 ? "0001_x" : null));
  const failing = failingObjects(store);
  expect(failing.length).toBe(20);
  expect(failing.slice(0, 3)).toEqual(["t/test/rooms/0000", "t/test/rooms/0005", "t/test/rooms/0010"]);
  await note(0, null);
  expect(failingObjects(store)[0]).toBe("t/test/rooms/0005");
});

test("[OB1] asking for them does not read the objects that are well: /readyz is open to everyone", async () => {
  const { database, store } = await registerOf(3, () => null);
  expect(failingObjects(store)).toEqual([]);
  const plan = database
    .prepare(
      "EXPLAIN QUERY PLAN SELECT name FROM _objects WHERE json_extract(entry, '$.failed') IS NOT NULL ORDER BY name LIMIT 20",
    )
    .all() as { detail: string }[];
  expect(plan.map(({ detail }) => detail).join()).toMatch(/_objects_failed/);
});

test("[PF2] of two new placements at once, the one that ends last sees the rows that the other has meanwhile", async () => {
  const store = { sql: nodeSql(new DatabaseSync(":memory:")), failPoint: undefined } as Partial<Store> as Store;
  const registration = (group: string) => ({
    object: `t/test/${group}` as ObjectName,
    epoch: "e",
    placements: [{ table: "notes", group, partitionBy: null }],
    migration: null,
    failed: null,
    registeredAt: 0,
  });
  await registerObject(store, registration("old"), async () => false);
  const rows = new Set<ObjectName>();
  const holdsRows = async (object: ObjectName) => rows.has(object);
  const slow = registerObject(store, registration("slow"), async (object) => {
    // While the old object is asked for the first, the second registers and takes a row.
    if (rows.size === 0) {
      expect((await registerObject(store, registration("fast"), holdsRows)).stranded).toEqual([]);
      rows.add("t/test/fast" as ObjectName);
      return false;
    }
    return rows.has(object);
  });
  expect((await slow).stranded).toEqual([
    { table: "notes", was: { table: "notes", group: "fast", partitionBy: null } },
  ]);
});
