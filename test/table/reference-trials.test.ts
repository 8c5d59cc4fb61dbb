/** What references over several objects cost: one trial serves all that refer to the same results ([TX3] [HT56]). */

import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, it } from "vitest";
import { fullyPublic } from "../../src/define/presets.ts";
import { resource } from "../../src/define/resource.ts";
import { defineApp } from "../../src/edge/define-app.ts";
import { nodeObjects } from "./node-objects.ts";

const notes = resource(
  sqliteTable("n", { id: text("id").primaryKey(), room: text("room").notNull(), body: text("body") }),
  { ...fullyPublic(), id: "text", partitionBy: "room", partition: { allow: () => true } },
);
const MIGRATIONS = {
  n: [
    {
      tag: "0000_n",
      sql: "CREATE TABLE `n` (`id` text PRIMARY KEY NOT NULL, `room` text NOT NULL, `body` text, `_version` integer NOT NULL DEFAULT 0);",
    },
  ],
};

it("[HT56] forty references to one result over two objects are one trial of it, and the values are right", async () => {
  const app = defineApp({ name: "refs", resources: [notes], transactions: { http: true } });
  const objects = nodeObjects(app.definition, MIGRATIONS);
  const operations = [
    { op: "create", resource: "n", partition: "a", as: "first", data: { id: "first", body: "said" } },
    ...Array.from({ length: 40 }, (_, index) => ({
      ...{ op: "create", resource: "n", partition: index % 2 === 0 ? "a" : "b", as: `n${index}` },
      data: { id: `n${index}`, body: "{{first.body}}" },
    })),
    { op: "create", resource: "n", partition: "b", as: "last", data: { id: "last", body: "{{n39.body}}!" } },
  ];
  const reply = await app.request(
    "/api/transaction",
    { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ operations }) },
    objects.env,
  );
  expect(reply.status, await reply.clone().text()).toBe(200);
  const { results } = (await reply.json()) as { results: Record<string, { body: string }> };
  expect(results.n39?.body).toBe("said");
  expect(results.last?.body).toBe("said!");
  // One for the first reference, and one in each object for the last, which needs what came after.
  expect(objects.calls.filter((op) => op === "trial")).toHaveLength(3);
});
