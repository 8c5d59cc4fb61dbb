/** What following an object costs D1, as D1 counts it. */

import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { fullyPublic } from "ledge";
import { expect, it } from "vitest";
import { listRows } from "../../../durable-objects/sql/list-rows.ts";
import { TextSizes } from "../../../durable-objects/sql/text-sizes.ts";
import type { ObjectName } from "../../../src/core/ids.ts";
import { PAGE_LIMITS } from "../../../src/core/read-model/pull.ts";
import type { LedgeEnv } from "../../../src/edge/env.ts";
import type { Database } from "../../../src/features/read-model/database.ts";
import { followObject } from "../../../src/features/read-model/follow-object.ts";
import { projectionOf } from "../../../src/features/read-model/projection.ts";
import { ageStatements } from "../../../src/features/read-model/read-age.ts";
import { readInstant } from "../../../src/features/read-model/read-instant.ts";
import { type View, view } from "../../../src/features/read-model/view.ts";
import { prefixed, sourceOf } from "../../../src/features/read-model/visible-rows.ts";
import { walkObjects } from "../../../src/features/read-model/walk-objects.ts";
import { INDEXED, PARTITIONED, PROJECTED, VIEWED } from "../../bench/measured-usage.ts";
import { app, notes, projects } from "./app.ts";
import { d1, send, settle } from "./client.ts";

/** What is asked of D1, counted by D1; `follow` brings a copy on. */
function counting() {
  const written: number[] = [];
  const read: number[] = [];
  const looks: string[] = [];
  const database = {
    prepare: (sql: string) => {
      const statement = env.LEDGE_D1.prepare(sql);
      if (!sql.startsWith("SELECT")) return statement;
      looks.push(sql);
      const bind = statement.bind.bind(statement);
      statement.bind = (...params) => {
        const bound = bind(...params);
        const all = bound.all.bind(bound);
        bound.all = async <T>() => {
          const result = await all<T>();
          read.push(result.meta.rows_read);
          return result;
        };
        return bound;
      };
      return statement;
    },
    batch: async (statements: D1PreparedStatement[]) => {
      const results = await env.LEDGE_D1.batch(statements);
      written.push(results.reduce((sum, { meta }) => sum + meta.rows_written, 0));
      read.push(results.reduce((sum, { meta }) => sum + meta.rows_read, 0));
      return results;
    },
  } as unknown as Database;
  const consumer = {
    env: env as unknown as LedgeEnv,
    database,
    projection: projectionOf(app.definition),
    clock: Date.now,
  };
  const follow = async (object: string) => {
    written.length = 0;
    read.length = 0;
    await followObject(consumer, object as ObjectName, { untilMs: Number.POSITIVE_INFINITY });
    return { written: [...written], read: [...read] };
  };
  return { consumer, database, follow, written, read, looks };
}

it("[RM2] a commit costs D1 its row, what its index changes, and one row for the cursor", async () => {
  const { consumer, follow, written, looks } = counting();
  await send("ann", "POST /api/projects", { id: "c0", name: "first", ownerId: "ann" });
  await settle("t/test/projects");

  await send("ann", "POST /api/projects", { id: "c1", name: "second", ownerId: "ann" });
  const alone = await follow("t/test/projects");
  expect(alone.written).toEqual([PROJECTED.d1RowsWritten]);
  // The batch, and beside it the copies there are.
  expect(Math.max(...alone.read)).toBeLessThanOrEqual(PROJECTED.d1RowsRead);
  await send("ann", "PATCH /api/projects/c1", { name: "renamed" });
  expect((await follow("t/test/projects")).written).toEqual([2]);
  for (let n = 0; n < 20; n++) await send("ann", "PATCH /api/projects/c1", { name: `name ${n}` });
  // Twenty commits on one row, taken as one page.
  const burst = await follow("t/test/projects");
  expect(burst.written).toEqual([2]);
  expect(Math.max(...burst.read)).toBeLessThan(20);
  // In pages of one commit: where the copy stands is read before the first only.
  for (let n = 0; n < 5; n++) await send("ann", "PATCH /api/projects/c1", { name: `then ${n}` });
  looks.length = 0;
  const single = { ...consumer, projection: { ...consumer.projection, limits: { ...PAGE_LIMITS, commits: 1 } } };
  written.length = 0;
  await followObject(single, "t/test/projects" as ObjectName, { untilMs: Number.POSITIVE_INFINITY });
  expect(written).toHaveLength(5);
  expect(looks).toHaveLength(1);
});

it("[RM2] a commit of a table with three indexes and search, as the example's tasks, costs D1 their rows, too", async () => {
  const { follow } = counting();
  await send("ann", "POST /api/tasks", { id: "k0", projectId: "p", title: "first fence", size: 1 });
  await settle("t/test/work");
  await send("ann", "POST /api/tasks", { id: "k1", projectId: "p", title: "second fence", size: 2 });
  const create = await follow("t/test/work");
  await send("ann", "PATCH /api/tasks/k1", { isDone: true });
  const patch = await follow("t/test/work");
  expect([create.written, patch.written]).toEqual([[INDEXED.createRowsWritten], [INDEXED.patchRowsWritten]]);
});

it("[RM1] a view's page costs D1 its rows and one an object, where its object is asked for news a request and a row, and a walk over 25 a request each and two rows", async () => {
  const { consumer, database, follow, read, written, looks } = counting();
  const sum = (counts: readonly number[]) => counts.reduce((total, each) => total + each, 0);
  const page = async (view: View, group: string) => {
    read.length = 0;
    const source = sourceOf(view, projectionOf(app.definition));
    const { result } = await readInstant(database, ageStatements([group], []), (sql) => {
      const own = prefixed(sql, source.prefix);
      const selection = { table: source.spec, where: [], operators: new Map(), textSizes: new TextSizes(own) };
      const orderBy = [{ field: "id", direction: "asc" }] as const;
      const isInSight = () => () => true;
      return listRows(own, { ...selection, orderBy, limit: 20, offset: 0, after: null, isInSight });
    });
    return { rows: result.rows.length, read: sum(read) };
  };
  for (let n = 0; n < 25; n++) await send("ann", "POST /api/projects", { id: `v${n}`, name: "n", ownerId: "ann" });
  await settle("t/test/projects");
  const one = await page(view("cost_projects", { of: projects, ...fullyPublic() }), "projects");
  for (let n = 0; n < 25; n++)
    await send("ann", `POST /api/@cost${n}/notes`, { id: `v${n}`, authorId: "a", body: "b" });
  for (let n = 0; n < 25; n++) await settle(`t/test/notes/cost${n}`);
  const many = await page(view("cost_notes", { of: notes, ...fullyPublic() }), "notes");
  const objects = (await d1("SELECT count(*) AS n FROM rm_copies WHERE grp = 'notes'"))[0]?.n as number;
  expect([one.rows, many.rows, objects]).toEqual([20, 20, VIEWED.objects]);
  expect(one.read).toBeLessThanOrEqual(VIEWED.d1RowsRead);
  expect(many.read).toBeLessThanOrEqual(VIEWED.d1RowsReadOfMany);
  // An answer that is older than five seconds has its object asked for news, in one request, or all objects of its group in turn.
  const asked = await follow("t/test/projects");
  expect(asked.written).toEqual([VIEWED.asked.d1RowsWritten]);
  expect(sum(asked.read)).toBeLessThanOrEqual(VIEWED.asked.d1RowsRead);
  await walkObjects(consumer, "notes");
  await d1("UPDATE rm_copies SET head = 0 WHERE status = 'walked'");
  read.length = written.length = looks.length = 0;
  await walkObjects(consumer, "notes");
  expect(sum(written)).toBe(VIEWED.walk.d1RowsWritten);
  expect(sum(read)).toBeLessThanOrEqual(VIEWED.walk.d1RowsRead);
  // The copies of fifty objects at once.
  expect(looks.filter((sql) => sql.includes("BETWEEN"))).toHaveLength(Math.ceil(VIEWED.objects / 50));
});

it("[RM1] [RM3] while the walk over its objects rests a read of a view over partitions is one batch, however old it is; once it is due, it goes on", async () => {
  const { consumer } = counting();
  await send("ann", "POST /api/@rest/notes", { id: "r", authorId: "ann", body: "b" });
  await walkObjects(consumer, "notes");
  let batches = 0;
  const counted = {
    prepare: (sql: string) => env.LEDGE_D1.prepare(sql),
    withSession: () => counted,
    getBookmark: () => null,
    batch: (statements: D1PreparedStatement[]) => {
      batches++;
      return env.LEDGE_D1.batch(statements);
    },
  };
  const batchesOfRead = async (dueMs: number) => {
    await d1("UPDATE rm_copies SET as_of = 1, head = ? WHERE status = 'walked' AND grp = 'notes'", dueMs);
    batches = 0;
    const context = createExecutionContext();
    const request = new Request("http://localhost/api/all_notes?limit=1", {
      headers: { authorization: "Bearer dev:ann" },
    });
    const reply = await app.fetch(request, { ...env, LEDGE_D1: counted } as never, context);
    await waitOnExecutionContext(context);
    expect(await reply.json()).toMatchObject({ asOf: new Date(1).toISOString() });
    return batches;
  };
  expect(await batchesOfRead(Date.now() + 600_000)).toBe(1);
  expect(await batchesOfRead(0)).toBeGreaterThan(1);
});

it("[RM2] a commit of a table in partitions costs D1 the row that finds it by id, too", async () => {
  const { follow } = counting();
  const object = "t/test/notes/priced";
  const written = async (to: string, body: object) => {
    await send("ann", to, body);
    return (await follow(object)).written;
  };
  await send("ann", "POST /api/@priced/notes", { id: "b0", authorId: "a", body: "first fence" });
  await settle(object);
  const create = await written("POST /api/@priced/notes", { id: "b1", authorId: "a", body: "second fence" });
  const text = await written("PATCH /api/@priced/notes/b1", { body: "third fence" });
  const other = await written("PATCH /api/@priced/notes/b1", { rank: 2 });
  const { createRowsWritten, textRowsWritten, patchRowsWritten } = PARTITIONED;
  expect([create, text, other]).toEqual([[createRowsWritten], [textRowsWritten], [patchRowsWritten]]);
});
