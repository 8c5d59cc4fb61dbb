/** `include` of rows over a join table, the three tables in three objects: what it shows, what it must not, what it refuses. */

import { beforeAll, describe, expect, it } from "vitest";
import { items, type Sent, send, settle } from "./client.ts";

beforeAll(async () => {
  const people = [
    { id: "p-ada", name: "Ada", rank: 3, ownerId: "ann", secret: "s-ada" },
    { id: "p-bea", name: "Bea", rank: 1, ownerId: "ann", secret: "s-bea" },
    { id: "p-cyd", name: "Cyd", rank: null, ownerId: "ann" },
    { id: "p-dee", name: "Dee", rank: 2, ownerId: "bob" },
    { id: "p-gone", name: "Gone", rank: 9, ownerId: "ann" },
  ];
  for (const person of people) expect((await send("ann", "POST /api/people", person)).status).toBe(201);
  await send("ann", "DELETE /api/people/p-gone");
  for (const id of ["i1", "i2", "i3"])
    expect((await send("ann", "POST /api/tasks", { id, projectId: "include", title: id })).status).toBe(201);
  const links: readonly (readonly [string, string, number])[] = [
    ["i1", "p-ada", 1],
    ["i1", "p-bea", 1],
    ["i1", "p-cyd", 1],
    ["i1", "p-dee", 1],
    ["i1", "p-gone", 1],
    ["i2", "p-ada", 1],
    // A link that nobody may read.
    ["i2", "p-bea", 0],
  ];
  for (const [taskId, personId, isOpen] of links) {
    const row = { id: `${taskId}.${personId}`, taskId, personId, isOpen };
    expect((await send("ann", "POST /api/members", row)).status).toBe(201);
  }
  for (const object of ["people", "members", "work"]) await settle(`t/test/${object}`);
});

/** The names related to each task of this file. */
async function related(user: string | null, include: string, from = "tasks"): Promise<Record<string, unknown>> {
  const sent = await send(user, `GET /api/${from}?filter=projectId=="include"&include=${encodeURIComponent(include)}`);
  if (sent.status !== 200) return { status: sent.status };
  return Object.fromEntries(items(sent).map(({ id, people }) => [id, namesOf(people)]));
}

const namesOf = (people: unknown) => (people as { name: string }[]).map(({ name }) => name);

describe("rows over a join table", () => {
  const scenarios: readonly {
    readonly name: string;
    readonly user: string | null;
    readonly include: string;
    readonly shows: Record<string, unknown>;
  }[] = [
    {
      name: "[L4] the related rows that the caller may list, over links that the caller may list, in order of id",
      user: "ann",
      include: "people",
      shows: { i1: ["Ada", "Bea", "Cyd"], i2: ["Ada"], i3: [] },
    },
    {
      name: "[L4] [L7] another caller sees others of the same rows",
      user: "bob",
      include: "people",
      shows: { i1: ["Dee"], i2: [], i3: [] },
    },
    {
      name: "[L4] [L7] who may list none of the target sees none, and is told nothing else",
      user: null,
      include: "people",
      shows: { i1: [], i2: [], i3: [] },
    },
    {
      name: "[L4] [QL50] a filter holds for the related rows, not for the ones they belong to",
      user: "ann",
      include: "people(filter:rank>=2)",
      shows: { i1: ["Ada"], i2: ["Ada"], i3: [] },
    },
    {
      name: "[L4] [QL50] a filter that SQL does not decide alone is finished in memory, before rows are counted",
      user: "ann",
      include: 'people(filter:name=ilike="_d_";orderBy:-name;limit:1)',
      shows: { i1: ["Ada"], i2: ["Ada"], i3: [] },
    },
    {
      name: "[L4] [QL50] order and limit are each parent's own, NULLs last",
      user: "ann",
      include: "people(orderBy:rank;limit:2)",
      shows: { i1: ["Bea", "Ada"], i2: ["Ada"], i3: [] },
    },
    {
      name: "[L4] [QL50] an offset skips for each parent",
      user: "ann",
      include: "people(orderBy:-rank;offset:1)",
      shows: { i1: ["Bea", "Cyd"], i2: [], i3: [] },
    },
    {
      name: "[L4] a filter that asks for what the scope hides shows nothing more",
      user: "ann",
      include: 'people(filter:(ownerId=="bob",ownerId=="ann"))',
      shows: { i1: ["Ada", "Bea", "Cyd"], i2: ["Ada"], i3: [] },
    },
  ];
  for (const { name, user, include, shows } of scenarios) {
    it(name, async () => {
      expect(await related(user, include)).toEqual(shows);
      // The view of the table says the same.
      expect(await related(user, include, "all_tasks")).toEqual(shows);
    });
  }

  it("[L4] more rows than the limit are told of, and a page of them says so for its parent alone", async () => {
    const sent = await send("ann", 'GET /api/tasks?filter=projectId=="include"&include=people(limit:2)');
    expect(items(sent).map(({ id, people_hasMore }) => [id, people_hasMore])).toEqual([
      ["i1", true],
      ["i2", undefined],
      ["i3", undefined],
    ]);
    expect(sent.headers.get("ledge-as-of")).toMatch(/^20/);
  });

  it("[L4] [L7] what the target hides is not there: no masked column, no removed row, nothing of the copies", async () => {
    const sent = await send("ann", "GET /api/tasks/i1?include=people(select:name,initial)");
    expect(sent.status).toBe(200);
    expect(sent.json.people).toEqual([
      { id: "p-ada", name: "Ada", initial: "A" },
      { id: "p-bea", name: "Bea", initial: "B" },
      { id: "p-cyd", name: "Cyd", initial: "C" },
    ]);
    const whole = await send("ann", "GET /api/tasks/i1?include=people");
    const text = JSON.stringify(whole.json);
    for (const hidden of ["s-ada", "Gone", "Dee", "_copy", "_version", "isOpen", "parent of"])
      expect(text).not.toContain(hidden);
  });

  it("[L4] [HT33] a reply with related rows has no tag, and no condition makes it a 304", async () => {
    const plain = await send("ann", "GET /api/tasks/i1");
    const tag = plain.headers.get("etag") ?? "";
    expect(tag).not.toBe("");
    const sent = await send("ann", "GET /api/tasks/i1?include=people", undefined, { "if-none-match": tag });
    expect(sent.status).toBe(200);
    expect(sent.headers.get("etag")).toBeNull();
    expect(sent.headers.get("cache-control")).toBe("private, no-store");
  });

  it("[L4] related rows of related rows, each under its own rules", async () => {
    const sent = await send("ann", "GET /api/tasks/i1?include=people(filter:rank==3),people.tasks(select:title)");
    expect(sent.json.people).toEqual([
      expect.objectContaining({
        name: "Ada",
        tasks: [
          { id: "i1", title: "i1" },
          { id: "i2", title: "i2" },
        ],
      }),
    ]);
  });

  it("[L4] [HT8] a reader who has seen a link is shown it, although nobody has told of it yet", async () => {
    const made = await send("ann", "POST /api/members", { id: "late", taskId: "i3", personId: "p-bea", isOpen: 1 });
    const sent = await send("ann", "GET /api/tasks/i3?include=people", undefined, {
      "ledge-min-seq": made.headers.get("ledge-seq") ?? "",
    });
    expect(namesOf(sent.json.people)).toEqual(["Bea"]);
    await send("ann", "DELETE /api/members/late");
    await settle("t/test/members");
  });
});

it("[L4] [L7] rows in partitions are shown to those whose claims name the partition, and lead to others from there", async () => {
  await send("ann", "POST /api/@pinned/notes", { id: "pinned", authorId: "ann", body: "hidden in a room" });
  await send("ann", "POST /api/projects", { id: "pp", name: "pinned project", ownerId: "ann" });
  await send("ann", "POST /api/pins", { id: "pin", projectId: "pp", noteId: "pinned" });
  for (const object of ["notes/pinned", "projects", "pins"]) await settle(`t/test/${object}`);
  const outside = await send("ann", "GET /api/projects/pp?include=notes");
  expect(outside.json).toEqual({ id: "pp", name: "pinned project", ownerId: "ann", notes: [] });
  const inside = await send("ann", "GET /api/@pinned/notes?include=projects(select:name)");
  expect(items(inside).map(({ id, projects }) => [id, projects])).toEqual([
    ["pinned", [{ id: "pp", name: "pinned project" }]],
  ]);
});

describe("what an include refuses", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["an unknown relation", "nobody"],
    ["a relation that is none over a join table", "labels"],
    ["an inherited name", "constructor"],
    ["an unknown option", "people(colour:red)"],
    ["a limit that is none", "people(limit:0)"],
    ["an order by a hidden column", "people(orderBy:secret)"],
    ["a hidden column", "people(select:secret)"],
    ["a filter by a hidden column", 'people(filter:secret=="s-ada")'],
    ["a filter by a column of the copies", "people(filter:_copy==1)"],
    ["a relation named twice", "people,people"],
    ["four levels", "people.tasks.people.tasks"],
    ["a parenthesis left open", "people(limit:5"],
    ["nothing at all", ""],
  ];
  for (const [name, include] of cases) {
    it(`[L4] [QL50] ${name} is 400, and nothing is read`, async () => {
      const read = (path: string): Promise<Sent> =>
        send("ann", `GET /api/${path}?include=${encodeURIComponent(include)}`);
      for (const sent of [await read("tasks"), await read("tasks/i1"), await read("all_tasks")]) {
        expect(sent.status).toBe(400);
        expect(sent.json.items).toBeUndefined();
        expect(JSON.stringify(sent.json)).toContain("include");
      }
    });
  }

  it("[QL50] where there is no relation over a join table, the refusal says so", async () => {
    const sent = await send("ann", "GET /api/people/p-ada?include=x,tasks");
    expect(JSON.stringify(sent.json)).toContain("there are: tasks");
    expect(JSON.stringify((await send("ann", "GET /api/labels?include=x")).json)).toMatch(/x; there is none"/);
  });

  it("[L4] [HT14] a row that the caller may not see is 404 with an include as without", async () => {
    expect((await send("ann", "GET /api/people/p-dee?include=tasks")).status).toBe(404);
    expect((await send(null, "GET /api/people?include=tasks")).status).toBe(401);
  });
});
