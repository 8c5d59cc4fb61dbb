/** The first page: what it tells a developer, and what it keeps from strangers. */

import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { describe, expect, test } from "vitest";
import { resource } from "../../src/define/resource.ts";
import { defineApp } from "../../src/edge/define-app.ts";
import { home } from "../../src/web/home.ts";
import { fakeTables } from "../edge/fake-tables.ts";

const table = (name: string) =>
  sqliteTable(name, { id: text("id").primaryKey(), hiddenColumn: text("c").notNull(), room: text("room").notNull() });
const app = defineApp({
  name: "shop",
  resources: [
    resource(table("open_things"), { public: true }),
    resource(table("closed_things"), {}),
    resource(table("room_things"), { public: true, partitionBy: "room", partition: { allow: () => true } }),
  ],
}).route("GET", "/", home);

async function page(vars: object) {
  const response = await app.request("/", {}, fakeTables(undefined, vars).env);
  return { response, text: await response.text() };
}

describe("the first page", () => {
  test("[OB1] tells a developer what runs, where rows live, and commands that fit the tables", async () => {
    const { response, text } = await page({ LEDGE_ENV: "development" });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(text).toContain('<a href="/api/open_things">');
    expect(text).toContain("/api/@&#60;room&#62;/room_things");
    expect(text).toContain("one object per <code>room</code>");
    expect(text).toContain("Bearer dev:alice");
    expect(text).toMatch(/-d &#39;{&#34;hiddenColumn&#34;:&#34;My first hiddenColumn&#34;/);
  });

  test("[HT1] shows strangers no table that is not open to them, no columns and no tokens", async () => {
    for (const vars of [{ LEDGE_ENV: "production" }, {}]) {
      const { text } = await page(vars);
      expect(text).toContain("open_things");
      expect(text).not.toMatch(/closed_things|hiddenColumn|dev:|one object|_\/schema/);
    }
  });

  test("[Y2] runs no script or style but its own", async () => {
    const { response, text } = await page({ LEDGE_ENV: "development" });
    const nonce = /script-src 'nonce-([^']+)'/.exec(response.headers.get("content-security-policy") ?? "")?.[1];
    expect(nonce).toBeDefined();
    expect(text.match(/<(script|style)[^>]*>/g)).toEqual([`<style nonce="${nonce}">`, `<script nonce="${nonce}">`]);
  });
});
