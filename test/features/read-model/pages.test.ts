/** Rows with one key, of different partitions or of a query that gives it more than once: each is counted, and stands on one page. */

import { beforeAll, expect, it } from "vitest";
import { items, send, settle } from "./client.ts";

const ROOMS = ["p0", "p1", "p2"];
const IDS = Array.from({ length: 40 }, (_, n) => `n${String(n).padStart(2, "0")}`);
const LONG = "long ".repeat(1500);

beforeAll(async () => {
  for (const room of ROOMS) {
    const made = IDS.map((id, n) => ({ id, authorId: "ann", body: `note of ${room}`, rank: n }));
    // Three that are alike but for their long texts.
    const long = { id: "z", authorId: "ann", body: `${LONG}${room}`, rank: -1 };
    await send("ann", `POST /api/@${room}/notes/batch`, { items: [...made, long] });
    await settle(`t/test/notes/${room}`);
  }
  await send("ann", "POST /api/projects", { id: "n03", name: "joined", ownerId: "ann" });
  await settle("t/test/projects");
});

it("[QL42] [AG3] a count, a total and groups under a filter that SQL cannot decide count rows of different partitions with one id", async () => {
  const filter = `filter=${encodeURIComponent('body=ilike="no%e of p_"')}`;
  expect((await send("ann", `GET /api/all_notes/count?${filter}`)).json.count).toBe(120);
  const listed = await send("ann", `GET /api/all_notes?${filter}&totalCount=true&limit=100`);
  expect([items(listed).length, listed.json.totalCount]).toEqual([100, 120]);
  const grouped = await send("ann", `GET /api/all_notes/aggregate?${filter}&groupBy=room&count=true`);
  expect(grouped.json.groups).toEqual(ROOMS.map((room) => ({ key: { room }, count: 40 })));
});

async function walk(path: string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (let cursor: unknown = ""; cursor !== null; ) {
    const page = await send("ann", `GET ${path}${cursor === "" ? "" : `&cursor=${cursor}`}`);
    expect(page.status).toBe(200);
    rows.push(...items(page));
    cursor = page.json.nextCursor;
  }
  return rows;
}

it.each(["", "&orderBy=-name", "&orderBy=name,-body", "&orderBy=-id"])(
  "[PG1] rows of a query that share their key stand on one page each, also where a declared column is empty (%s)",
  async (order) => {
    const rows = await walk(`/api/loose_notes?limit=7&filter=id!="z"${order}`);
    const all = ROOMS.flatMap((room) => IDS.map((id) => `${id} note of ${room} ${id === "n03" ? "joined" : null}`));
    expect(rows.map(({ id, body, name }) => `${id} ${body} ${name}`).sort()).toEqual(all.sort());
  },
);

it("[PG1] a row of a query that is too long for a cursor is followed by the next key", async () => {
  const rows = await walk('/api/loose_notes?limit=1&orderBy=-id&filter=id>="n39"');
  expect(rows.map(({ id }) => id)).toEqual(["z", "n39", "n39", "n39"]);
});
