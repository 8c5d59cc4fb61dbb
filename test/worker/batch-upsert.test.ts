/** `PUT /batch` and `POST /batch/upsert` ([HT25] [HT27] [HT48]). */

import { describe, expect, it } from "vitest";
import { openRoom, uid } from "./batch-support.ts";

describe("PUT /batch", () => {
  it("[HT25] replaces rows and creates absent ones; columns not given take their default", async () => {
    const room = openRoom("boxes");
    await room.send("POST ", { id: uid(1), title: "old", rank: 9, code: "c" });
    const result = await room.send("PUT /batch", {
      items: [
        { id: uid(1), title: "new" },
        { id: uid(2), title: "two", rank: 2 },
      ],
    });
    expect(result.status).toBe(200);
    expect(result.body).toMatchObject({
      items: [
        { id: uid(1), title: "new", rank: 0, code: null },
        { id: uid(2), rank: 2 },
      ],
      created: [uid(2)],
      seq: 2,
    });
    expect(await room.seq()).toBe(2);
  });

  it("[HT25] a required column that is missing: 400 with the index", async () => {
    const room = openRoom("boxes");
    await room.send("POST ", { id: uid(1), title: "old" });
    const result = await room.refused("PUT /batch", {
      items: [
        { id: uid(2), title: "x" },
        { id: uid(1), rank: 1 },
      ],
    });
    expect(result.body).toMatchObject({
      status: 400,
      index: 1,
      errors: [{ field: "items[1].title", code: "required" }],
    });
  });

  it("[HT48] an absent id is 404 where rows may not be created", async () => {
    const room = openRoom("closed");
    expect((await room.refused("PUT /batch", { items: [{ id: uid(1), title: "x" }] })).body).toMatchObject({
      status: 404,
      index: 0,
    });
  });

  it("[HT36] a soft-deleted row is 404", async () => {
    const room = openRoom("crates");
    await room.send("POST ", { id: uid(1), ownerId: "al", title: "a" }, { user: "al" });
    await room.send(`DELETE /${uid(1)}`, undefined, { user: "al" });
    expect(
      (await room.refused("PUT /batch", { items: [{ id: uid(1), ownerId: "al", title: "b" }] }, { user: "al" })).body,
    ).toMatchObject({ status: 404, index: 0 });
  });

  it("[HT46] has a limit of its own", async () => {
    const items = [1, 2, 3, 4].map((number) => ({ id: uid(number), title: "x" }));
    expect((await openRoom("lots").refused("PUT /batch", { items })).body).toMatchObject({
      operation: "replace",
      limit: 3,
      requested: 4,
    });
  });
});

describe("POST /batch/upsert", () => {
  it("[HT27] writes the given columns over an existing row, and creates an absent one", async () => {
    const room = openRoom("boxes");
    await room.send("POST ", { id: uid(1), title: "old", rank: 9 });
    const result = await room.send("POST /batch/upsert", {
      items: [
        { id: uid(2), title: "two" },
        { id: uid(1), title: "merged" },
      ],
    });
    expect(result.status).toBe(200);
    expect(result.body).toMatchObject({
      items: [
        { id: uid(2), rank: 0 },
        { id: uid(1), title: "merged", rank: 9 },
      ],
      created: [uid(2)],
      seq: 2,
    });
    expect(await room.seq()).toBe(2);
  });

  it("[HT27] what a create needs is only needed where the row is absent", async () => {
    const room = openRoom("boxes");
    await room.send("POST ", { id: uid(1), title: "old" });
    expect((await room.send("POST /batch/upsert", { items: [{ id: uid(1), rank: 4 }] })).body).toMatchObject({
      items: [{ title: "old", rank: 4 }],
      created: [],
    });
    const result = await room.refused("POST /batch/upsert", {
      items: [
        { id: uid(1), rank: 5 },
        { id: uid(2), rank: 4 },
      ],
    });
    expect(result.body).toMatchObject({
      status: 400,
      index: 1,
      errors: [{ field: "items[1].title", code: "required" }],
    });
  });

  it("[HT27] needs the scope that each item requires", async () => {
    const room = openRoom("crates");
    await room.send(
      "POST /batch",
      {
        items: [
          { id: uid(1), ownerId: "bob", title: "b", shared: true },
          { id: uid(2), ownerId: "bob", title: "hidden" },
        ],
      },
      { user: "bob" },
    );
    const upsert = (item: object) => room.refused("POST /batch/upsert", { items: [item] }, { user: "al" });
    expect((await upsert({ id: uid(1), title: "x" })).body).toMatchObject({
      status: 403,
      operation: "update",
      index: 0,
    });
    expect((await upsert({ id: uid(2), ownerId: "al", title: "x" })).body).toMatchObject({ status: 404, index: 0 });
    expect((await upsert({ id: uid(3), ownerId: "bob", title: "x" })).body).toMatchObject({
      status: 403,
      operation: "create",
      index: 0,
    });
    expect((await room.refused("POST /batch/upsert", { items: [{ id: uid(3) }] })).status).toBe(401);
  });

  it("[HT48] a soft-deleted id: 409 exists", async () => {
    const room = openRoom("crates");
    await room.send("POST ", { id: uid(1), ownerId: "al", title: "a" }, { user: "al" });
    await room.send(`DELETE /${uid(1)}`, undefined, { user: "al" });
    const result = await room.refused(
      "POST /batch/upsert",
      { items: [{ id: uid(1), ownerId: "al", title: "b" }] },
      { user: "al" },
    );
    expect(result.body).toMatchObject({ status: 409, reason: "exists", id: uid(1), index: 0 });
  });

  it("[HT48] an absent id is 404 where rows may not be created; an id that none could have is 400", async () => {
    const room = openRoom("closed");
    expect((await room.refused("POST /batch/upsert", { items: [{ id: uid(1), title: "x" }] })).body).toMatchObject({
      status: 404,
      index: 0,
    });
    expect((await room.refused("POST /batch/upsert", { items: [{ title: "x" }] })).body).toMatchObject({
      status: 400,
      index: 0,
    });
    // No UUIDv7, so no row can be created under it.
    const other = "01890000-0000-4000-8000-000000000001";
    expect(
      (await openRoom("boxes").refused("POST /batch/upsert", { items: [{ id: other, title: "x" }] })).body,
    ).toMatchObject({ status: 404, index: 0 });
  });

  it("[HT48] no items: 200 with nothing done", async () => {
    expect((await openRoom("boxes").refused("POST /batch/upsert", { items: [] })).body).toEqual({
      items: [],
      created: [],
      seq: 0,
    });
  });
});
