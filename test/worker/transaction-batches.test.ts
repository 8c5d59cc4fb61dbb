/** `where` in a list of operations is a batch, and what a table says of batches holds for it ([HT13] [HT32] [HT54]). */

import { describe, expect, it } from "vitest";
import { send } from "../support/scenario.ts";
import { openRoom, uid } from "./batch-support.ts";
import { serve } from "./transaction-support.ts";

/** A room with rows of a table, all put there by one transaction. */
async function filled(table: string, count: number, data: object = {}) {
  const room = openRoom(table);
  const partition = room.path.split("/")[2]?.slice(1) ?? "";
  for (let from = 0; from < count; from += 90) {
    const operations = Array.from({ length: Math.min(90, count - from) }, (_, index) => ({
      ...{ op: "create", resource: table, partition, as: `n${index}`, data: { id: uid(from + index + 1), ...data } },
    }));
    const made = await send({ to: "POST /api/transaction", user: "alice", body: { operations } });
    expect(made.status, made.text).toBe(200);
  }
  const post = (operation: object) =>
    send({
      to: "POST /api/transaction",
      user: "alice",
      body: { operations: [{ resource: table, partition, ...operation }] },
    });
  return { ...room, partition, post };
}

describe("rows by where", () => {
  it("[HT13] [HT54] a table without batches has none here either; by id it has its operations, and code may", async () => {
    const room = await filled("singles", 2);
    for (const operation of [
      { op: "delete", all: true },
      { op: "update", where: 'title=="x"', data: { title: "y" } },
      { op: "delete", where: { title: "x" } },
    ]) {
      const result = await room.post(operation);
      expect([result.status, result.body.index], result.text).toEqual([404, 0]);
    }
    expect(await room.rows()).toHaveLength(2);
    expect((await room.post({ op: "read", where: `id=="${uid(1)}"` })).status).toBe(200);
    expect((await room.post({ op: "delete", id: uid(1) })).status).toBe(200);
    const own = await serve((ctx) =>
      ctx.transaction(async (tx) => tx.table("singles", room.partition).delete({ title: null })),
    );
    expect(own.body, own.text).toMatchObject({ count: 1 });
  });

  it("[HT32] [HT54] where large batches are confirmed, a list cannot touch more than a hundred rows", async () => {
    const room = await filled("bulks", 101);
    for (const operation of [
      { op: "delete", all: true },
      { op: "update", where: "rank>=0", data: { rank: 1 } },
    ]) {
      const result = await room.post(operation);
      expect([result.status, result.body.header, result.body.index], result.text).toEqual([428, "Ledge-Confirm", 0]);
      expect(result.body.detail).toContain("a batch of its own");
    }
    expect(await room.rows()).toHaveLength(101);
    await room.post({ op: "delete", id: uid(1) });
    const result = await room.post({ op: "update", where: "rank>=0", data: { rank: 1 } });
    expect(result.body.results, result.text).toMatchObject({ bulks: { count: 100 } });
  });
});
