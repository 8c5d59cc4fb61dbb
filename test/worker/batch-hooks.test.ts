/** Hooks in batches: once for each row, in the order of the rows ([HT31] [HT45]). */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { between } from "../support/batch-tables.ts";
import { inspect } from "../support/scenario.ts";
import { hookLog } from "../support/test-tables.ts";
import { openRoom, type Room, uid } from "./batch-support.ts";

async function filled(...titles: string[]): Promise<Room> {
  const room = openRoom("hulls");
  await room.send("POST /batch", { items: titles.map((title, index) => ({ id: uid(index + 1), title })) });
  hookLog.length = 0;
  return room;
}

/** What ran in the Worker before the write and inside the object; after-hooks come when they come. */
const ran = () => hookLog.filter((line) => !line.startsWith("after") && !line.startsWith("durable"));

beforeEach(() => {
  hookLog.length = 0;
});
afterEach(() => {
  between.run = null;
});

describe("hooks of a batch", () => {
  it("[HT31] before- and write-hooks run once for each new row, after-hooks once for each change", async () => {
    const room = openRoom("hulls");
    const result = await room.send("POST /batch", { items: [{ title: "a" }, { title: "b" }] });
    expect(result.body).toMatchObject({
      items: [
        { title: "a", stamp: "created" },
        { title: "b", stamp: "created" },
      ],
    });
    expect(ran()).toEqual(["beforeCreate a", "beforeCreate b", "onWrite create a", "onWrite create b"]);
    await expect
      .poll(() => hookLog.filter((line) => line.startsWith("after")).sort())
      .toEqual(["afterCreate a", "afterCreate b"]);
  });

  it("[HT31] by items each hook sees its own row", async () => {
    const room = await filled("a", "b");
    const result = await room.send("PATCH /batch", {
      items: [
        { id: uid(2), title: "B" },
        { id: uid(1), title: "A" },
      ],
    });
    expect(result.body).toMatchObject({ items: [{ stamp: "was b" }, { stamp: "was a" }] });
    expect(ran()).toEqual(["beforeUpdate b", "beforeUpdate a", "onWrite update B", "onWrite update A"]);
  });

  it("[HT31] by filter too, and the patch of one row is not that of another", async () => {
    const room = await filled("a", "b", "c");
    expect((await room.send("PATCH /batch", { filter: 'title!="b"', patch: { title: "x" } })).body).toEqual({
      count: 2,
      seq: 2,
    });
    expect((await room.rows()).map((row) => row.stamp)).toEqual(["was a", "created", "was c"]);
    expect(ran()).toEqual(["beforeUpdate a", "beforeUpdate c", "onWrite update x", "onWrite update x"]);
  });

  it("[HT31] PUT and upsert run the hook that fits each row", async () => {
    const room = await filled("a");
    await room.send("POST /batch/upsert", {
      items: [
        { id: uid(1), title: "A" },
        { id: uid(2), title: "new" },
      ],
    });
    expect(ran()).toEqual(["beforeUpdate a", "beforeCreate new", "onWrite update A", "onWrite create new"]);
    hookLog.length = 0;
    await room.send("PUT /batch", {
      items: [
        { id: uid(3), title: "third" },
        { id: uid(1), title: "AA" },
      ],
    });
    expect(ran()).toEqual(["beforeCreate third", "beforeUpdate A", "onWrite create third", "onWrite update AA"]);
  });

  it("[HT31] a deletion by ids or filter runs its hook for each row that is there", async () => {
    const room = await filled("a", "b", "c");
    await room.send("DELETE /batch", { ids: [uid(9), uid(2)] });
    await room.send("DELETE /batch", { all: true });
    expect(ran()).toEqual([
      "beforeDelete b",
      "onWrite delete b",
      "beforeDelete a",
      "beforeDelete c",
      "onWrite delete a",
      "onWrite delete c",
    ]);
  });

  it("[HT45] a hook that refuses fails the batch at its item, and no later hook runs", async () => {
    const room = openRoom("hulls");
    const result = await room.refused("POST /batch", { items: [{ title: "a" }, { title: "reject" }, { title: "c" }] });
    expect(result.body).toMatchObject({ status: 409, reason: "expect", index: 1, detail: "Rejected by the hook" });
    expect(hookLog).not.toContain("beforeCreate c");
    const old = await filled("a", "stubborn", "c");
    expect((await old.refused("PATCH /batch", { all: true, patch: { title: "x" } })).body).toMatchObject({
      status: 409,
      detail: "Rejected by the hook",
    });
    expect(
      (
        await old.refused("PATCH /batch", {
          items: [
            { id: uid(1), title: "x" },
            { id: uid(2), title: "y" },
          ],
        })
      ).body,
    ).toMatchObject({ status: 409, index: 1 });
    expect(hookLog).not.toContain("beforeUpdate c");
  });

  it("[HT45] an item that fails earlier in the order comes first, although a later hook refused", async () => {
    const room = await filled("a");
    const items = [{ id: uid(1), title: "again" }, { title: "reject" }];
    expect((await room.refused("POST /batch", { items })).body).toMatchObject({
      status: 409,
      reason: "exists",
      index: 0,
    });
    expect(
      (
        await room.refused("PATCH /batch", {
          items: [
            { id: uid(9), title: "x" },
            { id: uid(1), title: 5 },
          ],
        })
      ).body,
    ).toMatchObject({ status: 404, index: 0 });
    expect(
      (
        await room.refused("PATCH /batch", {
          items: [
            { id: uid(1), title: 5 },
            { id: uid(9), title: "x" },
          ],
        })
      ).body,
    ).toMatchObject({ status: 400, index: 0 });
  });

  it("[HT70] a defect in a hook is 500 and shows nothing of itself in the object's words", async () => {
    const room = openRoom("hulls");
    const result = await room.refused("POST /batch", { items: [{ title: "a" }, { title: "boom" }] });
    expect(result.body).toMatchObject({ status: 500, code: "INTERNAL_ERROR" });
  });

  it("[HT31] onWrite that throws undoes the whole batch, with what it wrote elsewhere", async () => {
    const room = openRoom("hulls");
    const result = await room.refused("POST /batch", { items: [{ title: "audit" }, { title: "throw-inside" }] });
    expect(result.body).toMatchObject({ status: 409, index: 1 });
    expect(await inspect(room.object, "SELECT * FROM hull_notes")).toEqual([]);
    expect(hookLog.some((line) => line.startsWith("after"))).toBe(false);
  });

  it("[HT31] what onWrite writes elsewhere lies in the same commit", async () => {
    const room = openRoom("hulls");
    await room.send("POST /batch", { items: [{ title: "audit" }, { title: "audit" }] });
    expect(await inspect(room.object, "SELECT seq, json_array_length(changes) AS changes FROM _log")).toEqual([
      { seq: 1, changes: 4 },
    ]);
  });

  it("[HT45] a later item works on what a hook of an earlier one left, and the reply tells the end", async () => {
    const room = await filled("a", "b", "c");
    const items = [
      { id: uid(1), title: `touch ${uid(2)}` },
      { id: uid(2), title: "B" },
      { id: uid(3), title: `touch ${uid(1)}` },
    ];
    const result = await room.send("PATCH /batch", { items });
    expect(result.body).toMatchObject({
      seq: 2,
      items: [{ inner: "touched" }, { title: "B", inner: "touched" }, { inner: null }],
    });
  });

  it("[HT48] an item whose row an earlier hook removed is 404; by ids it counts", async () => {
    const room = await filled("a", "b");
    const items = [
      { id: uid(1), title: `remove ${uid(2)}` },
      { id: uid(2), title: "B" },
    ];
    expect((await room.refused("PATCH /batch", { items })).body).toMatchObject({ status: 404, index: 1 });
    await room.send(`PATCH /${uid(1)}`, { title: `remove ${uid(3)}` });
    await room.send("POST ", { id: uid(3), title: "c" });
    expect((await room.send("DELETE /batch", { ids: [uid(1), uid(3)] })).body).toMatchObject({ count: 2 });
    expect((await room.rows()).map((row) => row.title)).toEqual(["b"]);
  });

  it("[HT31] a row that moves while the hook looks is looked at again", async () => {
    const room = await filled("a", "b");
    let moves = 1;
    between.run = async () => {
      if (moves-- > 0)
        await inspect(room.object, `UPDATE hulls SET title = 'moved', _version = 77 WHERE id = '${uid(2)}'`);
    };
    expect(
      (
        await room.send("PATCH /batch", {
          items: [
            { id: uid(1), inner: "x" },
            { id: uid(2), inner: "x" },
          ],
        })
      ).body,
    ).toMatchObject({ items: [{}, { stamp: "was moved" }] });
    expect(ran().filter((line) => line.startsWith("before"))).toEqual([
      "beforeUpdate a",
      "beforeUpdate b",
      "beforeUpdate a",
      "beforeUpdate moved",
    ]);
  });

  it("[HT31] a row that enters the filter while the hook looks is looked at too", async () => {
    const room = await filled("a", "b");
    let moves = 1;
    between.run = async () => {
      if (moves-- > 0)
        await inspect(
          room.object,
          `INSERT INTO hulls (id, room, title, _version) VALUES ('${uid(3)}', '${room.path.split("/")[2]?.slice(1)}', 'late', 1)`,
        );
    };
    expect((await room.send("PATCH /batch", { all: true, patch: { inner: "x" } })).body).toMatchObject({ count: 3 });
    expect((await room.rows()).map((row) => row.stamp)).toEqual(["was a", "was b", "was late"]);
  });

  it("[HT31] a row that keeps moving: 409 contended after three runs, nothing written", async () => {
    const room = await filled("a", "b");
    let version = 100;
    between.run = async () => void (await inspect(room.object, `UPDATE hulls SET _version = ${++version}`));
    for (const body of [
      { items: [{ id: uid(1), inner: "x" }] },
      { filter: `id=="${uid(1)}"`, patch: { inner: "x" } },
    ]) {
      hookLog.length = 0;
      const result = await room.send("PATCH /batch", body);
      expect(result.body).toMatchObject({ status: 409, reason: "contended" });
      expect(ran()).toEqual(["beforeUpdate a", "beforeUpdate a", "beforeUpdate a"]);
    }
    expect(await room.seq()).toBe(1);
    expect((await room.rows()).map((row) => row.inner)).toEqual([null, null]);
  });

  it("[TX40] durable effects of a batch are delivered for each change, under its own key", async () => {
    const room = await filled("a", "b");
    await room.send("PATCH /batch", { all: true, patch: { title: "kept promise" } });
    const delivered = () => hookLog.filter((line) => line.startsWith("durable kept promise"));
    await expect.poll(delivered).toEqual(["durable kept promise 2:0", "durable kept promise 2:1"]);
  });
});
