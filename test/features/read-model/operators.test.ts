/** What operators do with copies, and what becomes of them when objects lose their storage or their past. */

import { env, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { d1, items, send, settle } from "./client.ts";

const ADMIN = "root,role=admin";

interface Line {
  readonly object: string;
  readonly kind?: string;
  readonly outcome?: string;
  readonly differing?: readonly string[];
}

/** D1 as it is when it is new. */
async function forgetAll(): Promise<void> {
  for (const table of ["rm_copies", "rm_projects", "rm_tasks", "rm_labels", "rm_notes"])
    await d1(`DELETE FROM ${table}`);
}

/** A whole walk over the register, step by step. */
async function walk(act: string): Promise<Line[]> {
  const lines: Line[] = [];
  let next: unknown = {};
  for (let steps = 0; next !== null && steps < 50; steps++) {
    const { status, json } = await send(ADMIN, "POST /_/read-model", { act, ...(next as object) });
    expect(status).toBe(200);
    lines.push(...(json.objects as Line[]));
    next = json.next;
  }
  return lines;
}

describe("operators", () => {
  it("[RM4] [RM5] a copy that was harmed is found by comparing, made anew beside, and right again; each object has a line", async () => {
    for (let n = 0; n < 30; n++) await send("ann", "POST /api/tasks", { id: `r${n}`, projectId: "p", title: `t ${n}` });
    await settle("t/test/work");
    await send("ann", "POST /api/@one/notes", { id: "n", authorId: "ann", body: "b" });
    await settle("t/test/notes/one");
    expect((await walk("compare")).every(({ kind }) => kind === undefined || kind === "same")).toBe(true);
    await d1("UPDATE rm_tasks SET title = 'harmed' WHERE id = 'r3'");
    await d1("DELETE FROM rm_tasks WHERE id = 'r4'");
    const work = (await walk("compare")).find(({ object }) => object === "t/test/work");
    expect(work?.kind).toBe("different");
    expect(work?.differing).toEqual(["tasks/r3", "tasks/r4"]);
    await walk("rebuild");
    expect((await walk("compare")).find(({ object }) => object === "t/test/work")?.kind).toBe("same");
    expect(
      await d1("SELECT status, count(*) AS n FROM rm_copies WHERE object = 't/test/work' GROUP BY status"),
    ).toEqual([{ status: "serving", n: 1 }]);
    const register = await send(ADMIN, "GET /_/read-model");
    expect(items(register)).toContainEqual(
      expect.objectContaining({
        object: "t/test/notes/one",
        group: "notes",
        partition: "one",
        status: "serving",
        lag: 0,
      }),
    );
    expect((await send(ADMIN, "POST /_/read-model", { act: "burn" })).status).toBe(400);
    // A name that is mistyped must not look like a walk in which all is well.
    expect((await send(ADMIN, "POST /_/read-model", { act: "compare", tables: ["taks"] })).status).toBe(400);
  });

  it("[RM5] the register goes on behind whole objects: of one that is built anew at the end of a page no line is lost", async () => {
    await forgetAll();
    const put = (object: string, status: string) =>
      d1(
        `INSERT INTO rm_copies (object, grp, status, is_hidden, epoch, form, seq, head, size_bytes, as_of, step) VALUES (?, 'x', ?, 0, 'e', '', 0, 0, 0, 0, 0)`,
        object,
        status,
      );
    for (let n = 10; n < 61; n++) await put(`t/test/x${n}`, "serving");
    await put("t/test/x59", "building");
    const first = await send(ADMIN, "GET /_/read-model");
    const second = await send(ADMIN, `GET /_/read-model?after=${first.json.next}`);
    expect([items(first).length, items(second).map(({ object }) => object)]).toEqual([51, ["t/test/x60"]]);
    expect(second.json.next).toBeNull();
    await d1("DELETE FROM rm_copies");
  });

  it("[RM5] a copy of an object that the register lacks is told of by comparing, made by nothing, and dropped when asked", async () => {
    await send("ann", "POST /api/@known/notes", { id: "k", authorId: "ann", body: "b" });
    await settle("t/test/notes/known");
    const ghosts = ["t/test/notes/ghost", "t/another/notes/x", "t/zebra/gone"];
    for (const object of ghosts) {
      await d1(
        "INSERT INTO rm_copies (object, grp, status, is_hidden, epoch, form, seq, head, size_bytes, as_of, step) VALUES (?, 'notes', 'serving', 0, 'e', '', 1, 1, 0, 1, 0)",
        object,
      );
      await d1(
        "INSERT INTO rm_notes (_copy, id, room, author_id, body, _version) SELECT id, 'g', 'ghost', 'ann', 'b', 1 FROM rm_copies WHERE object = ?",
        object,
      );
    }
    for (const act of ["compare", "follow", "rebuild"]) {
      const lines = await walk(act);
      expect(lines.filter(({ kind }) => kind === "unregistered").map(({ object }) => object)).toEqual(
        [...ghosts].sort(),
      );
    }
    const tables = env.LEDGE_TABLES as unknown as {
      getByName(name: string): { objects(): Promise<{ object: string }[]> };
    };
    const registered = (await tables.getByName("t/test/_registry").objects()).map(({ object }) => object);
    for (const ghost of ghosts) expect(registered).not.toContain(ghost);
    expect(registered).toContain("t/test/notes/known");
    // Only what holds one of the tables.
    const { json } = await send(ADMIN, "POST /_/read-model", { act: "drop", tables: ["tasks"] });
    expect(json.objects).toEqual([]);
    const dropped = await walk("drop");
    expect(dropped).toEqual([...ghosts].sort().map((object) => ({ object, outcome: "current" })));
    expect(await d1("SELECT id FROM rm_notes WHERE room = 'ghost'")).toEqual([]);
    expect((await walk("compare")).filter(({ kind }) => kind !== undefined).every(({ kind }) => kind === "same")).toBe(
      true,
    );
  });

  it("[RM5] rows under a copy of which no line tells are hidden from views, told of, and dropped when asked", async () => {
    const shown = async () => items(await send("ann", "GET /api/all_notes?select=body")).map(({ body }) => body);
    await send("ann", "POST /api/@stray/notes", { id: "s", authorId: "ann", body: "kept" });
    await settle("t/test/notes/stray");
    const before = await shown();
    const insert =
      "INSERT INTO rm_notes (_copy, id, room, author_id, body, _version) VALUES (?, ?, 'stray', 'ann', 'stray', 1)";
    for (const copy of [700, 701]) for (const id of ["a", "b"]) await d1(insert, copy, id);
    expect((await shown()).length).toBe(before.length + 4);
    const told = (await walk("compare")).filter(({ kind }) => kind === "unregistered").map(({ object }) => object);
    expect(told).toEqual(["t/stray/notes/700", "t/stray/notes/701"]);
    expect(await shown()).toEqual(before);
    expect((await walk("drop")).map(({ object }) => object)).toEqual(told);
    expect(await d1("SELECT id FROM rm_notes WHERE body = 'stray'")).toEqual([]);
    expect((await walk("compare")).some(({ kind }) => kind === "unregistered")).toBe(false);
    expect(await shown()).toEqual(before);
  });

  it("[RM5] a walk goes through more objects than a page has, in register and D1 alike: what both have is never taken for a copy without an object", async () => {
    const name = (n: number) => `t/test/notes/n${String(n).padStart(3, "0")}`;
    const both = Array.from({ length: 180 }, (_, n) => name(n));
    // Long stretches of one kind, so that now the one and now the other is further in a page.
    const registered = both.filter((_, n) => n < 60 || n % 3 === 0);
    const copied = both.filter((_, n) => n % 2 === 0 || n > 100);
    const put = "INSERT INTO _objects (name, entry) SELECT value, json_object('object', value) FROM json_each(?)";
    const registry = env.LEDGE_TABLES.getByName("t/test/_registry");
    await runInDurableObject(registry, (_, state) => state.storage.sql.exec(put, JSON.stringify(registered)).toArray());
    await d1(
      `INSERT INTO rm_copies (object, grp, status, is_hidden, epoch, form, seq, head, size_bytes, as_of, step)
 SELECT value, 'notes', 'serving', 0, 'e', '', 1, 1, 0, 1, 0 FROM json_each(?)`,
      JSON.stringify(copied),
    );
    const dropped = (await walk("drop")).map(({ object }) => object);
    expect(dropped).toEqual(copied.filter((each) => !registered.includes(each)));
    const left = await d1("SELECT object FROM rm_copies WHERE object LIKE 't/test/notes/n%' ORDER BY object");
    expect(left.map(({ object }) => object)).toEqual(copied.filter((each) => registered.includes(each)));
    await d1("DELETE FROM rm_copies WHERE object LIKE 't/test/notes/n%'");
    const take = "DELETE FROM _objects WHERE name LIKE 't/test/notes/n%'";
    await runInDurableObject(registry, (_, state) => state.storage.sql.exec(take).toArray());
  });

  it("[RM2] [RM3] a D1 that is new, or lost what it had, is filled by whoever reads, and an object that is not there is not made by that", async () => {
    await send("ann", "POST /api/projects", { id: "there", name: "there", ownerId: "ann" });
    await settle("t/test/projects");
    await forgetAll();
    const all = async () => items(await send("ann", "GET /api/project_report")).map(({ id }) => id);
    await expect.poll(all, { timeout: 20_000 }).toContain("there");
    expect(await d1("SELECT object FROM rm_copies WHERE object = 't/test/people'")).toEqual([]);
  });

  it("[RM2] an object that lost its storage is copied from its new ledger; the old rows go when the new copy is whole", async () => {
    await send("ann", "POST /api/projects", { id: "old", name: "old", ownerId: "ann" });
    await settle("t/test/projects");
    expect(await d1("SELECT id FROM rm_projects")).toContainEqual({ id: "old" });
    const stub = env.LEDGE_TABLES.getByName("t/test/projects");
    await runInDurableObject(stub, async (_, state) => {
      await state.storage.deleteAll();
      state.abort("lost");
    }).catch(() => undefined);
    await send("ann", "POST /api/projects", { id: "new", name: "new", ownerId: "ann" });
    await settle("t/test/projects");
    expect(await d1("SELECT id FROM rm_projects")).toEqual([{ id: "new" }]);
  });

  it("[RM4] of a copy that is dropped all rows go, however many batches that takes, and then its line", async () => {
    await send("ann", "POST /api/projects", { id: "kept", name: "kept", ownerId: "ann" });
    await settle("t/test/projects");
    await d1(
      `INSERT INTO rm_copies (id, object, grp, status, is_hidden, epoch, form, seq, head, size_bytes, as_of, step)
 VALUES (900, 't/test/projects', 'projects', 'dropping', 1, 'e', '', 0, 0, 0, 0, 0)`,
    );
    await d1(
      "INSERT INTO rm_projects (_copy, id, _version) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) SELECT 900, 'd' || i, 1 FROM n",
    );
    await send("ann", "PATCH /api/projects/kept", { name: "again" });
    await settle("t/test/projects");
    expect(await d1("SELECT count(*) AS n FROM rm_projects WHERE _copy = 900")).toEqual([{ n: 0 }]);
    expect(await d1("SELECT id FROM rm_copies WHERE id = 900")).toEqual([]);
  });
});
