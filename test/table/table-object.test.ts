/** What the object class does while the Worker's module loads, before there is any object. */

import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, test, vi } from "vitest";
import { tableObject } from "../../durable-objects/table/table-object.ts";
import { authenticated, defineApp, resource } from "../../src/ledge.ts";

vi.mock("cloudflare:workers", () => ({ DurableObject: class {} }));

test("[PF1] a mistake that spans tables stops the Worker's module from loading, not the first request", () => {
  const target = sqliteTable("targets", { id: text("id").primaryKey() });
  const uses = sqliteTable("uses", { id: text("id").primaryKey(), target: text("target").references(() => target.id) });
  const app = defineApp({ resources: [resource(target, authenticated()), resource(uses, authenticated())] });
  expect(() => tableObject(app, {})).toThrow(/Table "uses".*leaves its object.*Put both tables into one group/);
});
