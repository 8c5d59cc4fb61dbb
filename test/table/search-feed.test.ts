/** The feed of a search engine over node:sqlite: whatever fails, and whenever, the engine ends up with the rows as they stand. */

import { DatabaseSync } from "node:sqlite";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import { readFeeds } from "../../durable-objects/table/feed-state.ts";
import { handleCall } from "../../durable-objects/table/handle-call.ts";
import { setLogThreshold } from "../../durable-objects/table/log-line.ts";
import { hasIndex } from "../../durable-objects/table/open-search.ts";
import { runAlarm } from "../../durable-objects/table/run-alarm.ts";
import { openStore, type Store } from "../../durable-objects/table/store.ts";
import type { ObjectName } from "../../src/core/ids.ts";
import type { WriteIntent } from "../../src/core/protocol/object-call.ts";
import type { SearchAdapter } from "../../src/define/search-adapter.ts";
import { ANONYMOUS, defineApp, fullyPublic, memorySearchAdapter, resource } from "../../src/ledge.ts";
import { runs } from "../core/query/sample-table.ts";

const NAME = "t/test/notes" as ObjectName;
const SQL =
  "CREATE TABLE notes (id text PRIMARY KEY NOT NULL, title text, owner text, secret text, n integer, _version integer NOT NULL)";
const FIELDS = { title: null, owner: null, secret: null, n: null };

beforeAll(() => setLogThreshold("silent"));

interface World {
  now: number;
  store: Store;
  /** Opens the object again, as after a crash; with another adapter, or none, as after a deployment. */
  open(adapter: SearchAdapter | null): void;
  write(intent: WriteIntent): void;
  alarm(): Promise<void>;
}

function openWorld(adapter: SearchAdapter | null, changelog: { maxCommits?: number } = {}): World {
  const database = new DatabaseSync(":memory:");
  const world: World = {
    now: 1_000_000,
    store: undefined as never,
    open(current) {
      const notes = resource(
        sqliteTable("notes", {
          id: text("id").primaryKey(),
          title: text("title"),
          owner: text("owner"),
          secret: text("secret"),
          n: integer("n"),
        }),
        { ...fullyPublic(), id: "text", changelog, search: { fields: ["title"], attributes: ["owner"] } },
      );
      world.store = openStore({
        app: defineApp({ name: "test", resources: [notes] }).setSearchAdapter(current).definition,
        migrations: { notes: [{ tag: "0000", sql: SQL }] },
        name: NAME,
        sql: nodeSql(database),
        alarm: { setAlarm: () => {} },
        clock: () => world.now,
        random: (bytes) => new Uint8Array(bytes),
      });
    },
    write(intent) {
      const scopes = { read: "*", create: "*", update: "*", delete: "*" };
      const header = { v: 1 as const, object: NAME, table: "notes", partition: null, requestId: "r", traceparent: "t" };
      handleCall(world.store, {
        ...header,
        principal: ANONYMOUS,
        op: "write",
        intent,
        invalid: [],
        scopes,
        conditions: {},
        idempotency: null,
        attempt: null,
        expectVersion: null,
        isMinimal: false,
        wantsChange: false,
      });
    },
    alarm: () => runAlarm(world.store, {}, { dependents: async () => null, access: async () => null }),
  };
  world.open(adapter);
  return world;
}

const create = (id: string, more: object = {}): WriteIntent => ({ op: "create", id, input: { ...FIELDS, ...more } });
const update = (id: string, input: object): WriteIntent => ({ op: "update", id, input: { ...input } });
const remove = (id: string): WriteIntent => ({ op: "delete", id, hard: false });

/** What the engine holds of rows that are not removed, by id. */
function held(engine: ReturnType<typeof memorySearchAdapter>) {
  const documents = [...engine.documents.values()].flatMap((each) => (each.kind === "put" ? [each] : []));
  return Object.fromEntries(documents.map(({ id, fields }) => [id, fields.title]));
}

test("[S4] the engine is fed the fields and attributes of what was written, under the seq that wrote it, and nothing else", async () => {
  const engine = memorySearchAdapter();
  const world = openWorld(engine);
  await world.alarm();
  world.write(create("a", { title: "red", owner: "alice", secret: "hush", n: 1 }));
  world.write(create("b", { title: "blue" }));
  world.write(update("a", { title: "green" }));
  world.write(remove("b"));
  expect(engine.documents.size).toBe(0);
  await world.alarm();
  const place = { table: "notes", partition: null };
  expect([...engine.documents.values()]).toEqual([
    { kind: "put", ...place, id: "a", version: 3, fields: { title: "green" }, attributes: { owner: "alice" } },
    { kind: "remove", ...place, id: "b", version: 4 },
  ]);
});

test("[S4] a write that the engine would not notice wakes nobody, and is not sent", async () => {
  const engine = memorySearchAdapter();
  const sent: unknown[] = [];
  const world = openWorld({
    ...engine,
    async apply(changes, context) {
      sent.push(...changes.map(({ id }) => id));
      return engine.apply(changes, context);
    },
  });
  world.write(create("a"));
  world.write(create("b"));
  await world.alarm();
  world.write(update("b", { n: 2 }));
  expect(world.store.sql.all("SELECT * FROM _timers")).toEqual([]);
  world.write(update("a", { owner: "bob" }));
  expect(world.store.sql.all("SELECT name FROM _timers")).toEqual([{ name: "search-feed" }]);
  sent.length = 0;
  await world.alarm();
  expect(sent).toEqual(["a"]);
});

test("[S4] an engine that fails is asked again under the same key, ever later, up to five minutes, and never given up", async () => {
  const calls: [number, string, number][] = [];
  let isDown = true;
  const engine = memorySearchAdapter();
  const world = openWorld({
    ...engine,
    async apply(changes, context) {
      calls.push([world.now, context.key, context.attempt]);
      if (isDown) throw new Error("down");
      return engine.apply(changes, context);
    },
  });
  await world.alarm();
  world.write(create("a", { title: "red" }));
  for (let turn = 0; turn < 14; turn++) {
    await world.alarm();
    world.now = Number(world.store.sql.all("SELECT at FROM _timers WHERE name = 'search-feed'")[0]?.at);
  }
  const waits = calls.slice(1).map(([at], index) => (at - (calls[index]?.[0] ?? 0)) / 1000);
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]);
  expect(new Set(calls.map(([, key]) => key))).toEqual(new Set(["notes:1"]));
  expect(calls.map(([, , attempt]) => attempt)).toEqual(calls.map((_, index) => index + 1));
  // A write meanwhile does not bring the next attempt forward.
  const { now } = world;
  world.now -= 1000;
  world.write(update("a", { title: "blue" }));
  expect(world.store.sql.all("SELECT at FROM _timers")).toEqual([{ at: now }]);
  await world.alarm();
  expect(calls.length).toBe(14);
  world.now = now;
  isDown = false;
  await world.alarm();
  await world.alarm();
  expect(held(engine)).toEqual({ a: "blue" });
});

test("[S4] what the engine will never take is passed over", async () => {
  const engine = memorySearchAdapter();
  const world = openWorld({
    ...engine,
    async apply(changes, context) {
      await engine.apply(
        changes.filter(({ id }) => id !== "bad"),
        context,
      );
      return changes.flatMap(({ id }) => (id === "bad" ? [{ id, reason: "too strange" }] : []));
    },
  });
  world.write(create("bad", { title: "x" }));
  world.write(create("good", { title: "y" }));
  await world.alarm();
  expect(held(engine)).toEqual({ good: "y" });
  expect(world.store.sql.all("SELECT * FROM _timers")).toEqual([]);
});

test("[S4] a table whose engine is new, or another, is fed all its rows; without one it has its own index again", async () => {
  const world = openWorld(null);
  for (let n = 0; n < 250; n++) world.write(create(`r${n}`, { title: `title ${n}` }));
  expect(hasIndex(world.store.sql, "notes")).toBe(true);
  const first = memorySearchAdapter("one");
  world.open(first);
  expect(hasIndex(world.store.sql, "notes")).toBe(false);
  expect(world.store.sql.all("SELECT name FROM sqlite_master WHERE name LIKE '%fts%'")).toEqual([]);
  await world.alarm();
  expect(Object.keys(held(first)).length).toBe(250);
  const second = memorySearchAdapter("two");
  world.open(second);
  world.write(remove("r7"));
  await world.alarm();
  expect(Object.keys(held(second)).length).toBe(249);
  world.open(null);
  expect(hasIndex(world.store.sql, "notes")).toBe(true);
  expect(readFeeds(world.store.sql).size).toBe(0);
});

test("[S4] [CL4] the ledger keeps what a feed has yet to take, up to ten times its limits; then the feed begins anew", async () => {
  const engine = memorySearchAdapter();
  let isDown = false;
  const seen: number[] = [];
  const flaky: SearchAdapter = {
    ...engine,
    async apply(changes, context) {
      if (isDown) throw new Error("down");
      seen.push(changes.length);
      return engine.apply(changes, context);
    },
  };
  const world = openWorld(flaky, { maxCommits: 20 });
  await world.alarm();
  isDown = true;
  for (let n = 0; n < 100; n++) world.write(create(`r${n}`, { title: "old" }));
  expect(world.store.sql.all("SELECT min(seq) AS seq FROM _log")).toEqual([{ seq: 1 }]);
  for (let n = 0; n < 300; n++) world.write(update("r0", { title: `old ${n}` }));
  expect(Number(world.store.sql.all("SELECT min(seq) AS seq FROM _log")[0]?.seq)).toBeGreaterThan(100);
  isDown = false;
  await world.alarm();
  expect(held(engine)).toEqual(
    Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`r${n}`, n === 0 ? "old 299" : "old"])),
  );
});

test("[S4] commits that do not concern the engine do not keep the ledger from being pruned", async () => {
  const world = openWorld(memorySearchAdapter(), { maxCommits: 20 });
  await world.alarm();
  world.write(create("a"));
  await world.alarm();
  for (let n = 0; n < 1100; n++) world.write(update("a", { n }));
  await world.alarm();
  for (let n = 0; n < 64; n++) world.write(update("a", { n }));
  expect(Number(world.store.sql.all("SELECT min(seq) AS seq FROM _log")[0]?.seq)).toBeGreaterThan(1000);
});

type Step =
  | { readonly kind: "write"; readonly id: string; readonly title: string }
  | { readonly kind: "remove"; readonly id: string }
  | { readonly kind: "alarm"; readonly fate: "done" | "refused" | "lost" | "late" }
  | { readonly kind: "crash" };

const ids = fc.constantFrom("a", "b", "c", "d");
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("write" as const), id: ids, title: fc.constantFrom("x", "y", "z") }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), id: ids }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("alarm" as const),
      fate: fc.constantFrom("done" as const, "refused" as const, "lost" as const, "late" as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "crash" as const }) },
);

test("[S4] whatever is refused, lost on the way back, late or repeated, the engine ends with the rows as they are", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 40 }), fc.integer({ min: 1, max: 10 }), async (list, maxCommits) => {
      const engine = memorySearchAdapter();
      let fate = "done";
      const late: (() => Promise<unknown>)[] = [];
      const adapter: SearchAdapter = {
        ...engine,
        async apply(changes, context) {
          // Held up on the way: it failed for Ledge, and arrives after everything else.
          if (fate === "late") late.push(() => engine.apply(changes, context));
          if (fate === "late" || fate === "refused") throw new Error(fate);
          await engine.apply(changes, context);
          if (fate === "lost") throw new Error(fate);
          return undefined;
        },
      };
      const world = openWorld(adapter, { maxCommits });
      const rows = new Map<string, string>();
      for (const step of list) {
        world.now += 1000;
        switch (step.kind) {
          case "write":
            world.write(
              rows.has(step.id) ? update(step.id, { title: step.title }) : create(step.id, { title: step.title }),
            );
            rows.set(step.id, step.title);
            break;
          case "remove":
            if (rows.delete(step.id)) world.write(remove(step.id));
            break;
          case "alarm":
            ({ fate } = step);
            await world.alarm();
            break;
          case "crash":
            world.open(adapter);
        }
      }
      fate = "done";
      world.now += 3_600_000;
      await world.alarm();
      for (const arrive of late) await arrive();
      expect(held(engine)).toEqual(Object.fromEntries(rows));
      expect(world.store.sql.all("SELECT * FROM _timers")).toEqual([]);
    }),
    runs(150),
  );
});
