/** The search of a view: what its table's own search finds, over all objects, under the view's scope. */

import { beforeAll, expect, it } from "vitest";
import { items, send, settle } from "./client.ts";

const ROOMS = ["s0", "s1", "s2"];

beforeAll(async () => {
  for (let n = 0; n < 12; n++) {
    const title = `${n % 2 === 0 ? "fence" : "Fénce fence"} ${"word ".repeat(n % 4)}${n}`;
    await send("ann", "POST /api/tasks", { id: `s${n}`, projectId: n % 3 === 0 ? "a" : "b", title, hours: n });
  }
  await send("ann", "DELETE /api/tasks/s5");
  await settle("t/test/work");
  for (const room of ROOMS) {
    for (let n = 0; n < 4; n++)
      await send("ann", `POST /api/@${room}/notes`, { id: `s${n}`, authorId: n === 3 ? "bob" : "ann", body: "rake" });
    await settle(`t/test/notes/${room}`);
  }
});

it("[RM1] [SR2] a view of one table is searched as the table is: rows, order, pages, totals, under filter and fields", async () => {
  for (const query of [
    "q=fence",
    "q=fence&limit=4&totalCount=true",
    "q=fence&limit=4&offset=4&totalCount=true&select=title",
    'q=fen*&filter=projectId=="a";hours>2&fields=title',
    'q="fence word"&filter=title%3Dilike%3D"fe_ce%25"&totalCount=true',
    "q=...",
  ]) {
    const own = await send("ann", `GET /api/tasks/search?${query}`);
    const view = await send("ann", `GET /api/all_tasks/search?${query}`);
    expect([query, view.status]).toEqual([query, 200]);
    const { seq: _seq, ...shown } = own.json;
    expect(view.json).toEqual({ ...shown, asOf: expect.any(String) });
    expect(view.headers.get("x-total-count")).toBe(own.headers.get("x-total-count"));
    expect(view.headers.get("ledge-seq")).toBe(own.headers.get("ledge-seq"));
  }
  expect(items(await send("ann", "GET /api/all_tasks/search?q=fence")).length).toBe(11);
});

it("[RM1] [SR6] it finds rows of all partitions in the view's own scope, and those of one id stand on one page each", async () => {
  const found: unknown[] = [];
  for (let offset = 0; offset < 9; offset += 2) {
    const page = await send("ann", `GET /api/my_notes/search?q=rake&limit=2&offset=${offset}&totalCount=true`);
    expect([page.json.totalCount, page.json.hasMore]).toEqual([9, offset < 8]);
    found.push(...items(page).map(({ id, room }) => `${id} ${room}`));
  }
  expect(found).toEqual(["s0", "s1", "s2"].flatMap((id) => ROOMS.map((room) => `${id} ${room}`)));
  const one = await send("bob", 'GET /api/my_notes/search?q=rake&filter=room=="s1"');
  expect(items(one).map(({ id, room }) => `${id} ${room}`)).toEqual(["s3 s1"]);
  expect((await send(null, "GET /api/my_notes/search?q=rake")).status).toBe(401);
});

it("[RM1] a view of a query says that it has none; what a view's search does not take is refused", async () => {
  const refused = await send("ann", "GET /api/project_report/search?q=fence");
  expect([refused.status, refused.json.detail]).toEqual([404, "This view has no search."]);
  for (const query of ["q=fence&highlight=true", "q=fence&withDeleted=true", "limit=3", "q=fence&fields=hours"])
    expect((await send("ann", `GET /api/all_tasks/search?${query}`)).status).toBe(400);
});
