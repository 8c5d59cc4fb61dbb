/** `POST /batch` ([HT45] [HT46] [HT48]). */

import { describe, expect, it } from "vitest";
import { send } from "../support/scenario.ts";
import { openRoom, uid } from "./batch-support.ts";

describe("POST /batch", () => {
  it("[HT45] creates all rows in one commit: one seq, one ledger row, the rows in the order they were sent", async () => {
    const room = openRoom("boxes");
    const result = await room.send("POST /batch", {
      items: [
        { id: uid(2), title: "b" },
        { title: "a", rank: 5 },
        { id: uid(1), title: "c" },
      ],
    });
    expect(result.status).toBe(201);
    expect(result.body.seq).toBe(1);
    expect(result.headers.get("ledge-seq")).toMatch(/^[a-z2-7]{16}:1$/);
    expect(result.body.items).toMatchObject([
      { id: uid(2), title: "b", rank: 0 },
      { title: "a", rank: 5 },
      { id: uid(1), title: "c" },
    ]);
    expect(result.text).not.toContain("secret");
    expect(await room.seq()).toBe(1);
    expect(await room.rows()).toHaveLength(3);
  });

  it("[HT45] the first failing item decides, and nothing is written", async () => {
    const room = openRoom("boxes");
    const result = await room.refused("POST /batch", {
      items: [{ title: "ok" }, { title: "x".repeat(21) }, { rank: "no" }, {}],
    });
    expect(result.status).toBe(400);
    expect(result.body).toMatchObject({
      code: "VALIDATION_ERROR",
      index: 1,
      errors: [{ field: "items[1].title", code: "length" }],
    });
    expect(result.text).not.toContain("items[2]");
    expect(await room.rows()).toEqual([]);
  });

  it("[HT45] a constraint on an earlier item comes before a wrong field of a later one", async () => {
    const room = openRoom("boxes");
    await room.send("POST /batch", { items: [{ title: "first", code: "taken" }] });
    const result = await room.refused("POST /batch", {
      items: [{ title: "ok" }, { title: "two", code: "taken" }, { title: 7 }],
    });
    expect(result.status).toBe(409);
    expect(result.body).toMatchObject({ code: "CONFLICT", reason: "unique", fields: ["code"], index: 1 });
  });

  it("[HT45] two items that break a unique column with each other fail together", async () => {
    const room = openRoom("boxes");
    const result = await room.refused("POST /batch", {
      items: [
        { title: "one", code: "same" },
        { title: "two", code: "same" },
      ],
    });
    expect(result.body).toMatchObject({ status: 409, index: 1 });
  });

  it("[HT22] all errors of the failing item at once", async () => {
    const room = openRoom("boxes");
    const result = await room.refused("POST /batch", { items: [{ id: "nonsense", rank: "no" }] });
    expect((result.body.errors as { field: string }[]).map((error) => error.field).sort()).toEqual([
      "items[0].id",
      "items[0].rank",
      "items[0].title",
    ]);
  });

  it("[HT46] more items than the limit: 400 with operation, limit and requested", async () => {
    const room = openRoom("lots");
    const items = [1, 2, 3, 4].map((number) => ({ title: `${number}` }));
    const result = await room.refused("POST /batch", { items });
    expect(result.body).toMatchObject({
      status: 400,
      code: "BATCH_LIMIT_EXCEEDED",
      operation: "create",
      limit: 3,
      requested: 4,
    });
    expect((await room.send("POST /batch", { items: items.slice(0, 3) })).status).toBe(201);
  });

  it("[HT46] the default limit is 100", async () => {
    const room = openRoom("boxes");
    const items = Array.from({ length: 101 }, (_, number) => ({ title: `${number}` }));
    expect((await room.refused("POST /batch", { items })).body).toMatchObject({ limit: 100, requested: 101 });
    expect((await room.send("POST /batch", { items: items.slice(1) })).status).toBe(201);
    expect(await room.seq()).toBe(1);
  });

  it("[HT48] two items with one id: 400", async () => {
    const room = openRoom("boxes");
    const result = await room.refused("POST /batch", {
      items: [{ id: uid(1), title: "a" }, { title: "b" }, { id: uid(1), title: "c" }],
    });
    expect(result.body).toMatchObject({ status: 400, index: 2, errors: [{ field: "items[2].id", code: "duplicate" }] });
  });

  it("[HT48] no items: 200 with nothing done", async () => {
    const room = openRoom("boxes");
    const result = await room.refused("POST /batch", { items: [] });
    expect(result.status).toBe(200);
    expect(result.body).toEqual({ items: [], seq: 0 });
  });

  it("[HT23] an id that exists: 409 with the index", async () => {
    const room = openRoom("boxes");
    await room.send("POST ", { id: uid(1), title: "a" });
    const result = await room.refused("POST /batch", { items: [{ title: "b" }, { id: uid(1), title: "c" }] });
    expect(result.body).toMatchObject({ status: 409, reason: "exists", id: uid(1), index: 1 });
  });

  it("[HT23] a row outside the create scope: 403 with the index", async () => {
    const room = openRoom("crates");
    const items = [
      { ownerId: "alice", title: "mine" },
      { ownerId: "bob", title: "his" },
    ];
    expect((await room.refused("POST /batch", { items }, { user: "alice" })).body).toMatchObject({
      status: 403,
      operation: "create",
      index: 1,
    });
    expect((await room.refused("POST /batch", { items })).status).toBe(401);
  });

  it("[HT21] what may not be written is dropped from every item", async () => {
    const room = openRoom("boxes");
    const result = await room.send("POST /batch", {
      items: [{ title: "a", fixed: "no", nonsense: 1, secret: "kept" }],
    });
    expect(result.body.items).toMatchObject([{ fixed: null }]);
    expect(result.text).not.toContain("kept");
    expect((await room.rows())[0]).toMatchObject({ fixed: null, secret: "kept" });
  });

  it("[HT40] If-Match on POST /batch: 400, it is not ignored", async () => {
    const room = openRoom("boxes");
    const result = await room.refused("POST /batch", { items: [{ title: "a" }] }, { headers: { "if-match": "*" } });
    expect(result.body).toMatchObject({ status: 400, errors: [{ field: "If-Match" }] });
  });

  it("[HT12] Prefer: return=minimal answers 201 without a body", async () => {
    const room = openRoom("boxes");
    const result = await room.send(
      "POST /batch",
      { items: [{ title: "a" }] },
      { headers: { prefer: "return=minimal" } },
    );
    expect([result.status, result.text]).toEqual([201, ""]);
    expect(result.headers.get("ledge-seq")).toMatch(/:1$/);
    expect(result.headers.get("preference-applied")).toBe("return=minimal");
  });

  it("[HT6] integer ids are made in the order of the items", async () => {
    const room = openRoom("tallies");
    await room.send("POST ", { title: "one" });
    const result = await room.send("POST /batch", { items: [{ title: "two" }, { title: "three" }] });
    expect(result.body.items).toMatchObject([
      { id: 2, title: "two" },
      { id: 3, title: "three" },
    ]);
  });

  it.each([
    ["no object", []],
    ["no items", {}],
    ["items that are no array", { items: {} }],
    ["a further member", { items: [], filter: "rank>1" }],
  ])("[HT20] a body with %s is refused by its form", async (_what, body) => {
    const room = openRoom("boxes");
    expect((await room.refused("POST /batch", body)).body).toMatchObject({
      status: 400,
      code: "VALIDATION_ERROR",
      errors: [{ field: "" }],
    });
  });

  it("[HT45] an item that is no object is named", async () => {
    const room = openRoom("boxes");
    expect((await room.refused("POST /batch", { items: [{ title: "a" }, 7] })).body).toMatchObject({
      status: 400,
      index: 1,
      errors: [{ field: "items[1]" }],
    });
  });

  it("[HT4] a body above 1 MB: 413; a row above 512 KB: 413 with the index", async () => {
    const room = openRoom("bulks");
    expect((await room.refused("POST /batch", { items: [{ data: "x".repeat(1_100_000) }] })).status).toBe(413);
    const result = await room.refused("POST /batch", { items: [{ data: "small" }, { data: "x".repeat(600_000) }] });
    expect(result.body).toMatchObject({ status: 413, index: 1, limit: 524_288 });
  });

  it("[HT13] a capability or a limit that is off removes the route", async () => {
    const single = openRoom("singles");
    for (const to of ["POST /batch", "PATCH /batch", "PUT /batch", "DELETE /batch", "POST /batch/upsert"]) {
      expect((await single.send(to, { items: [] })).status, to).toBe(404);
    }
    expect((await openRoom("lots").send("POST /batch/upsert", { items: [] })).status).toBe(404);
    const closed = await openRoom("closed").send("POST /batch", { items: [] });
    expect([closed.status, closed.headers.get("allow")]).toEqual([405, "DELETE, OPTIONS, PATCH, PUT"]);
  });

  it("[HT46] a commit that is too large for the ledger: batch-limit-exceeded in bytes, nothing written", async () => {
    const room = openRoom("bulks");
    const [a, b, c] = [uid(1), uid(2), uid(3)];
    for (const id of [a, b, c]) await room.send("POST ", { id, data: "x".repeat(400_000) });
    const result = await room.refused("PATCH /batch", { all: true, patch: { rank: 1 } });
    expect(result.body).toMatchObject({
      status: 400,
      code: "BATCH_LIMIT_EXCEEDED",
      operation: "update",
      limit: "bytes",
    });
  });

  it("[HT1] a table without a partition has no batch under one", async () => {
    expect((await send({ to: "POST /api/boxes/batch", body: { items: [] } })).status).toBe(404);
  });
});
