/** `DELETE /batch`, by ids and by filter ([HT46]–[HT48]). */

import { describe, expect, it } from "vitest";
import { openRoom, type Room, uid } from "./batch-support.ts";

async function filled(): Promise<Room> {
  const room = openRoom("boxes");
  await room.send("POST /batch", {
    items: [1, 2, 3, 4].map((number) => ({ id: uid(number), title: `t${number}`, rank: number })),
  });
  return room;
}

describe("DELETE /batch by ids", () => {
  it("[HT48] removes the rows in one commit; absent ids are not counted", async () => {
    const room = await filled();
    const result = await room.send("DELETE /batch", { ids: [uid(2), uid(99), uid(4)] });
    expect([result.status, result.body]).toEqual([200, { count: 2, seq: 2 }]);
    expect((await room.rows()).map((row) => row.title)).toEqual(["t1", "t3"]);
    expect((await room.refused("DELETE /batch", { ids: [uid(98), uid(99)] })).body).toEqual({ count: 0, seq: 2 });
  });

  it("[HT48] unseen ids are not counted; one that may be seen but not deleted fails the batch: 403", async () => {
    const room = openRoom("crates");
    await room.send(
      "POST /batch",
      {
        items: [
          { id: uid(1), ownerId: "al", title: "a" },
          { id: uid(2), ownerId: "al", title: "b" },
        ],
      },
      { user: "al" },
    );
    await room.send(
      "POST /batch",
      {
        items: [
          { id: uid(3), ownerId: "bob", title: "hidden" },
          { id: uid(4), ownerId: "bob", title: "open", shared: true },
        ],
      },
      { user: "bob" },
    );
    const first = await room.send("DELETE /batch", { ids: [uid(3), uid(1)] }, { user: "al" });
    expect(first.body).toEqual({ count: 1, seq: 3 });
    expect((await room.refused("DELETE /batch", { ids: [uid(2), uid(4)] }, { user: "al" })).body).toMatchObject({
      status: 403,
      operation: "delete",
      index: 1,
    });
  });

  it("[HT49] sets the marker where the table deletes softly, and counts a row once", async () => {
    const room = openRoom("crates");
    await room.send("POST ", { id: uid(1), ownerId: "al", title: "a" }, { user: "al" });
    expect((await room.send("DELETE /batch", { ids: [uid(1)] }, { user: "al" })).body).toMatchObject({ count: 1 });
    expect((await room.rows())[0]?.deleted_at).not.toBeNull();
    expect((await room.refused("DELETE /batch", { ids: [uid(1)] }, { user: "al" })).body).toMatchObject({ count: 0 });
  });

  it("[HT48] twins and malformed ids: 400; none: 200", async () => {
    const room = await filled();
    expect((await room.refused("DELETE /batch", { ids: [uid(1), uid(1)] })).body).toMatchObject({
      status: 400,
      errors: [{ field: "ids[1]", code: "duplicate" }],
    });
    expect((await room.refused("DELETE /batch", { ids: [uid(1), "x"] })).body).toMatchObject({
      status: 400,
      errors: [{ field: "ids[1]", code: "id" }],
    });
    expect((await room.refused("DELETE /batch", { ids: [] })).body).toEqual({ count: 0, seq: 1 });
    expect((await room.refused("DELETE /batch", { ids: uid(1) })).body).toMatchObject({
      status: 400,
      errors: [{ field: "" }],
    });
  });

  it("[HT46] more ids than the limit: 400", async () => {
    const room = openRoom("lots");
    expect((await room.refused("DELETE /batch", { ids: [1, 2, 3, 4].map(uid) })).body).toMatchObject({
      operation: "delete",
      limit: 3,
      requested: 4,
    });
  });

  it("[HT23] a row that goes with its parent counts, and lies in the ledger once", async () => {
    const room = openRoom("nodes");
    await room.send("POST /batch", {
      items: [
        { id: uid(1), name: "root" },
        { id: uid(2), parentId: uid(1) },
        { id: uid(3), parentId: uid(2) },
      ],
    });
    expect((await room.send("DELETE /batch", { ids: [uid(1), uid(2)] })).body).toEqual({ count: 2, seq: 2 });
    expect(await room.rows()).toEqual([]);
  });
});

describe("DELETE /batch by filter", () => {
  it("[HT47] takes the filter from the body, or from the URL without one", async () => {
    const room = await filled();
    expect((await room.send("DELETE /batch", { filter: "rank==1" })).body).toEqual({ count: 1, seq: 2 });
    expect((await room.send("DELETE /batch?filter=rank%3C4")).body).toEqual({ count: 2, seq: 3 });
    expect((await room.rows()).map((row) => row.title)).toEqual(["t4"]);
    expect((await room.send("DELETE /batch", { all: true })).body).toEqual({ count: 1, seq: 4 });
  });

  it("[HT47] needs a filter or all: true, one of them", async () => {
    const room = await filled();
    for (const body of [
      {},
      { filter: "" },
      { all: false },
      { all: true, filter: "rank==1" },
      { ids: [], filter: "rank==1" },
      { all: 1 },
    ]) {
      expect((await room.refused("DELETE /batch", body)).status, JSON.stringify(body)).toBe(400);
    }
    expect((await room.refused("DELETE /batch?filter=")).status).toBe(400);
    expect((await room.refused("DELETE /batch")).body).toMatchObject({ status: 400, code: "MALFORMED_BODY" });
  });

  it("[HT48] rows outside the delete scope are not matched", async () => {
    const room = openRoom("crates");
    await room.send("POST ", { id: uid(1), ownerId: "al", title: "a" }, { user: "al" });
    await room.send("POST ", { id: uid(2), ownerId: "bob", title: "b", shared: true }, { user: "bob" });
    expect((await room.send("DELETE /batch", { all: true }, { user: "al" })).body).toEqual({ count: 1, seq: 3 });
    expect((await room.rows()).map((row) => row.deleted_at === null)).toEqual([false, true]);
    expect((await room.refused("DELETE /batch", { all: true })).status).toBe(401);
  });

  it("[HT46] more matching rows than the limit: 400 with the number", async () => {
    const room = openRoom("lots");
    for (const number of [1, 2, 3, 4, 5]) await room.send("POST ", { id: uid(number), title: "x" });
    expect((await room.refused("DELETE /batch", { all: true })).body).toMatchObject({
      operation: "delete",
      limit: 3,
      requested: 5,
    });
  });

  it("[HT12] Prefer: return=minimal: 204", async () => {
    const room = await filled();
    const result = await room.send("DELETE /batch", { all: true }, { headers: { prefer: "return=minimal" } });
    expect([result.status, result.text, await room.seq()]).toEqual([204, "", 2]);
  });
});
