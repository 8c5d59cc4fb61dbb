/**
 * Every string of a request that comes near SQL, filled with what breaks naive SQL. Values are bound and names come from the schema,
 * so each is data or a refusal; the tables stand as before, and nothing of SQLite shows in an answer.
 */

import { SELF } from "cloudflare:test";
import { describe, expect, it } from "vitest";

const HOSTILE = [
  "'; DROP TABLE slugs; --",
  '"; DROP TABLE slugs; --',
  "x' OR '1'='1",
  '") OR 1=1 --',
  "`slugs`",
  "slug) UNION SELECT sql FROM sqlite_master --",
  "?1",
  "$name",
  ":name",
  "%",
  "_",
  "\\",
  "\\'",
  "0x27",
  "CAST(1 AS TEXT)",
  "json_each('[1]')",
  "/* */",
  "--",
  ";",
  "NULL",
  "__proto__",
  "constructor",
  "*",
  "a*b",
  "NEAR(a b)",
  'title:"x"',
  "AND OR NOT",
  "\u2028\u0085",
  "𝒳'",
];

const JSON_TYPE = { "content-type": "application/json" };

async function ask(path: string, init: RequestInit = {}): Promise<{ status: number; text: string }> {
  const response = await SELF.fetch(`http://localhost${path}`, init);
  const text = await response.text();
  expect(response.status, `${path} ${text}`).toBeLessThan(500);
  expect(text).not.toMatch(/SQLITE_|syntax error|no such (table|column)|unrecognized token|CREATE TABLE/);
  return { status: response.status, text };
}

async function names(): Promise<string[]> {
  const { text } = await ask("/api/slugs?orderBy=slug&select=slug&limit=100");
  return (JSON.parse(text) as { items: { slug: string }[] }).items.map((item) => item.slug);
}

describe("strings that reach SQL", () => {
  it("[QL40] as values they are stored and found as they are", async () => {
    for (const [index, value] of HOSTILE.entries()) {
      const made = await ask("/api/slugs", {
        method: "POST",
        headers: JSON_TYPE,
        body: JSON.stringify({ id: `row-${index}`, slug: value, org: value, level: index + 1 }),
      });
      expect(made.status, made.text).toBe(201);
      for (const operator of ["==", "=startswith=", "=contains=", "=endswith=", "=ieq="]) {
        const filter = `slug${operator}${JSON.stringify(value)}`;
        const found = await ask(`/api/slugs?filter=${encodeURIComponent(filter)}&limit=100`);
        expect(found.text, filter).toContain(JSON.stringify(value));
      }
      const listed = await ask(
        `/api/slugs/count?filter=${encodeURIComponent(`slug=in=(${JSON.stringify(value)},"nothing")`)}`,
      );
      expect(JSON.parse(listed.text)).toMatchObject({ count: 1 });
    }
    expect((await names()).sort()).toEqual([...HOSTILE].sort());
  });

  it("[QL40] [HT6] as names, ids, orders, cursors, partitions and parameters they are refused or mean nothing", async () => {
    const before = await names();
    for (const value of HOSTILE) {
      const text = encodeURIComponent(value);
      await ask(`/api/slugs?orderBy=${text}`);
      await ask(`/api/slugs?select=${text}`);
      await ask(`/api/slugs?filter=${text}`);
      await ask(`/api/slugs?filter=${encodeURIComponent(`${value}=="x"`)}`);
      await ask(`/api/slugs?cursor=${text}`);
      await ask(`/api/slugs?limit=${text}`);
      await ask(`/api/slugs?offset=${text}`);
      await ask(`/api/slugs?${text}=1`);
      await ask(`/api/slugs/${text}`);
      await ask(`/api/${text}`);
      await ask(`/api/@${text}/items_split`);
      await ask(`/api/slugs/${text}`, {
        method: "PATCH",
        headers: JSON_TYPE,
        body: JSON.stringify({ [value]: 1, slug: "unchanged" }),
      });
      await ask(`/api/slugs/${text}`, {
        method: "DELETE",
        headers: { "if-match": `"${value.replace(/[^\x21-\x7e]/g, "")}"` },
      });
      await ask("/api/slugs", {
        method: "POST",
        headers: { ...JSON_TYPE, "idempotency-key": value.replace(/[^\x21-\x7e]/g, "") || "k" },
        body: JSON.stringify({ id: value, slug: "refused?", level: -1 }),
      });
      await ask(`/api/slugs/aggregate?groupBy=${text}&count=true`);
      await ask(`/api/slugs/aggregate?count=true&having=${text}`);
      await ask(`/api/slugs/search?q=${text}`);
    }
    expect(await names()).toEqual(before);
  });

  it("[QL19] [HT22] a number in a JSON column that no double holds is refused by name", async () => {
    const { status, text } = await ask("/api/kinds", {
      method: "POST",
      headers: JSON_TYPE,
      body: '{"title":"t","data":{"deep":[1e400]}}',
    });
    expect(status, text).toBe(400);
    expect(JSON.parse(text).errors).toEqual([
      { field: "data", code: "range", message: "holds a number beyond ±1.7976931348623157e308" },
    ]);
  });

  it("[QL20] [HT6] in bytes that are no UTF-8 they are refused by the name of their parameter, wherever there are parameters", async () => {
    const places: readonly [string, string, string][] = [
      ["GET", "/api/slugs?filter=slug==%22%ff%22", "filter"],
      ["GET", "/api/slugs?orderBy=slug%ed%a0%80", "orderBy"],
      ["GET", "/api/slugs/count?filter=slug==%22%ff%22", "filter"],
      ["GET", "/api/slugs/aggregate?count=true&having=count%3E%c0%80", "having"],
      ["GET", "/api/slugs/subscribe?filter=slug==%22%ff%22", "filter"],
      ["GET", "/api/slugs/row-1?select=%ff", "select"],
      ["PATCH", "/api/slugs/batch?filter=slug==%22%ff%22", "filter"],
      ["DELETE", "/api/slugs/batch?filter=slug==%22%ff%22", "filter"],
      ["DELETE", "/api/slugs/row-1?hard=%ff", "hard"],
    ];
    for (const [method, path, field] of places) {
      const body = method === "PATCH" ? { body: '{"level":1}', headers: JSON_TYPE } : {};
      const { status, text } = await ask(path, { method, ...body });
      expect(status, `${method} ${path} ${text}`).toBe(400);
      expect(JSON.parse(text), path).toMatchObject({ errors: [{ field, code: "encoding" }] });
    }
  });
});
