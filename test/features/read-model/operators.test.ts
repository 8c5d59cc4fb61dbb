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
    await d1("DELETE FROM rm_copies");
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

  it("[RM2] an object that lost its storage is copied from its new ledger; the old rows go when the new copy is whole", async () => {
    await send("ann", "POST /api/projects", { id: "old", name: "old", ownerId: "ann" });
    await settle("t/test/projects");
    expect(await d1("SELECT id FROM rm_projects")).toEqual([{ id: "old" }]);
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
