/** What is said of an answer's age: the lag of each object in the register, and the state of D1 that a reader has seen (`Ledge-Bookmark`). */

import { createExecutionContext, env, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { ObjectName } from "../../../src/core/ids.ts";
import type { LedgeEnv } from "../../../src/edge/env.ts";
import { followObject } from "../../../src/features/read-model/follow-object.ts";
import { projectionOf } from "../../../src/features/read-model/projection.ts";
import { walkObjects } from "../../../src/features/read-model/walk-objects.ts";
import { app } from "./app.ts";
import { d1, items, send, settle } from "./client.ts";

const OBJECT = "t/test/notes/lag" as ObjectName;
const MUTE = "t/test/notes/mute";

/** Nobody hears what the object has to tell. */
async function muteObject(object: string): Promise<void> {
  await runInDurableObject(env.LEDGE_TABLES.getByName(object), (instance) => {
    Object.assign(instance, { env: { ...env, LEDGE_READ_MODEL_QUEUE: { send: async () => {} } } });
  });
}

describe("the register", () => {
  it("[RM5] [RM3] shows how many commits an object is ahead of its copy, and since when something may be missing", async () => {
    await send("ann", "POST /api/@lag/notes", { id: "n", authorId: "ann", body: "b" });
    await settle(OBJECT);
    const line = async () => {
      const all = items(await send("root,role=admin", "GET /_/read-model"));
      return all.find(({ object }) => object === OBJECT) ?? {};
    };
    expect(await line()).toMatchObject({ lag: 0, behindMs: 0, status: "serving" });
    await muteObject(OBJECT);
    const writes = Array.from({ length: 20 }, (_, n) =>
      send("ann", "POST /api/@lag/notes", { id: `n${n}`, authorId: "ann", body: "b" }),
    );
    await Promise.all(writes);
    const askedAt = Date.now();
    const behind = await line();
    expect(behind.lag).toBe(20);
    expect(behind.behindMs).toBeGreaterThanOrEqual(askedAt - Date.parse(String(behind.asOf)));
    const consumer = {
      env: env as unknown as LedgeEnv,
      database: env.LEDGE_D1,
      projection: projectionOf(app.definition),
      clock: Date.now,
    };
    await followObject(consumer, OBJECT, { untilMs: Number.POSITIVE_INFINITY });
    expect(await line()).toMatchObject({ lag: 0, behindMs: 0 });
    // A copy of another ledger is behind by no number.
    await env.LEDGE_D1.prepare("UPDATE rm_copies SET epoch = 'another' WHERE object = ?").bind(OBJECT).run();
    expect(await line()).toMatchObject({ lag: null });
  });
});

describe("replicas of D1", () => {
  it("[RM3] a bookmark goes to D1 with the next request and comes back newer; without one any replica will do", async () => {
    await send("ann", "POST /api/projects", { id: "b", name: "b", ownerId: "ann" });
    await settle("t/test/projects");
    const sessions: unknown[] = [];
    const database = new Proxy(env.LEDGE_D1, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (name === "withSession")
          return (from: string) => {
            sessions.push(from);
            return target.withSession(from);
          };
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const read = async (headers: Readonly<Record<string, string>>, path = "/api/project_report") => {
      sessions.splice(0);
      const request = new Request(`http://localhost${path}`, {
        headers: { authorization: "Bearer dev:ann", ...headers },
      });
      const bindings = { ...env, LEDGE_D1: database } as unknown as LedgeEnv;
      return app.fetch(request, bindings, createExecutionContext());
    };
    const first = await read({});
    expect(sessions).toEqual(["first-unconstrained"]);
    const bookmark = first.headers.get("ledge-bookmark") ?? "";
    expect(bookmark).not.toBe("");
    const second = await read({ "ledge-bookmark": bookmark });
    expect(second.status).toBe(200);
    expect(sessions).toEqual([bookmark]);
    expect((second.headers.get("ledge-bookmark") ?? "") >= bookmark).toBe(true);
    await read({ "ledge-bookmark": bookmark }, "/api/search?q=fence&resources=tasks");
    expect(sessions).toEqual([bookmark]);
    // What is behind is read again where the copy was written.
    await muteObject(MUTE);
    const made = await send("ann", "POST /api/@mute/notes", { id: "c", authorId: "ann", body: "b" });
    const third = await read(
      { "ledge-bookmark": bookmark, "ledge-min-seq": made.headers.get("ledge-seq") ?? "" },
      "/api/all_notes?select=body",
    );
    expect(third.status).toBe(200);
    expect(sessions).toEqual([bookmark, "first-primary"]);
    expect((third.headers.get("ledge-bookmark") ?? "") > bookmark).toBe(true);
    for (const wrong of ["", "a b", "x".repeat(201)]) {
      expect((await read({ "ledge-bookmark": wrong })).status).toBe(200);
      expect(sessions).toEqual(["first-unconstrained"]);
    }
    expect((await read({ "ledge-bookmark": "no-bookmark-of-d1" })).status).toBe(200);
  });
});

describe("what an answer asks of D1", () => {
  it("[RM3] [S9] a list, a count and a search are one batch of two statements: rows, and the cursors that they stand on", async () => {
    await send("ann", "POST /api/tasks", { id: "once", projectId: "p", title: "asked only once" });
    await settle("t/test/work");
    const batches: number[] = [];
    const counting = (database: object): object =>
      new Proxy(database, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          if (name === "withSession") return (from: string) => counting(env.LEDGE_D1.withSession(from));
          if (name === "batch") {
            return (statements: D1PreparedStatement[]) => {
              batches.push(statements.length);
              return (target as D1Database).batch(statements);
            };
          }
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    const bindings = { ...env, LEDGE_D1: counting(env.LEDGE_D1) } as unknown as LedgeEnv;
    for (const path of ["project_report", "project_report/count", "search?q=once&resources=tasks"]) {
      const request = new Request(`http://localhost/api/${path}`, { headers: { authorization: "Bearer dev:ann" } });
      const reply = await app.fetch(request, bindings, createExecutionContext());
      expect(reply.status).toBe(200);
      expect(batches.splice(0), path).toEqual([2]);
      if (path.startsWith("search")) expect(await reply.text()).toContain("asked only once");
    }
  });
});

describe("the age of a view over partitions", () => {
  it("[RM3] [HT8] does not pass a commit of an object that has no copy yet, and costs an object without news no row", async () => {
    await send("ann", "POST /api/@old/notes", { id: "o", authorId: "ann", body: "b" });
    await settle("t/test/notes/old");
    const asOf = async () => {
      const { json } = await send("ann", "GET /api/all_notes?select=body&limit=1");
      return json.asOf === null ? 0 : Date.parse(String(json.asOf));
    };
    const consumer = {
      env: env as unknown as LedgeEnv,
      database: env.LEDGE_D1,
      projection: projectionOf(app.definition),
      clock: Date.now,
    };
    const walk = async () => {
      await d1("UPDATE rm_copies SET head = 0 WHERE status = 'walked'");
      await walkObjects(consumer, "notes");
    };
    // A new room, of which nobody has told; then the old one moves on.
    await send("ann", "POST /api/@fresh/notes", { id: "f", authorId: "ann", body: "b" });
    await muteObject("t/test/notes/fresh");
    const committedMs = Date.now();
    await d1("DELETE FROM rm_copies WHERE object = 't/test/notes/fresh'");
    await send("ann", "PATCH /api/@old/notes/o", { body: "c" });
    await settle("t/test/notes/old");
    const copies = await d1("SELECT id FROM rm_copies WHERE object = 't/test/notes/fresh' AND status = 'serving'");
    if (copies.length === 0) expect(await asOf()).toBeLessThan(committedMs);
    await walk();
    expect(
      await d1("SELECT id FROM rm_copies WHERE object = 't/test/notes/fresh' AND status = 'serving'"),
    ).toHaveLength(1);
    expect(await asOf()).toBeGreaterThanOrEqual(committedMs);
    const lines = () =>
      d1("SELECT id, as_of, step FROM rm_copies WHERE status = 'serving' AND grp = 'notes' ORDER BY id");
    const before = await lines();
    await walk();
    expect(await lines()).toEqual(before);
  });
});
