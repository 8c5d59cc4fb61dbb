/** Batches under an `Idempotency-Key` ([HT41]–[HT44] [HT71]). */

import { describe, expect, it } from "vitest";
import { inspect } from "../support/scenario.ts";
import { openRoom, uid } from "./batch-support.ts";

const key = (text: string) => ({ headers: { "idempotency-key": text } });

describe("a batch under a key", () => {
  it("[HT42] is done once, and its reply is given again", async () => {
    const room = openRoom("boxes");
    const body = { items: [{ title: "a" }, { title: "b" }] };
    const first = await room.send("POST /batch", body, key("k1"));
    const second = await room.refused("POST /batch", body, key("k1"));
    expect([second.status, second.text]).toEqual([201, first.text]);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(second.headers.get("ledge-seq")).toBe(first.headers.get("ledge-seq"));
    expect(first.headers.get("idempotency-replayed")).toBeNull();
  });

  it("[HT42] the same key for another body, query or method: 422", async () => {
    const room = openRoom("boxes");
    await room.send("POST /batch", { items: [{ id: uid(1), title: "a" }] }, key("k1"));
    expect((await room.refused("POST /batch", { items: [{ id: uid(1), title: "b" }] }, key("k1"))).body).toMatchObject({
      status: 422,
      code: "IDEMPOTENCY_MISMATCH",
    });
    await room.send("DELETE /batch?filter=rank%3E5", undefined, key("k2"));
    expect((await room.refused("DELETE /batch?filter=rank%3E4", undefined, key("k2"))).status).toBe(422);
  });

  it("[HT43] a failure leaves the key free; a batch that changed nothing is recorded", async () => {
    const room = openRoom("boxes");
    expect((await room.refused("PATCH /batch", { items: [{ id: uid(1), title: "x" }] }, key("k"))).status).toBe(404);
    await room.send("POST ", { id: uid(1), title: "x" });
    expect((await room.send("PATCH /batch", { items: [{ id: uid(1), title: "x" }] }, key("k"))).body).toMatchObject({
      seq: 1,
    });
    await room.send(`DELETE /${uid(1)}`);
    const again = await room.refused("PATCH /batch", { items: [{ id: uid(1), title: "x" }] }, key("k"));
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([200, "true"]);
  });

  it("[HT42] the stored reply comes before preconditions and hooks", async () => {
    const room = openRoom("hulls");
    await room.send("POST ", { id: uid(1), title: "a" });
    const tag = (await room.send("GET ")).headers.get("etag") ?? "";
    const more = { headers: { "idempotency-key": "k", "if-match": tag } };
    const body = { all: true, patch: { title: "b" } };
    expect((await room.send("PATCH /batch", body, more)).body).toEqual({ count: 1, seq: 2 });
    const again = await room.refused("PATCH /batch", body, more);
    expect([again.body, again.headers.get("idempotency-replayed")]).toEqual([{ count: 1, seq: 2 }, "true"]);
  });

  it("[HT44] a reply above 1 MB is kept in minimal form", async () => {
    const room = openRoom("bulks");
    const ids = [1, 2, 3].map(uid);
    for (const id of ids) await room.send("POST ", { id, data: "x".repeat(400_000), rank: 1 });
    const body = { items: ids.map((id) => ({ id, rank: 1 })) };
    const first = await room.send("PATCH /batch", body, key("large"));
    expect(first.text.length).toBeGreaterThan(1_000_000);
    const again = await room.refused("PATCH /batch", body, key("large"));
    expect([again.status, again.body]).toEqual([200, { ids, seq: 3 }]);
  });

  it("[HT41] nothing of a failed batch is stored", async () => {
    const room = openRoom("boxes");
    await room.refused("POST /batch", { items: [{ title: "a" }, { title: 5 }] }, key("k"));
    expect(await inspect(room.object, "SELECT * FROM _replies")).toEqual([]);
  });

  it("[HT71] a repeat under the Worker's own key finds the commit in the ledger", async () => {
    const room = openRoom("boxes");
    const made = async () =>
      String((await inspect(room.object, "SELECT attempt FROM _log ORDER BY seq DESC LIMIT 1"))[0]?.attempt).split(
        "|",
      )[1] ?? "";
    const body = {
      items: [
        { id: uid(1), title: "a" },
        { id: uid(2), title: "b" },
      ],
    };
    const first = await room.send("POST /batch", body);
    const again = await room.refused("POST /batch", body, key(await made()));
    expect([again.status, again.body, again.headers.get("idempotency-replayed")]).toEqual([201, first.body, "true"]);
    const minted = await room.send("POST /batch", { items: [{ title: "c" }, { title: "d" }] });
    const repeated = await room.refused("POST /batch", { items: [{ title: "c" }, { title: "d" }] }, key(await made()));
    expect([repeated.status, repeated.body]).toEqual([201, minted.body]);
    const patch = { filter: "rank==0", patch: { rank: 3 } };
    const patched = await room.send("PATCH /batch", patch);
    expect((await room.refused("PATCH /batch", patch, key(await made()))).body).toEqual(patched.body);
    const gone = await room.send("DELETE /batch", { ids: [uid(1), uid(9)] });
    expect((await room.refused("DELETE /batch", { ids: [uid(1), uid(9)] }, key(await made()))).body).toEqual(gone.body);
  });
});
