/**
 * Many transactions at once read and write one row of the object that decides: they stand in line there, and each has its turn, the oldest
 * first, within its tries ([TP10]).
 */

import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, it } from "vitest";
import { fullyPublic } from "../../src/define/presets.ts";
import { resource } from "../../src/define/resource.ts";
import { defineApp } from "../../src/edge/define-app.ts";
import { nodeObjects } from "./node-objects.ts";

const table = resource(
  sqliteTable("m", {
    id: text("id").primaryKey(),
    room: text("room").notNull(),
    n: integer("n").notNull().default(0),
  }),
  { ...fullyPublic(), id: "text", partitionBy: "room", partition: { allow: () => true } },
);
const MIGRATIONS = {
  m: [
    {
      tag: "0000_m",
      sql: "CREATE TABLE `m` (`id` text PRIMARY KEY NOT NULL, `room` text NOT NULL, `n` integer DEFAULT 0 NOT NULL, `_version` integer NOT NULL DEFAULT 0);",
    },
  ],
};
const AT_ONCE = 40;

const app = defineApp({ name: "line", resources: [table], transactions: { http: true } }).route(
  "POST",
  "/count",
  (context) =>
    context.transaction(async (tx) => {
      const counter = await tx.table("m", "a").get("counter");
      await tx.table("m", "a").update("counter", { n: Number(counter?.n) + 1 });
      await tx.table("m", "b").create({ id: crypto.randomUUID() });
      return {};
    }),
);

it("[TP10] [TX15] forty read and raise one counter at once: every one of them gets through, and none is lost", async () => {
  const objects = nodeObjects(app.definition, MIGRATIONS);
  const post = (path: string, body: unknown) =>
    app.request(
      path,
      { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
      objects.env,
    );
  expect((await post("/api/@a/m", { id: "counter" })).status).toBe(201);
  const replies = await Promise.all(Array.from({ length: AT_ONCE }, () => post("/count", {})));
  expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
  await objects.settled();
  expect(objects.store("t/line/m/a").tables.get("m")?.find("counter")?.row.n).toBe(AT_ONCE);
  expect(objects.store("t/line/m/b").head.seq).toBe(AT_ONCE);
});
