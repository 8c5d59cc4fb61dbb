/**
 * Objects that a request names (`Ledge-Min-Seq: tx:…@<object>`): only those are asked that the register knows and whose partition the caller may
 * enter, since asking one makes it; and only so many. The same of tables that a search names.
 */

import { createExecutionContext, env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { LedgeEnv } from "../../../src/edge/env.ts";
import { app } from "./app.ts";
import { send, settle } from "./client.ts";

/** Reads, and tells the objects that were addressed meanwhile, without the register. */
async function read(user: string, path: string, minSeq: string) {
  const asked: string[] = [];
  const tables = (env as unknown as LedgeEnv).LEDGE_TABLES;
  const bindings = {
    ...env,
    LEDGE_TABLES: {
      getByName(name: string) {
        if (!name.endsWith("/_registry")) asked.push(name);
        return tables.getByName(name);
      },
    },
  } as unknown as LedgeEnv;
  const headers = { "ledge-min-seq": minSeq, authorization: `Bearer dev:${user}` };
  const response = await app.fetch(
    new Request(`http://localhost${path}`, { headers }),
    bindings,
    createExecutionContext(),
  );
  return { status: response.status, json: (await response.json()) as Record<string, unknown>, asked };
}

const PATHS = [
  "/api/all_notes?select=body",
  "/api/all_notes/count",
  '/api/all_notes?filter=room=="ghost"',
  "/api/search?q=fence",
  "/api/projects?include=notes",
];

describe("a transaction at an object that a reader names", () => {
  it.each(PATHS)("[HT8] %s makes no object that the register does not know", async (path) => {
    await send("ann", "POST /api/projects", { id: "named", name: "n", ownerId: "ann" });
    for (const name of ["ghost", "x%20y", "..", "a/b"]) {
      const { status, asked } = await read("bob", path, `tx:abc@t/test/notes/${name}, tx:abc@t/test/work/${name}`);
      expect(status).toBe(200);
      expect(asked.filter((object) => object.endsWith(`/${name}`))).toEqual([]);
    }
    expect((await read("bob", path, "tx:abc@t/other/notes/ghost, tx:a@t/test/_registry, tx:a@x")).status).toBe(200);
  });

  it("[HT8] [HT1] is asked for nothing where its partition would not let the caller in", async () => {
    expect((await send("ann", "POST /api/@closed/notes", { id: "c", authorId: "ann", body: "b" })).status).toBe(201);
    const token = "tx:abc@t/test/notes/closed";
    expect((await read("bob", "/api/all_notes?select=body", token)).asked).toEqual([]);
    expect((await read("ann", "/api/all_notes?select=body", token)).asked).toContain("t/test/notes/closed");
  });

  it("[HT8] is refused beyond 16 positions, with the field and the limit", async () => {
    const tokens = (count: number) => Array.from({ length: count }, (_, n) => `tx:t${n}@t/test/notes/n${n}`).join(", ");
    expect((await read("ann", "/api/all_notes?select=body", tokens(16))).status).toBe(200);
    const { status, json } = await read("ann", "/api/all_notes?select=body", tokens(17));
    expect(status).toBe(400);
    expect(json.errors).toEqual([
      { field: "Ledge-Min-Seq", message: "names 17 positions, limit is 16", code: "too-many" },
    ]);
  });
});

it("[SR6] a table that a search names many times is searched once", async () => {
  await send("ann", "POST /api/tasks", { id: "once", projectId: "p", title: "fence" });
  await settle("t/test/work");
  let batches = 0;
  const database = new Proxy(env.LEDGE_D1, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name !== "withSession") return typeof value === "function" ? value.bind(target) : value;
      return () => {
        batches++;
        return target.withSession();
      };
    },
  });
  const response = await app.fetch(
    new Request(`http://localhost/api/search?q=fence&resources=${"tasks,".repeat(400)}tasks`, {
      headers: { authorization: "Bearer dev:ann" },
    }),
    { ...env, LEDGE_D1: database } as unknown as LedgeEnv,
    createExecutionContext(),
  );
  expect(Object.keys(((await response.json()) as { results: object }).results)).toEqual(["tasks"]);
  expect(batches).toBe(1);
});
