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
  const seq = response.headers.get("ledge-seq");
  return { status: response.status, json: (await response.json()) as Record<string, unknown>, asked, seq };
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

  it("[HT8] is asked for nothing where it is of a table that the answer does not stand on", async () => {
    const made = await send("ann", "POST /api/tasks", { id: "named", projectId: "named", title: "t" });
    expect(made.status).toBe(201);
    expect((await read("ann", "/api/all_notes?select=body", "tx:abc@t/test/work")).asked).toEqual([]);
    expect((await read("ann", "/api/all_tasks?select=id", "tx:abc@t/test/work")).asked).toContain("t/test/work");
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

describe("the positions that an answer tells", () => {
  const write = async (room: string, id: string) => {
    const made = await send("ann", `POST /api/@${room}/notes`, { id, authorId: "ann", body: "b" });
    expect(made.status).toBe(201);
    await settle(`t/test/notes/${room}`);
    return made.headers.get("ledge-seq") ?? "";
  };
  const nowhere = "aaaaaaaaaaaaaaaa:1";

  it("[HT8] [RM3] [S9] are none of partitions that the reader has not named, however many there are and whatever is written in them", async () => {
    for (const path of PATHS.slice(0, 3)) {
      const before = (await read("bob", path, nowhere)).seq;
      await write("closed", `told-${PATHS.indexOf(path)}`);
      expect([before, (await read("bob", path, nowhere)).seq]).toEqual([null, null]);
    }
  });

  it("[HT8] [RM3] [S9] are of those that the reader has named only the ones that admit the reader, also where the object itself answers", async () => {
    const closed = await write("closed", "told-closed");
    const open = await write("open", "told-open");
    const paths = ["/api/all_notes?select=body", "/api/all_notes/count"];
    for (const path of paths) {
      expect((await read("ann", path, `${closed}, ${open}`)).seq?.split(",").sort()).toEqual([closed, open].sort());
      expect((await read("bob", path, `${closed}, ${open}`)).seq).toBe(open);
    }
    const [epoch = "", seq = "0"] = closed.split(":");
    const ahead = `${epoch}:${Number(seq) + 3}`;
    const owned = '/api/all_notes/count?filter=room=="closed"';
    expect(await read("ann", owned, ahead)).toMatchObject({ status: 200, seq: closed });
    expect(await read("bob", owned, ahead)).toMatchObject({ status: 200, seq: null });
  });

  it("[HT8] [RM3] [S9] are those of the objects that have their tables to themselves, as these tell them; under a scope, for who has named them", async () => {
    const made = await send("ann", "POST /api/tasks", { id: "told", projectId: "named", title: "t" });
    const project = await send("ann", "POST /api/projects", { id: "told", name: "t", ownerId: "ann" });
    for (const object of ["work", "projects"]) await settle(`t/test/${object}`);
    const [task = "", other = ""] = [made, project].map(({ headers }) => headers.get("ledge-seq") ?? "");
    expect((await read("bob", "/api/all_tasks/count", nowhere)).seq).toBe(task);
    expect((await read("ann", "/api/project_report", nowhere)).seq).toBeNull();
    // Its name anyone can guess.
    expect((await read("ann", "/api/project_report", "tx:abc@t/test/work")).seq).toBeNull();
    expect((await read("ann", "/api/project_report", task)).seq).toBe(task);
    expect((await read("ann", "/api/project_report", `${task}, ${other}`)).seq?.split(",").sort()).toEqual(
      [task, other].sort(),
    );
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
