/** Dry runs and the confirmation of large filter batches ([HT32]). */

import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { app } from "../support/test-app.ts";
import { openRoom, type Room, uid } from "./batch-support.ts";

async function filled(count = 120): Promise<Room> {
  const room = openRoom("bulks");
  await room.send("POST /batch", { items: Array.from({ length: count }, (_, index) => ({ id: uid(index + 1) })) });
  return room;
}

const all = { all: true, patch: { rank: 1 } };
const confirmed = (token: unknown) => ({ headers: { "ledge-confirm": String(token) } });

describe("a dry run", () => {
  it("[HT32] writes nothing and answers the number of rows, a sample of ten ids and a token", async () => {
    const room = await filled();
    const result = await room.refused("PATCH /batch?dryRun=true", all);
    expect(result.status).toBe(200);
    expect(result.body).toEqual({
      count: 120,
      sample: Array.from({ length: 10 }, (_, index) => uid(index + 1)),
      confirm: expect.any(String),
    });
    expect(result.headers.get("ledge-seq")).toMatch(/:1$/);
    const small = await room.refused("DELETE /batch?dryRun=true", { filter: `id=="${uid(7)}"` });
    expect(small.body).toMatchObject({ count: 1, sample: [uid(7)] });
  });

  it("[HT32] runs no hook, and refuses what the batch itself would be refused for", async () => {
    const room = await filled(1);
    expect((await room.refused("PATCH /batch?dryRun=true", { all: true, patch: { rank: "no" } })).body).toMatchObject({
      status: 400,
      errors: [{ field: "patch.rank" }],
    });
    const lots = openRoom("lots");
    for (const number of [1, 2, 3, 4]) await lots.send("POST ", { id: uid(number), title: "x" });
    expect((await lots.refused("DELETE /batch?dryRun=true", { all: true })).body).toMatchObject({
      code: "BATCH_LIMIT_EXCEEDED",
      requested: 4,
    });
    const crates = openRoom("crates");
    await crates.send("POST ", { ownerId: "bob", title: "b", shared: true }, { user: "bob" });
    expect(
      (await crates.refused("PATCH /batch?dryRun=true", { all: true, patch: {} }, { user: "al" })).body,
    ).toMatchObject({ count: 0, sample: [] });
  });
});

describe("confirmation", () => {
  it("[HT32] over 100 rows a filter batch needs the token: 428 without, and with the token it runs", async () => {
    const room = await filled();
    const without = await room.refused("PATCH /batch", all);
    expect(without.body).toMatchObject({ status: 428, code: "PRECONDITION_REQUIRED", header: "Ledge-Confirm" });
    const { confirm } = (await room.send("PATCH /batch?dryRun=true", all)).body;
    expect((await room.send("PATCH /batch", all, confirmed(confirm))).body).toEqual({ count: 120, seq: 2 });
  });

  it("[HT32] up to 100 rows none is needed, nor where the table does not ask", async () => {
    const room = await filled();
    expect((await room.send("PATCH /batch", { filter: `id<="${uid(100)}"`, patch: { rank: 1 } })).body).toMatchObject({
      count: 100,
    });
  });

  it("[HT32] the token is bound to filter, patch, operation, caller, table and partition", async () => {
    const room = await filled();
    const { confirm } = (await room.send("PATCH /batch?dryRun=true", all, { user: "al" })).body;
    const token = confirmed(confirm);
    expect(
      (await room.refused("PATCH /batch", { all: true, patch: { rank: 2 } }, { user: "al", ...token })).status,
    ).toBe(428);
    expect(
      (await room.refused("PATCH /batch", { filter: "rank==0", patch: { rank: 1 } }, { user: "al", ...token })).status,
    ).toBe(428);
    expect((await room.refused("DELETE /batch", { all: true }, { user: "al", ...token })).status).toBe(428);
    expect((await room.refused("PATCH /batch", all, { user: "bob", ...token })).status).toBe(428);
    expect((await room.refused("PATCH /batch", all, token)).status).toBe(428);
    expect((await (await filled()).refused("PATCH /batch", all, { user: "al", ...token })).status).toBe(428);
    expect((await room.send("PATCH /batch", all, { user: "al", ...token })).status).toBe(200);
  });

  it("[HT32] a token that was changed, or is older than five minutes, confirms nothing", async () => {
    const room = await filled();
    const confirm = String((await room.send("PATCH /batch?dryRun=true", all)).body.confirm);
    const [expires = "", mac = ""] = confirm.split(".");
    expect(Number(expires) - Date.now()).toBeLessThanOrEqual(300_000);
    expect(Number(expires) - Date.now()).toBeGreaterThan(290_000);
    for (const wrong of [
      `${Number(expires) + 1}.${mac}`,
      `${Number(expires) - 400_000}.${mac}`,
      `${expires}.${"A".repeat(43)}`,
      "x",
      "",
    ]) {
      expect((await room.refused("PATCH /batch", all, confirmed(wrong))).status, wrong).toBe(428);
    }
  });

  it("[HT32] a token of another secret confirms nothing, one of the secret before does", async () => {
    const room = await filled();
    const secret = "another-secret-another-secret-another-0";
    const ask = async (path: string, more: object, headers: Record<string, string> = {}) => {
      const init = {
        method: "PATCH",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(all),
      };
      return app.request(`http://localhost${room.path}${path}`, init, { ...env, ...more } as never);
    };
    const { confirm } = (await (await ask("/batch?dryRun=true", { LEDGE_SECRET: secret })).json()) as {
      confirm: string;
    };
    expect((await ask("/batch", {}, { "ledge-confirm": confirm })).status).toBe(428);
    expect((await ask("/batch", { LEDGE_SECRET_OLD: secret }, { "ledge-confirm": confirm })).status).toBe(200);
  });
});
