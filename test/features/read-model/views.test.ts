/** Reads of views through real objects and a local D1: what they show, to whom, how old. */

import { describe, expect, it } from "vitest";
import { d1, items, send, settle } from "./client.ts";

describe("a view over one table", () => {
  it("[RM1] a row of any partition is in the view once its object has told of it", async () => {
    await send("ann", "POST /api/@red/notes", { id: "n1", authorId: "ann", body: "first", secret: "s", rank: 2 });
    await send("ann", "POST /api/@blue/notes", { id: "n1", authorId: "bob", body: "second", rank: 1 });
    await settle("t/test/notes/red");
    await settle("t/test/notes/blue");
    const all = await send("ann", "GET /api/all_notes?orderBy=rank&totalCount=true");
    expect(all.status).toBe(200);
    expect(items(all)).toEqual([
      { id: "n1", room: "blue", authorId: "bob", body: "second", rank: 1 },
      { id: "n1", room: "red", authorId: "ann", body: "first", rank: 2 },
    ]);
    expect(all.json.totalCount).toBe(2);
    // How old it is, is known once all objects were asked, which the first read has done behind its reply.
    const asOf = async () => (await send("ann", "GET /api/all_notes?select=body")).json.asOf;
    await expect.poll(asOf).toEqual(expect.any(String));
    expect(await d1("SELECT * FROM rm_notes")).not.toContainEqual(expect.objectContaining({ secret: "s" }));
    const first = await send("ann", "GET /api/all_notes?limit=1");
    const second = await send("ann", `GET /api/all_notes?limit=1&cursor=${first.json.nextCursor}`);
    expect([...items(first), ...items(second)].map(({ room }) => room)).toEqual(["blue", "red"]);
    expect(second.json.nextCursor).toBeNull();
  });
});

describe("what is copied", () => {
  it("[RM1] [S9] a column that is never returned is not in D1, where readModel is true; named in the list, it is", async () => {
    await send("ann", "POST /api/projects", { id: "sp", name: "kept", ownerId: "ann", secret: "TOP" });
    await send("ann", "POST /api/people", { id: "sq", name: "Sue", ownerId: "ann", secret: "named" });
    await settle("t/test/projects");
    await settle("t/test/people");
    expect(Object.keys((await d1("SELECT * FROM rm_projects WHERE id = 'sp'"))[0] ?? {})).toEqual([
      "_copy",
      "id",
      "name",
      "owner_id",
      "_version",
    ]);
    expect(await d1("SELECT secret FROM rm_people WHERE id = 'sq'")).toEqual([{ secret: "named" }]);
  });
});

describe("what a view shows", () => {
  it("[RM1] a scope of the view stands around everything: rows, filters, counts, groups", async () => {
    for (const [id, authorId] of [
      ["s1", "ann"],
      ["s2", "bob"],
      ["s3", "bob"],
    ])
      await send("ann", "POST /api/@green/notes", { id, authorId, body: `by ${authorId}`, rank: 7 });
    await settle("t/test/notes/green");
    const mine = await send("bob", "GET /api/my_notes?filter=rank==7&orderBy=id");
    expect(items(mine).map(({ id }) => id)).toEqual(["s2", "s3"]);
    expect((await send("bob", "GET /api/my_notes/count?filter=rank==7")).json.count).toBe(2);
    const groups = await send("bob", "GET /api/my_notes/aggregate?groupBy=authorId&count=true&filter=rank==7");
    expect(groups.json.groups).toEqual([{ key: { authorId: "bob" }, count: 2 }]);
    expect(items(await send("bob", 'GET /api/my_notes?filter=authorId=="ann",rank==7&orderBy=id')).length).toBe(2);
    expect((await send(null, "GET /api/my_notes")).status).toBe(401);
    expect((await send("bob", "GET /api/my_notes?filter=secret==null")).status).toBe(400);
    expect((await send("bob", "POST /api/my_notes", {})).status).toBe(405);
  });

  it("[RM1] a query over two tables is read like a table", async () => {
    await send("ann", "POST /api/projects", { id: "p1", name: "one", ownerId: "ann" });
    await send("ann", "POST /api/projects", { id: "p2", name: "two", ownerId: "bob" });
    for (const [id, projectId, isDone, hours] of [
      ["t1", "p1", false, 1.5],
      ["t2", "p1", true, 2],
      ["t3", "p2", false, 4],
    ])
      await send("ann", "POST /api/tasks", {
        id,
        projectId,
        isDone,
        hours,
        title: `task ${id}`,
        big: "9007199254740993",
      });
    await send("ann", "POST /api/tasks", { id: "gone", projectId: "p1", title: "gone", hours: 100 });
    await send("ann", "DELETE /api/tasks/gone");
    await settle("t/test/projects");
    await settle("t/test/work");
    const report = await send("ann", "GET /api/project_report?filter=open>=1");
    expect(items(report)).toEqual([{ id: "p1", name: "one", ownerId: "ann", open: 1, hours: 3.5 }]);
    const tasks = await send("ann", "GET /api/all_tasks?orderBy=-hours&select=title,big");
    expect(items(tasks).slice(0, 1)).toEqual([{ id: "t3", title: "task t3", big: "9007199254740993" }]);
    expect(items(tasks).map(({ id }) => id)).not.toContain("gone");
  });

  it("[SR6] [S9] a search over several tables finds in each what the caller may list, and says how old it is", async () => {
    await send("ann", "POST /api/tasks", { id: "f1", projectId: "p1", title: "paint the fence" });
    await settle("t/test/work");
    const found = await send("ann", "GET /api/search?q=fence");
    expect(found.status).toBe(200);
    const { tasks } = found.json.results as Record<string, { items: { id: string }[]; asOf: string }>;
    expect(tasks?.items.map(({ id }) => id)).toEqual(["f1"]);
    expect(tasks?.asOf).toMatch(/^20/);
    // Notes are entered by a rule that cannot be asked for all partitions.
    expect(Object.keys(found.json.results as object)).not.toContain("notes");
    await send("ann", "DELETE /api/tasks/f1");
    await settle("t/test/work");
    const after = (await send("ann", "GET /api/search?q=fence&resources=tasks")).json.results;
    expect(after).toMatchObject({ tasks: { items: [] } });
    expect((await send("ann", "GET /api/search?q=fence&resources=nothing")).status).toBe(400);
  });

  it("[SR6] [RM1] a searched table may have columns that SQLite has for the number of a row", async () => {
    for (const [shelf, rowid] of [
      ["s1", 7],
      ["s2", null],
    ] as const)
      await send("ann", "POST /api/shelves", { id: shelf, title: `oak shelf ${shelf}`, rowid, oid: "9" });
    await settle("t/test/shelves");
    const { status, json } = await send("ann", "GET /api/search?q=oak&resources=shelves");
    expect(status).toBe(200);
    const { shelves } = json.results as Record<string, { items: Record<string, unknown>[] }>;
    const rows = [...(shelves?.items ?? [])].sort((a, b) => String(a.id).localeCompare(String(b.id)));
    expect(rows).toMatchObject([
      { id: "s1", rowid: 7, oid: "9" },
      { id: "s2", rowid: null },
    ]);
  });
});

describe("how old an answer is", () => {
  it("[HT8] [RM3] a reader who has seen a commit is shown it, although nobody has told of it yet", async () => {
    const made = await send("ann", "POST /api/tasks", { id: "m1", projectId: "p9", title: "seen" });
    expect(made.status).toBe(201);
    const position = made.headers.get("ledge-seq") ?? "";
    const read = await send("ann", 'GET /api/all_tasks?filter=projectId=="p9"', undefined, {
      "ledge-min-seq": position,
    });
    expect(read.status).toBe(200);
    expect(items(read).map(({ id }) => id)).toEqual(["m1"]);
    const [epoch = "", seq = "0"] = position.split(":");
    // Of the report there is no object that has it all.
    const later = await send("ann", "GET /api/project_report", undefined, {
      "ledge-min-seq": `${epoch}:${Number(seq) + 5}`,
    });
    expect(later.status).toBe(503);
    expect(later.json.type).toMatch(/read-behind$/);
    expect(later.headers.get("retry-after")).toBe("1");
    const other = await send("ann", "GET /api/all_tasks", undefined, { "ledge-min-seq": "aaaaaaaaaaaaaaaa:99" });
    expect(other.status).toBe(200);
  });
});
