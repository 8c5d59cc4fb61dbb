/** Preconditions of batches: `ifVersion` of items, collection tags of filter batches ([HT38]–[HT40] [HT48]). */

import { describe, expect, it } from "vitest";
import { inspect } from "../support/scenario.ts";
import { openRoom, type Room, uid } from "./batch-support.ts";

async function filled(table = "boxes"): Promise<Room> {
  const room = openRoom(table);
  const items = [1, 2, 3].map((number) => ({
    id: uid(number),
    title: `t${number}`,
    ...(table === "boxes" ? { rank: number } : {}),
  }));
  await room.send("POST /batch", { items });
  return room;
}

async function tagOf(room: Room, path: string, user?: string): Promise<string> {
  return (await room.send(`GET ${path}`, undefined, user === undefined ? {} : { user })).headers.get("etag") ?? "";
}

const ifMatch = (tag: string) => ({ headers: { "if-match": tag } });

describe("ifVersion of an item", () => {
  it("[HT39] a row tag without quotes, or epoch:version, is compared with the row", async () => {
    const room = await filled();
    const tag = (await tagOf(room, `/${uid(1)}`)).slice(1, -1);
    const [epoch, version] = tag.split(":");
    const items = [
      { id: uid(1), ifVersion: tag, rank: 5 },
      { id: uid(2), ifVersion: `${epoch}:${version}`, rank: 5 },
    ];
    expect((await room.send("PATCH /batch", { items })).body).toMatchObject({
      seq: 2,
      items: [{ rank: 5 }, { rank: 5 }],
    });
  });

  it("[HT39] one mismatch fails the batch: 412 with index, id and currentETag", async () => {
    const room = await filled();
    const old = (await tagOf(room, `/${uid(2)}`)).slice(1, -1);
    await room.send(`PATCH /${uid(2)}`, { rank: 8 });
    for (const to of ["PATCH /batch", "PUT /batch", "POST /batch/upsert"]) {
      const result = await room.refused(to, {
        items: [
          { id: uid(1), title: "x" },
          { id: uid(2), title: "x", ifVersion: old },
        ],
      });
      expect(result.body, to).toMatchObject({
        status: 412,
        index: 1,
        id: uid(2),
        detail: "The row is not of the version in ifVersion",
        currentETag: await tagOf(room, `/${uid(2)}`),
      });
    }
    const other = await room.refused("PATCH /batch", {
      items: [{ id: uid(1), title: "x", ifVersion: "aaaaaaaaaaaaaaaa:1" }],
    });
    expect(other.body).toMatchObject({ status: 412, index: 0 });
  });

  it("[HT39] a malformed ifVersion is 400", async () => {
    const room = await filled();
    for (const ifVersion of ["1", 1, null, `"${(await tagOf(room, `/${uid(1)}`)).slice(1, -1)}"`, "*"]) {
      const result = await room.refused("PATCH /batch", { items: [{ id: uid(1), rank: 2, ifVersion }] });
      expect(result.body).toMatchObject({ status: 400, index: 0, errors: [{ field: "items[0].ifVersion" }] });
    }
  });

  it("[HT26] currentETag goes only to those who may write: 403 and 404 come before 412", async () => {
    const room = openRoom("crates");
    await room.send(
      "POST /batch",
      {
        items: [
          { id: uid(1), ownerId: "bob", title: "b", shared: true },
          { id: uid(2), ownerId: "bob", title: "c" },
        ],
      },
      { user: "bob" },
    );
    for (const [id, status] of [
      [uid(1), 403],
      [uid(2), 404],
    ] as const) {
      const result = await room.refused(
        "PATCH /batch",
        { items: [{ id, ifVersion: "aaaaaaaaaaaaaaaa:1", title: "x" }] },
        { user: "al" },
      );
      expect(result.status).toBe(status);
      expect(result.text).not.toContain("currentETag");
    }
  });

  it("[HT36] on an absent row PUT and upsert are 412", async () => {
    const room = await filled();
    for (const to of ["PUT /batch", "POST /batch/upsert"]) {
      expect(
        (await room.refused(to, { items: [{ id: uid(9), title: "x", ifVersion: "aaaaaaaaaaaaaaaa:1" }] })).body,
      ).toMatchObject({ status: 412, index: 0, id: uid(9) });
    }
  });

  it("[HT48] a table that requires conditions requires one of every item", async () => {
    const room = await filled("guarded");
    const tag = (await tagOf(room, `/${uid(1)}`)).slice(1, -1);
    for (const to of ["PATCH /batch", "PUT /batch", "POST /batch/upsert"]) {
      const result = await room.refused(to, {
        items: [
          { id: uid(1), title: "x", ifVersion: tag },
          { id: uid(2), title: "y" },
        ],
      });
      expect(result.body, to).toMatchObject({ status: 428, code: "PRECONDITION_REQUIRED", index: 1 });
    }
    expect((await room.send("PATCH /batch", { items: [{ id: uid(1), title: "x", ifVersion: tag }] })).status).toBe(200);
    expect((await room.send("POST /batch/upsert", { items: [{ id: uid(7), title: "new" }] })).body).toMatchObject({
      created: [uid(7)],
    });
  });

  it("[HT37] of two batches with the same versions exactly one wins", async () => {
    const room = await filled();
    const tag = (await tagOf(room, `/${uid(1)}`)).slice(1, -1);
    const batch = (title: string) =>
      room.send("PATCH /batch", {
        items: [
          { id: uid(1), ifVersion: tag, title },
          { id: uid(2), title },
        ],
      });
    const results = await Promise.all(["a", "b", "c", "d"].map(batch));
    expect(results.map((result) => result.status).sort()).toEqual([200, 412, 412, 412]);
    const [first, second] = await room.rows();
    expect(first?.title).toBe(second?.title);
    expect(await room.seq()).toBe(2);
  });
});

describe("If-Match with a collection tag", () => {
  it("[HT39] holds while no commit touched a row that matches", async () => {
    const room = await filled();
    const tag = await tagOf(room, "?filter=rank%3E1");
    await room.send(`PATCH /${uid(1)}`, { title: "else" });
    await room.send("POST ", { title: "low", rank: 0 });
    expect((await room.send("PATCH /batch", { filter: "rank>1", patch: { title: "x" } }, ifMatch(tag))).body).toEqual({
      count: 2,
      seq: 4,
    });
  });

  it.each([
    ["changed", (room: Room) => room.send(`PATCH /${uid(2)}`, { title: "moved" })],
    ["left the filter", (room: Room) => room.send(`PATCH /${uid(2)}`, { rank: 0 })],
    ["entered the filter", (room: Room) => room.send(`PATCH /${uid(1)}`, { rank: 7 })],
    ["was removed", (room: Room) => room.send(`DELETE /${uid(3)}`)],
    ["was created", (room: Room) => room.send("POST ", { title: "n", rank: 9 })],
  ])("[HT39] a matching row that %s since: 412", async (_what, act) => {
    const room = await filled();
    const tag = await tagOf(room, "?filter=rank%3E1");
    expect((await act(room)).status).toBeLessThan(300);
    for (const [to, body] of [
      ["PATCH /batch", { filter: "rank>1", patch: { title: "x" } }],
      ["DELETE /batch", { filter: "rank>1" }],
      ["PATCH /batch?dryRun=true", { filter: "rank>1", patch: {} }],
    ] as const) {
      expect((await room.refused(to, body, ifMatch(tag))).body, to).toMatchObject({
        status: 412,
        code: "PRECONDITION_FAILED",
      });
    }
  });

  it("[HT39] another epoch, a seq to come, a weak tag or a row's tag: 412; one good tag of a list will do", async () => {
    const room = await filled();
    const tag = await tagOf(room, "");
    const [epoch = ""] = tag.slice(1).split(":");
    const hash = tag.slice(-9);
    const patch = { all: true, patch: { title: "x" } };
    for (const bad of [
      `"aaaaaaaaaaaaaaaa:1:${hash}`,
      `"${epoch}:9:${hash}`,
      `W/${tag}`,
      await tagOf(room, `/${uid(1)}`),
    ]) {
      expect((await room.refused("PATCH /batch", patch, ifMatch(bad))).body, bad).toMatchObject({ status: 412 });
    }
    expect((await room.send("PATCH /batch", patch, ifMatch(`"nonsense", ${tag}`))).body).toMatchObject({ count: 3 });
  });

  it("[HT39] a tag from below the ledger's floor: 412", async () => {
    const room = await filled();
    const tag = await tagOf(room, "?filter=rank%3E1");
    await room.send(`PATCH /${uid(1)}`, { title: "else" });
    await room.send(`PATCH /${uid(1)}`, { title: "more" });
    await inspect(room.object, "DELETE FROM _log WHERE seq <= 2");
    expect((await room.refused("PATCH /batch", { filter: "rank>1", patch: { title: "x" } }, ifMatch(tag))).status).toBe(
      412,
    );
  });

  it("[HT39] what happens out of the caller's sight does not show", async () => {
    const room = openRoom("crates");
    await room.send("POST ", { id: uid(1), ownerId: "al", title: "a" }, { user: "al" });
    const tag = await tagOf(room, "", "al");
    await room.send("POST ", { ownerId: "bob", title: "a" }, { user: "bob" });
    const result = await room.send(
      "PATCH /batch",
      { filter: 'title=="a"', patch: { title: "x" } },
      { user: "al", ...ifMatch(tag) },
    );
    expect(result.body).toMatchObject({ count: 1 });
  });

  it("[HT39] DELETE by ids takes one too", async () => {
    const room = await filled();
    const tag = await tagOf(room, "");
    await room.send(`PATCH /${uid(1)}`, { title: "else" });
    expect((await room.refused("DELETE /batch", { ids: [uid(1), uid(2)] }, ifMatch(tag))).status).toBe(412);
    expect((await room.send("DELETE /batch", { ids: [uid(2), uid(3)] }, ifMatch(tag))).body).toMatchObject({
      count: 2,
    });
  });

  it("[HT48] a table that requires conditions requires one of a filter batch", async () => {
    const room = await filled("guarded");
    for (const [to, body] of [
      ["PATCH /batch", { all: true, patch: { title: "x" } }],
      ["DELETE /batch", { all: true }],
      ["DELETE /batch", { ids: [uid(1)] }],
    ] as const) {
      expect((await room.refused(to, body)).body).toMatchObject({ status: 428, header: "If-Match" });
    }
    expect((await room.refused("PATCH /batch?dryRun=true", { all: true, patch: {} })).status).toBe(200);
    const tag = await tagOf(room, "");
    expect((await room.send("PATCH /batch", { all: true, patch: { title: "x" } }, ifMatch(tag))).body).toMatchObject({
      count: 3,
    });
    expect((await room.refused("DELETE /batch", { all: true }, ifMatch(tag))).status).toBe(412);
  });

  it("[HT40] If-Match where items have their own, or where nothing is matched: 400", async () => {
    const room = await filled();
    for (const to of ["PATCH /batch", "PUT /batch", "POST /batch", "POST /batch/upsert"]) {
      expect((await room.refused(to, { items: [{ id: uid(1), title: "x" }] }, ifMatch("*"))).body, to).toMatchObject({
        status: 400,
        errors: [{ field: "If-Match" }],
      });
    }
    expect((await room.refused("PATCH /batch", { all: true, patch: {} }, ifMatch("nonsense"))).status).toBe(400);
  });
});
