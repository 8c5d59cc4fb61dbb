/** What following an object costs D1, as D1 counts it. */

import { env } from "cloudflare:test";
import { expect, it } from "vitest";
import type { ObjectName } from "../../../src/core/ids.ts";
import { PAGE_LIMITS } from "../../../src/core/read-model/pull.ts";
import type { LedgeEnv } from "../../../src/edge/env.ts";
import type { Database } from "../../../src/features/read-model/database.ts";
import { followObject } from "../../../src/features/read-model/follow-object.ts";
import { projectionOf } from "../../../src/features/read-model/projection.ts";
import { PROJECTED } from "../../bench/measured-usage.ts";
import { app } from "./app.ts";
import { send, settle } from "./client.ts";

it("[RM2] a commit costs D1 its row, what its index changes, and one row for the cursor", async () => {
  const written: number[] = [];
  const read: number[] = [];
  const looks: string[] = [];
  const database = {
    prepare: (sql: string) => {
      if (sql.startsWith("SELECT")) looks.push(sql);
      return env.LEDGE_D1.prepare(sql);
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
