/** Replies of large rows, which would not cross from the object to the Worker whole: pages end earlier and lose nothing, batches are refused. */

import { describe, expect, it } from "vitest";
import { inspect, send } from "../support/scenario.ts";
import { openRoom, type Room, uid } from "./batch-support.ts";

describe("pages of large rows", () => {
  it("[PG4] [PG6] forty rows of 400 KB come over several pages, each row once", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 40; n++) {
      const made = await send({
        to: "POST /api/diaries",
        user: "large",
        body: { ownerId: "large", entry: "x".repeat(400_000) },
      });
      expect(made.status, made.text.slice(0, 200)).toBe(201);
      ids.push(String(made.body.id));
    }
    const seen: string[] = [];
    let cursor: unknown = null;
    let pages = 0;
    do {
      const { status, body, text } = await send({
        to: `GET /api/diaries?limit=100${cursor === null ? "" : `&cursor=${String(cursor)}`}`,
        user: "large",
      });
      expect(status, text.slice(0, 200)).toBe(200);
      expect(body.hasMore).toBe(body.nextCursor !== null);
      seen.push(...(body.items as { id: string }[]).map((item) => item.id));
      cursor = body.nextCursor;
      pages++;
    } while (cursor !== null);
    expect(seen).toEqual(ids.sort());
    expect(pages).toBeGreaterThan(1);
  }, 60_000);
});

/** Writes rows of 400,000 characters beside the API, which takes them one by one. The room's table must exist. */
async function fill(room: Room, table: string, columns: string, values: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, n) => uid(n + 1000));
  const list = ids.map((id) => `('${id}', ${values})`).join(", ");
  await inspect(room.object, `INSERT INTO "${table}" (id, ${columns}) VALUES ${list}`);
  return ids;
}
const LARGE = "replace(printf('%.*c', 1000, 'x'), 'x', printf('%.*c', 400, 'x'))";

describe("searches of large rows", () => {
  it("[SR2] [SR5] end early, have more, and go on behind what they showed", async () => {
    const room = openRoom("pages", "library");
    await room.send("POST ", { ownerId: "alice", title: "none" }, { user: "alice" });
    const values = `'${room.path.split("@")[1]?.split("/")[0]}', 'alice', 'red', ${LARGE}`;
    const ids = await fill(room, "pages", "room, owner_id, title, note", values, 40);
    const seen: unknown[] = [];
    for (let isMore = true, pages = 0; isMore; pages++) {
      expect(pages).toBeLessThan(20);
      const path = `GET /search?q=red&limit=100&highlight=true&offset=${seen.length}`;
      const { status, body, text } = await room.send(path, undefined, { user: "alice" });
      expect(status, text.slice(0, 200)).toBe(200);
      expect(text.length).toBeLessThan(9 * 2 ** 20);
      const shown = (body.items as { id: string }[]).map(({ id }) => id);
      expect(Object.keys(body.highlights as object).sort()).toEqual(shown.sort());
      seen.push(...shown);
      isMore = body.hasMore as boolean;
      if (isMore) expect(shown.length).toBeLessThan(40);
    }
    expect(seen).toEqual(ids);
  }, 60_000);

  it("[QL42] a filter that SQL cannot finish reads them a few at a time, and gives up in time", async () => {
    const room = openRoom("pages", "library");
    await room.send("POST ", { ownerId: "alice", title: "none" }, { user: "alice" });
    const values = `'${room.path.split("@")[1]?.split("/")[0]}', 'alice', 'red', ${LARGE}`;
    await fill(room, "pages", "room, owner_id, title, note", values, 120);
    const filter = encodeURIComponent('note%="x_x%y%x",note%="%x_x"');
    const all = await room.send(`GET /count?filter=${filter}`, undefined, { user: "alice" });
    expect(all.body).toMatchObject({ code: "QUERY_TOO_EXPENSIVE" });
    const page = await room.send(`GET /?limit=3&filter=${filter}`, undefined, { user: "alice" });
    expect((page.body.items as unknown[]).length).toBe(3);
    const found = await room.send(`GET /search?q=red&limit=3&filter=${filter}`, undefined, { user: "alice" });
    expect((found.body.items as unknown[]).length).toBe(3);
  }, 60_000);
});

describe("a filter of a hundred text scans", () => {
  it("[QL42] is SQL's on small texts; on large ones a list goes on by cursor, and what needs every row is refused", async () => {
    const room = openRoom("bulks");
    const scans = Array.from({ length: 100 }, (_, n) => `data=icontains="Y${n}"`).join(",");
    const query = `filter=${encodeURIComponent(scans)}`;
    await room.send("POST ", { data: "xy7" });
    expect((await room.send(`GET /count?${query}`)).body).toMatchObject({ count: 1 });
    const values = `'${room.path.split("@")[1]?.split("/")[0]}', ${LARGE}`;
    await fill(room, "bulks", "room, data", values, 20);
    for (const path of [
      `GET /count?${query}`,
      `GET /aggregate?count=true&${query}`,
      `GET /?totalCount=true&${query}`,
    ]) {
      const refused = await room.send(path);
      expect([refused.status, refused.body.code], path).toEqual([400, "QUERY_TOO_EXPENSIVE"]);
    }
    const batch = await room.refused(`DELETE /batch?${query}`);
    expect([batch.status, batch.body.code]).toEqual([400, "QUERY_TOO_EXPENSIVE"]);
    const page = await room.send(`GET /?limit=50&${query}`);
    expect(page.body).toMatchObject({ hasMore: true });
    // One scan of the same rows is no more than a table without an index costs.
    expect((await room.send(`GET /count?filter=${encodeURIComponent('data=icontains="XX"')}`)).body).toMatchObject({
      count: 20,
    });
  }, 60_000);
});

describe("aggregates over large values", () => {
  it("[AG6] show the groups that fit, and say that there are more", async () => {
    const room = openRoom("bulks");
    await room.send("POST ", { data: "small" });
    const values = `'${room.path.split("@")[1]?.split("/")[0]}', ${LARGE} || abs(random())`;
    await fill(room, "bulks", "room, data", values, 40);
    const { status, body, text } = await room.send("GET /aggregate?groupBy=data&count=true");
    expect(status, text.slice(0, 200)).toBe(200);
    expect(body.truncated).toBe(true);
    expect((body.groups as unknown[]).length).toBe(21);
  }, 60_000);
});

describe("batches of large rows", () => {
  async function open(table: string, columns: string, values: string, count: number) {
    const room = openRoom(table);
    const made = await room.send("POST ", { id: uid(1), title: "one" });
    expect(made.status, made.text).toBe(201);
    const name = room.path.split("@")[1]?.split("/")[0];
    return { room, ids: await fill(room, table, `room, ${columns}`, `'${name}', ${values}`, count) };
  }

  it("[HT45] whose reply would be too large are refused before they are committed, and done where none is wanted", async () => {
    const { room, ids } = await open("bulks", "rank, data", `0, ${LARGE}`, 40);
    // The rows stay as they are, so the ledger has room: it is the reply that has none.
    const items = [{ id: uid(1), rank: 7 }, ...ids.map((id) => ({ id, rank: 0 }))];
    const refused = await room.refused("PATCH /batch", { items });
    expect(refused.body).toMatchObject({ code: "BATCH_LIMIT_EXCEEDED", operation: "update", limit: "bytes" });
    expect(refused.status).toBe(400);
    const done = await room.send("PATCH /batch", { items }, { headers: { prefer: "return=minimal" } });
    expect([done.status, done.text]).toEqual([204, ""]);
    expect((await room.rows())[0]).toMatchObject({ rank: 7 });
  }, 60_000);

  it("[HT45] of more rows than memory holds are refused", async () => {
    const { room, ids } = await open("bulks", "rank, data", `0, ${LARGE}`, 200);
    const items = ids.map((id) => ({ id, rank: 0 }));
    const minimal = { headers: { prefer: "return=minimal" } };
    const byId = await room.refused("PATCH /batch", { items }, minimal);
    expect(byId.body).toMatchObject({ code: "BATCH_LIMIT_EXCEEDED", operation: "update", limit: "bytes" });
    const byFilter = await room.refused("DELETE /batch?filter=rank==0");
    expect(byFilter.body).toMatchObject({ code: "BATCH_LIMIT_EXCEEDED", operation: "delete", limit: "bytes" });
  }, 60_000);

  it("[HT45] that hooks would have to look at are refused before any hook runs", async () => {
    const { room, ids } = await open("hulls", "title, inner", `'large', ${LARGE}`, 40);
    const items = ids.map((id) => ({ id, title: "other" }));
    const refused = await room.refused("PATCH /batch", { items });
    expect(refused.body).toMatchObject({ code: "BATCH_LIMIT_EXCEEDED", operation: "update", limit: "bytes" });
  }, 60_000);
});
