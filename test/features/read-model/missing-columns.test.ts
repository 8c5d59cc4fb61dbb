/**
 * D1 and the Worker in different versions: a column or a table that D1 lacks under a running Worker. To SQLite its quoted name is a text, so
 * what has to be seen is that nobody is shown that text, no scope compares with it, and the object answers where one can.
 */

import { beforeAll, expect, test } from "vitest";
import { d1, items, ring, type Sent, send, settle } from "./client.ts";

const WORK = "t/test/work";

beforeAll(async () => {
  const made = [
    ["POST /api/projects", { id: "p1", name: "Fence", ownerId: "ann" }],
    ["POST /api/projects", { id: "p2", name: "Hidden", ownerId: "bob" }],
    ["POST /api/tasks", { id: "k1", projectId: "p1", title: "dig" }],
    ["POST /api/tasks", { id: "k2", projectId: "p1", title: "rake" }],
    ["POST /api/@red/notes", { id: "n1", room: "red", authorId: "ann", body: "mine" }],
    ["POST /api/@red/notes", { id: "n2", room: "red", authorId: "bob", body: "hidden" }],
    ["POST /api/@blue/notes", { id: "n3", room: "blue", authorId: "ann", body: "mine too" }],
    ["POST /api/people", { id: "h1", name: "Hal", ownerId: "ann" }],
    ["POST /api/members", { id: "m1", taskId: "k1", personId: "h1", isOpen: 1 }],
    ["POST /api/members", { id: "m2", taskId: "k2", personId: "h1", isOpen: 0 }],
  ] as const;
  for (const [to, body] of made) expect((await send("ann", to, body)).status, to).toBe(201);
  for (const object of [WORK, "t/test/projects", "t/test/notes/red", "t/test/notes/blue"]) await settle(object);
  for (const object of ["t/test/people", "t/test/members"]) await settle(object);
});

/** The column has another name in D1 for as long as the work takes. */
async function without<T>(table: string, column: string, work: () => Promise<T>): Promise<T> {
  await d1(`ALTER TABLE ${table} RENAME COLUMN ${column} TO elsewhere`);
  try {
    return await work();
  } finally {
    await d1(`ALTER TABLE ${table} RENAME COLUMN elsewhere TO ${column}`);
  }
}

function expectBehind({ status, headers, json }: Sent, column: string): void {
  expect([status, json.slug ?? json.type, headers.get("retry-after")]).toMatchObject([503, /read-behind/, "5"]);
  expect(JSON.stringify(json)).not.toMatch(new RegExp(`${column}|elsewhere|rm_|SQLITE|D1_`));
}
expect.addEqualityTesters([(a, b) => (b instanceof RegExp && typeof a === "string" ? b.test(a) : undefined)]);

test("[RM4] [S9] a scope, a filter, an order, a group or a search by a column that D1 lacks is 503 with a time to ask again, and shows nobody's rows", async () => {
  expect((await send("ann", "GET /api/my_notes/count")).json.count).toBe(2);
  await without("rm_notes", "author_id", async () => {
    for (const path of ["my_notes", "my_notes/count", "my_notes/aggregate?count=true", "all_notes?select=body"])
      expectBehind(await send("ann", `GET /api/${path}`), "author");
    const asked = ["all_notes?orderBy=authorId", "all_notes/aggregate?count=true&groupBy=authorId"];
    for (const path of [...asked, 'all_notes/count?filter=authorId!="ann"'])
      expectBehind(await send("ann", `GET /api/${path}`), "author");
  });
  await without("rm_projects", "owner_id", async () =>
    expectBehind(await send("ann", "GET /api/project_report"), "owner"),
  );
  await without("rm_members", "is_open", async () => {
    expectBehind(await send("ann", "GET /api/tasks?include=people"), "is_open");
  });
  await without("rm_tasks", "deleted_at", async () => {
    expectBehind(await send("ann", "GET /api/search?q=dig"), "deleted");
    expectBehind(await send("ann", "GET /api/project_report"), "deleted");
  });
  expect((await send("ann", "GET /api/my_notes/count")).json.count).toBe(2);
});

test("[RM4] [HT8] where one object has all rows it answers for a copy that lacks a column, by the view's own rules", async () => {
  await without("rm_tasks", "title", async () => {
    const all = await send("ann", "GET /api/all_tasks?orderBy=title");
    expect([all.status, items(all).map(({ title }) => title)]).toEqual([200, ["dig", "rake"]]);
  });
  await without("rm_notes", "author_id", async () => {
    const mine = await send("ann", 'GET /api/my_notes?filter=room=="red"');
    expect([mine.status, items(mine).map(({ id }) => id)]).toEqual([200, ["n1"]]);
    // Which would tell of other people's rows in the room.
    expect(mine.headers.get("ledge-seq")).toBeNull();
  });
});

test("[RM4] a table that D1 does not have is 503, and no other's concern", async () => {
  await d1("ALTER TABLE rm_projects RENAME TO elsewhere");
  expectBehind(await send("ann", "GET /api/project_report"), "projects");
  expect((await send("ann", "GET /api/all_notes/count")).json.count).toBe(3);
  await d1("ALTER TABLE elsewhere RENAME TO rm_projects");
});

test("[RM1] a removal is not taken for done in a table whose key D1 does not know: it follows once the key is there", async () => {
  const seq = async () => (await d1("SELECT seq FROM rm_copies WHERE object = ? AND status = 'serving'", WORK))[0]?.seq;
  const before = await seq();
  expect((await send("ann", "POST /api/labels", { id: "l1", taskId: "k1", name: "red" })).status).toBe(201);
  await without("rm_labels", "id", async () => {
    expect((await send("ann", "DELETE /api/labels/l1")).status).toBe(204);
    await ring(WORK);
    expect(await seq()).toBe(before);
  });
  await ring(WORK);
  expect(await seq()).toBe(Number(before) + 2);
});

test("[RM4] [OB1] a Worker whose D1 lacks a table, a column or an index is not ready, and says which to the operator", async () => {
  const check = async () => {
    const { status, json } = await send(null, "GET /readyz");
    const { reason = "" } = (json.checks as Record<string, { reason?: string }>)["read-model"] ?? {};
    return `${status} ${reason}`;
  };
  expect(await check()).toBe("200 ");
  await without("rm_notes", "author_id", async () => {
    await without("rm_people", "rank", async () => {
      const said = await check();
      expect(said).toMatch(/^503 .*rm_notes.author_id.*rm_people.rank/);
      expect(said).not.toContain("rm_tasks");
    });
  });
  // A table of one of these names that is somebody else's.
  await without("rm_guards", "held", async () => expect(await check()).toMatch(/^503 .*rm_guards.held/));
  await d1("DROP TABLE _fts_rm_notes");
  expect(await check()).toMatch(/^503 .*_fts_rm_notes/);
});
