/** `PATCH /batch`, by items and by filter ([HT45]–[HT48]). */

import { describe, expect, it } from "vitest";
import { idsOf, openRoom, type Room, uid } from "./batch-support.ts";

async function filled(table = "boxes", count = 4): Promise<Room> {
  const room = openRoom(table);
  const items = Array.from({ length: count }, (_, index) => ({
    id: uid(index + 1),
    title: `t${index + 1}`,
    ...(table === "boxes" ? { rank: index + 1, secret: "hush" } : {}),
  }));
  expect((await room.send("POST /batch", { items })).status).toBe(201);
  return room;
}

describe("PATCH /batch by items", () => {
  it("[HT45] changes each row, in one commit, and answers them in the order of the items", async () => {
    const room = await filled();
    const result = await room.send("PATCH /batch", {
      items: [
        { id: uid(3), title: "three" },
        { id: uid(1), rank: 10 },
      ],
    });
    expect(result.status).toBe(200);
    expect(result.body).toMatchObject({
      items: [
        { id: uid(3), title: "three", rank: 3 },
        { id: uid(1), title: "t1", rank: 10 },
      ],
      seq: 2,
    });
    expect(result.text).not.toContain("hush");
    expect(await room.seq()).toBe(2);
  });

  it("[HT24] values that are stored already make no commit, and one changed row a commit of one", async () => {
    const room = await filled();
    const same = await room.refused("PATCH /batch", {
      items: [
        { id: uid(1), rank: 1 },
        { id: uid(2), rank: 2 },
      ],
    });
    expect(same.body).toMatchObject({ seq: 1, items: [{ rank: 1 }, { rank: 2 }] });
    await room.send("PATCH /batch", {
      items: [
        { id: uid(1), rank: 1 },
        { id: uid(2), rank: 3 },
      ],
    });
    expect((await room.rows()).map((row) => row._version)).toEqual([1, 2, 1, 1]);
  });

  it("[HT48] an absent id: 404 with the index", async () => {
    const room = await filled();
    const result = await room.refused("PATCH /batch", {
      items: [
        { id: uid(1), rank: 9 },
        { id: uid(99), rank: 9 },
      ],
    });
    expect(result.body).toMatchObject({ status: 404, index: 1, id: uid(99) });
  });

  it("[HT48] two items with one id, an item without one, a malformed one: 400", async () => {
    const room = await filled();
    expect((await room.refused("PATCH /batch", { items: [{ id: uid(1) }, { id: uid(1) }] })).body).toMatchObject({
      status: 400,
      index: 1,
      errors: [{ code: "duplicate" }],
    });
    expect((await room.refused("PATCH /batch", { items: [{ id: uid(1) }, { rank: 1 }] })).body).toMatchObject({
      status: 400,
      index: 1,
      errors: [{ field: "items[1].id", code: "required" }],
    });
    expect((await room.refused("PATCH /batch", { items: [{ id: "x" }] })).body).toMatchObject({
      status: 400,
      index: 0,
      errors: [{ field: "items[0].id", code: "id" }],
    });
  });

  it("[HT45] 404 of an earlier item comes before 400 of a later one, and 400 before a later 404", async () => {
    const room = await filled();
    const [absent, wrong] = [
      { id: uid(99), rank: 1 },
      { id: uid(1), rank: "no" },
    ];
    expect((await room.refused("PATCH /batch", { items: [absent, wrong] })).body).toMatchObject({
      status: 404,
      index: 0,
    });
    expect((await room.refused("PATCH /batch", { items: [wrong, absent] })).body).toMatchObject({
      status: 400,
      index: 0,
      errors: [{ field: "items[0].rank" }],
    });
  });

  it("[HT26] a row that may be read but not written: 403; one out of sight: 404", async () => {
    const room = openRoom("crates");
    await room.send(
      "POST /batch",
      {
        items: [
          { id: uid(1), ownerId: "bob", title: "open", shared: true },
          { id: uid(2), ownerId: "bob", title: "hidden" },
        ],
      },
      { user: "bob" },
    );
    expect(
      (await room.refused("PATCH /batch", { items: [{ id: uid(1), title: "x" }] }, { user: "alice" })).body,
    ).toMatchObject({ status: 403, index: 0 });
    const unseen = await room.refused("PATCH /batch", { items: [{ id: uid(2), title: "x" }] }, { user: "alice" });
    expect(unseen.body).toMatchObject({ status: 404, index: 0 });
    expect(unseen.text).not.toContain("hidden");
  });

  it("[HT26] an item that takes its row out of the scope: 403 with the index", async () => {
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
    const items = [
      { id: uid(1), title: "x" },
      { id: uid(2), ownerId: "bob" },
    ];
    expect((await room.refused("PATCH /batch", { items }, { user: "al" })).body).toMatchObject({
      status: 403,
      index: 1,
      operation: "update",
    });
  });

  it("[HT36] a soft-deleted row is absent", async () => {
    const room = openRoom("crates");
    await room.send("POST ", { id: uid(1), ownerId: "al", title: "a" }, { user: "al" });
    await room.send(`DELETE /${uid(1)}`, undefined, { user: "al" });
    expect((await room.refused("PATCH /batch", { items: [{ id: uid(1), title: "x" }] }, { user: "al" })).status).toBe(
      404,
    );
  });

  it("[HT46] more items than the limit: 400", async () => {
    const room = await filled("lots", 3);
    const items = [1, 2, 3, 4].map((number) => ({ id: uid(number), title: "x" }));
    expect((await room.refused("PATCH /batch", { items })).body).toMatchObject({
      operation: "update",
      limit: 3,
      requested: 4,
    });
  });

  it("[HT48] no items: 200; Prefer: return=minimal: 204", async () => {
    const room = await filled();
    expect((await room.refused("PATCH /batch", { items: [] })).body).toEqual({ items: [], seq: 1 });
    const minimal = await room.send(
      "PATCH /batch",
      { items: [{ id: uid(1), rank: 4 }] },
      { headers: { prefer: "return=minimal" } },
    );
    expect([minimal.status, minimal.text]).toEqual([204, ""]);
  });

  it("[HT6] integer ids are numbers", async () => {
    const room = openRoom("tallies");
    await room.send("POST /batch", { items: [{ title: "a" }, { title: "b" }] });
    expect((await room.send("PATCH /batch", { items: [{ id: 2, title: "B" }] })).body).toMatchObject({
      items: [{ id: 2, title: "B" }],
    });
    expect((await room.refused("PATCH /batch", { items: [{ id: "2", title: "B" }] })).status).toBe(400);
  });
});

describe("PATCH /batch by filter", () => {
  it("[HT47] changes the rows that match, in one commit, and answers their number", async () => {
    const room = await filled();
    const result = await room.send("PATCH /batch", { filter: "rank>2", patch: { title: "high" } });
    expect(result.status).toBe(200);
    expect(result.body).toEqual({ count: 2, seq: 2 });
    expect((await room.rows()).map((row) => row.title)).toEqual(["t1", "t2", "high", "high"]);
    expect(await room.seq()).toBe(2);
  });

  it("[HT47] the filter may stand in the URL, with the patch as the body", async () => {
    const room = await filled();
    expect((await room.send("PATCH /batch?filter=rank%3E2", { title: "high" })).body).toEqual({ count: 2, seq: 2 });
    for (const name of ["filter", "items"]) {
      const result = await room.refused("PATCH /batch?filter=rank%3E2", { title: "x", [name]: [] });
      expect(result.body, name).toMatchObject({ status: 400, errors: [{ field: "" }] });
    }
    expect((await room.refused("PATCH /batch?filter=", { title: "x" })).status).toBe(400);
  });

  it("[HT47] all: true takes every row; both or neither is 400", async () => {
    const room = await filled();
    expect((await room.send("PATCH /batch", { all: true, patch: { rank: 0 } })).body).toEqual({ count: 4, seq: 2 });
    for (const body of [
      { patch: { rank: 1 } },
      { filter: "", patch: { rank: 1 } },
      { filter: "  ", patch: { rank: 1 } },
      { all: false, patch: { rank: 1 } },
      { all: true, filter: "rank==0", patch: { rank: 1 } },
      { filter: "rank==0" },
      { filter: "rank==0", patch: { rank: 1 }, items: [] },
      { filter: 5, patch: {} },
    ]) {
      expect((await room.refused("PATCH /batch", body)).body, JSON.stringify(body)).toMatchObject({
        status: 400,
        code: "VALIDATION_ERROR",
      });
    }
  });

  it("[HT24] rows that already are as patched count, and make no commit", async () => {
    const room = await filled();
    expect((await room.refused("PATCH /batch", { filter: "rank==1", patch: { rank: 1 } })).body).toEqual({
      count: 1,
      seq: 1,
    });
    expect((await room.refused("PATCH /batch", { filter: "rank==77", patch: { rank: 1 } })).body).toEqual({
      count: 0,
      seq: 1,
    });
  });

  it("[HT46] more matching rows than the limit: 400 with the number, nothing written", async () => {
    const room = await filled("lots", 3);
    await room.send("POST ", { id: uid(4), title: "t4" });
    await room.send("POST ", { id: uid(5), title: "other" });
    const result = await room.refused("PATCH /batch", { filter: 'title=startswith="t"', patch: { title: "x" } });
    expect(result.body).toMatchObject({
      status: 400,
      code: "BATCH_LIMIT_EXCEEDED",
      operation: "update",
      limit: 3,
      requested: 4,
    });
    expect(
      (await room.send("PATCH /batch", { filter: 'title=in=("t1","t2","t3")', patch: { title: "x" } })).body,
    ).toMatchObject({ count: 3 });
  });

  it("[HT48] rows outside the update scope, and deleted ones, are not matched", async () => {
    const room = openRoom("crates");
    await room.send(
      "POST /batch",
      {
        items: [
          { id: uid(1), ownerId: "al", title: "a" },
          { id: uid(2), ownerId: "al", title: "gone" },
        ],
      },
      { user: "al" },
    );
    await room.send(
      "POST /batch",
      {
        items: [
          { id: uid(3), ownerId: "bob", title: "shared", shared: true },
          { id: uid(4), ownerId: "bob", title: "his" },
        ],
      },
      { user: "bob" },
    );
    await room.send(`DELETE /${uid(2)}`, undefined, { user: "al" });
    const result = await room.send("PATCH /batch", { all: true, patch: { title: "new" } }, { user: "al" });
    expect(result.body).toEqual({ count: 1, seq: 4 });
    expect((await room.rows()).map((row) => row.title)).toEqual(["new", "gone", "shared", "his"]);
  });

  it("[HT48] a row that the patch takes out of the scope fails the batch: 403", async () => {
    const room = openRoom("crates");
    await room.send(
      "POST /batch",
      {
        items: [
          { ownerId: "al", title: "a" },
          { ownerId: "al", title: "b" },
        ],
      },
      { user: "al" },
    );
    expect(
      (await room.refused("PATCH /batch", { filter: 'title=="a"', patch: { ownerId: "bob" } }, { user: "al" })).body,
    ).toMatchObject({ status: 403, operation: "update" });
  });

  it("[HT16] a hidden column is unknown in the filter, and its values cannot be asked for", async () => {
    const room = await filled();
    for (const to of ["PATCH /batch", "DELETE /batch"]) {
      const result = await room.refused(to, {
        filter: 'secret=="hush"',
        ...(to.startsWith("PATCH") ? { patch: { rank: 1 } } : {}),
      });
      expect(result.body).toMatchObject({
        status: 400,
        code: "FILTER_PARSE_ERROR",
        reason: "unknown-field",
        parameter: "filter",
      });
      expect(JSON.stringify(result.body.allowedFields ?? [])).not.toContain("secret");
    }
  });

  it("[HT22] an invalid patch is 400 with its place in the body, whether rows match or not", async () => {
    const room = await filled();
    for (const filter of ["rank>0", "rank>100"]) {
      expect((await room.refused("PATCH /batch", { filter, patch: { rank: "no" } })).body).toMatchObject({
        status: 400,
        errors: [{ field: "patch.rank" }],
      });
    }
    expect((await room.refused("PATCH /batch?filter=rank%3E0", { rank: "no" })).body).toMatchObject({
      status: 400,
      errors: [{ field: "rank" }],
    });
    expect((await room.refused("PATCH /batch", { filter: "rank>0", patch: { id: uid(9) } })).body).toMatchObject({
      status: 400,
      errors: [{ field: "patch.id", message: "is the key of one row, and cannot be set in many" }],
    });
  });

  it("[HT23] a unique column that two rows would share: 409, nothing written", async () => {
    const room = await filled();
    expect((await room.refused("PATCH /batch", { filter: "rank>2", patch: { code: "same" } })).body).toMatchObject({
      status: 409,
      reason: "unique",
      fields: ["code"],
    });
  });

  it("[QL42] a residual that would examine more than 10 000 rows: query-too-expensive, nothing written", async () => {
    const room = openRoom("bulks");
    for (let batch = 0; batch < 21; batch++) {
      const items = Array.from({ length: 500 }, (_, index) => ({ id: uid(batch * 500 + index), data: "abcz" }));
      expect((await room.send("POST /batch", { items })).status).toBe(201);
    }
    const result = await room.refused("PATCH /batch", { filter: 'data%="%a_z%"', patch: { rank: 1 } });
    expect(result.body).toMatchObject({ status: 400, code: "QUERY_TOO_EXPENSIVE", examined: 10_000 });
  });

  it("[HT20] unknown parameters and ill-formed flags are 400", async () => {
    const room = await filled();
    expect((await room.refused("PATCH /batch?limit=3", { all: true, patch: {} })).status).toBe(400);
    expect((await room.refused("PATCH /batch?dryRun=maybe", { all: true, patch: {} })).status).toBe(400);
    expect((await room.refused("PATCH /batch?dryRun=true", { items: [] })).status).toBe(400);
  });

  it("[HT45] the reply of an item batch holds the rows it changed and no others", async () => {
    const room = await filled();
    expect(idsOf(await room.send("PATCH /batch", { items: [{ id: uid(2), rank: 0 }] }))).toEqual([uid(2)]);
  });
});
