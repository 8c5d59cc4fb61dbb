/** `transaction(async tx => …)` on one object ([TX11]–[TX13]), and operations by name of the table. */

import type { RouteContext, Tx } from "ledge";
import { ConflictError } from "ledge";
import { afterEach, describe, expect, it } from "vitest";
import { send } from "../support/scenario.ts";
import { delivered, hookLog } from "../support/test-tables.ts";
import { script } from "../support/transaction-endpoints.ts";
import { uid } from "./batch-support.ts";
import { openBank } from "./transaction-support.ts";

afterEach(() => {
  script.run = null;
});
async function serve(run: (context: RouteContext) => Promise<unknown>, user = "alice") {
  script.run = run;
  return send({ to: "POST /api/script", body: {}, user });
}

describe("a transaction as a callback", () => {
  it("[TX11] sees its own writes, commits once, and its value is the callback's", async () => {
    const bank = openBank();
    const result = await serve((ctx) =>
      ctx.transaction(async (tx) => {
        const lines = tx.table("lines", bank.room);
        const made = await lines.create({ text: "{{not a template}}", rank: 1 });
        lines.update(made.id, { rank: 2 });
        const seen = await lines.get(made.id);
        const many = await lines.findMany({ rank: 2 });
        const count = await lines.count();
        const none = await lines.findOne("rank>5");
        return { seen, many: many.length, count, none };
      }),
    );
    expect(result.body, result.text).toMatchObject({
      seen: { rank: 2, text: "{{not a template}}" },
      many: 1,
      count: 1,
      none: null,
    });
    expect(await bank.seq()).toBe(1);
  });

  it("[TX3] [TX11] what was drawn by chance while it was tried out is what is committed: defaults, ids that hooks make, now", async () => {
    const bank = openBank();
    const result = await serve((ctx) =>
      ctx.transaction(async (tx) => {
        const made = await tx.table("lines", bank.room).create({ text: "drawn" });
        await tx.table("parcels", bank.room).create({ id: uid(1), title: "note" });
        const about = await tx.table("lines", bank.room).findOne({ text: "about note" });
        return { drawn: made.drawn, about: about.id };
      }),
    );
    expect(result.status, result.text).toBe(200);
    const rows = await bank.rows("lines");
    expect(rows.find(({ text }) => text === "drawn")?.drawn).toBe(result.body.drawn);
    expect(rows.find(({ text }) => text === "about note")?.id).toBe(result.body.about);
  });

  it("[TX11] every kind of call, by filter and by id; hooks, masks and scopes are those of requests", async () => {
    const bank = openBank();
    hookLog.length = 0;
    const result = await serve((ctx) =>
      ctx.transaction(async (tx) => {
        const lines = tx.table("lines", bank.room);
        const wallet = await tx.table("wallets", bank.room).create({ ownerId: "alice", code: "c" });
        await tx.table("parcels", bank.room).create({ id: uid(1), title: "p" });
        await lines.upsert({ id: uid(1), text: "a" });
        await lines.upsert({ id: uid(1), rank: 3 });
        await lines.replace(uid(2), { text: "b" });
        const updated = await lines.update({ rank: 0 }, { rank: 9 });
        await lines.delete(uid(1));
        await lines.restore(uid(1));
        const swept = await lines.delete({ rank: 9 });
        return { wallet, updated, swept, left: await lines.findMany(undefined, { orderBy: "-id", limit: 5 }) };
      }),
    );
    expect(result.body, result.text).toMatchObject({
      updated: { count: 1, ids: [uid(2)] },
      swept: { count: 1 },
      left: [{ id: uid(1), text: "a", rank: 3 }],
    });
    expect(result.text).not.toContain("1234");
    expect(hookLog.filter((line) => line.startsWith("before"))).toEqual(["beforeCreate p"]);
  });

  it("[TX11] a failed check rejects its call and dooms the whole, also where it is caught", async () => {
    const bank = openBank();
    const caught: unknown[] = [];
    const result = await serve((ctx) =>
      ctx.transaction(async (tx) => {
        const lines = tx.table("lines", bank.room);
        lines.create({ text: "gone" });
        try {
          await lines.get(uid(9));
        } catch (error) {
          caught.push(error);
        }
        await lines.create({ text: "never" });
        return "done";
      }),
    );
    expect(result.status, result.text).toBe(404);
    expect(caught).toHaveLength(1);
    expect(await bank.seq()).toBe(0);
    const required = await serve((ctx) =>
      ctx.transaction(async (tx) => tx.table("lines", bank.room).require("rank>1")),
    );
    expect(required.body).toMatchObject({ status: 412, reason: "require" });
    const denied = await serve((ctx) =>
      ctx.transaction(async (tx) => tx.table("wallets", bank.room).create({ ownerId: "bob" })),
    );
    expect(denied.status).toBe(403);
  });

  it("[TX13] throwing abandons it; an unawaited call counts; after the end a call fails", async () => {
    const bank = openBank();
    const thrown = await serve((ctx) =>
      ctx.transaction(async (tx) => {
        await tx.table("lines", bank.room).create({ text: "gone" });
        throw new ConflictError("Not enough balance");
      }),
    );
    expect(thrown.body).toMatchObject({ status: 409, detail: "Not enough balance" });
    expect(await bank.seq()).toBe(0);
    let late: unknown;
    const unawaited = await serve((ctx) =>
      ctx.transaction(async (tx) => {
        late = tx;
        tx.table("lines", bank.room).create({ text: "counts" });
      }),
    );
    expect(unawaited.status, unawaited.text).toBe(200);
    expect((await bank.rows("lines")).map(({ text }) => text)).toEqual(["counts"]);
    expect(() => (late as { table(name: string): { count(): unknown } }).table("lines").count()).toThrow("has ended");
    const failing = await serve((ctx) =>
      ctx.transaction(async (tx) => {
        tx.table("lines", bank.room).update(uid(9), { text: "nobody waits" });
      }),
    );
    expect(failing.status).toBe(404);
    const reading = await serve((ctx) =>
      ctx.transaction(async (tx) => {
        tx.table("lines", bank.room).get(uid(9));
        return "fine";
      }),
    );
    expect(reading.status, reading.text).toBe(404);
  });

  it("[TX13] a transaction within a transaction joins it", async () => {
    const bank = openBank();
    await serve((ctx) =>
      ctx.transaction(async (tx) => {
        tx.table("lines", bank.room).create({ text: "outer" });
        await tx.transaction(async (inner) => inner.table("lines", bank.room).create({ text: "inner" }));
      }),
    );
    expect(await bank.seq()).toBe(1);
    expect(await bank.rows("lines")).toHaveLength(2);
  });

  it("[TX12] rows and ranges that were read still hold at the commit, or the callback runs anew", async () => {
    const bank = openBank();
    await bank.post([{ op: "create", resource: "lines", data: { id: uid(1), rank: 1 } }]);
    const disturbed = async (read: "row" | "range", disturb: object) => {
      let runs = 0;
      const result = await serve((ctx) =>
        ctx.transaction(async (tx) => {
          const lines = tx.table("lines", bank.room);
          const seen = read === "row" ? [await lines.get(uid(1))] : await lines.findMany("rank>0");
          if (runs++ === 0) await bank.post([disturb]);
          lines.create({ text: `saw ${seen.length}` });
          return { seen: seen.length, runs };
        }),
      );
      return result.body;
    };
    expect(await disturbed("row", { op: "update", resource: "lines", id: uid(1), data: { text: "x" } })).toMatchObject({
      runs: 2,
    });
    expect(await disturbed("range", { op: "create", resource: "lines", data: { rank: 5 } })).toMatchObject({
      runs: 2,
      seen: 2,
    });
    expect(await disturbed("range", { op: "create", resource: "lines", data: { rank: -5 } })).toMatchObject({
      runs: 1,
    });
    expect(await disturbed("row", { op: "create", resource: "lines", data: { rank: 7 } })).toMatchObject({ runs: 1 });
  });

  it("[TX15] increments that run side by side are all there", async () => {
    const bank = openBank();
    await bank.post([{ op: "create", resource: "lines", data: { id: uid(1), rank: 0 } }]);
    script.run = (ctx) =>
      ctx.transaction(
        async (tx) => {
          const row = await tx.table("lines", bank.room).get(uid(1));
          tx.table("lines", bank.room).update(uid(1), { rank: row.rank + 1 });
        },
        { maxTries: 10 },
      );
    const replies = await Promise.all(Array.from({ length: 8 }, () => send({ to: "POST /api/script", user: "alice" })));
    const done = replies.filter(({ status }) => status === 200).length;
    expect(replies.every(({ status }) => status === 200 || status === 409)).toBe(true);
    expect((await bank.rows("lines"))[0]?.rank).toBe(done);
    expect(done).toBeGreaterThan(0);
  });

  it("[TX40] effects are recorded with the commit; one that was given up leaves none", async () => {
    const bank = openBank();
    const before = delivered.length;
    const run = (isGivenUp: boolean) =>
      serve((ctx) =>
        ctx.transaction(async (tx) => {
          tx.effect("ping", { from: "tx" });
          await tx.table("lines", bank.room).create({});
          if (isGivenUp) throw new ConflictError("No");
        }),
      );
    await run(true);
    await run(false);
    await expect.poll(() => delivered.length).toBe(before + 1);
    const unknown = await serve((ctx) => ctx.transaction(async (tx) => tx.effect("nothing", {})));
    expect(unknown.status).toBe(500);
  });

  it("[TX33] a key gives the first value again; another input is 422; the tables are named", async () => {
    const bank = openBank();
    const tables = [{ table: "lines", partition: bank.room }];
    let runs = 0;
    const run = (input: string) =>
      serve((ctx) =>
        ctx.transaction(
          async (tx) => {
            runs += 1;
            const made = await tx.table("lines", bank.room).create({ text: input });
            return { id: made.id };
          },
          { idempotencyKey: "key", input, tables },
        ),
      );
    const first = await run("a");
    expect(first.status, first.text).toBe(200);
    const again = await run("a");
    expect(again.body).toEqual(first.body);
    expect(runs).toBe(1);
    expect((await run("b")).status).toBe(422);
    const unnamed = await serve((ctx) => ctx.transaction(async () => null, { idempotencyKey: "key" }));
    expect(unnamed.text).toContain("names its tables");
  });

  it("[TP3] a refusal that rests on reads of two objects is told only if all of it still holds", async () => {
    const [one, two] = [openBank(), openBank()];
    for (const bank of [one, two]) await bank.send("POST /lines", { id: uid(1), rank: 1 });
    let runs = 0;
    const refuse = (meanwhile: () => Promise<unknown>) =>
      serve((ctx) =>
        ctx.transaction(async (tx) => {
          runs += 1;
          const first = await tx.table("lines", one.room).get(uid(1));
          const second = await tx.table("lines", two.room).get(uid(1));
          if (runs === 1) await meanwhile();
          if (first.rank === 1) throw new ConflictError(`Refused in run ${runs}`);
          return [first.rank, second.rank];
        }),
      );
    const stands = await refuse(async () => {});
    expect(stands.body).toMatchObject({ status: 409, detail: "Refused in run 1" });
    runs = 0;
    const anew = await refuse(() => one.send(`PATCH /lines/${uid(1)}`, { rank: 5 }));
    expect(anew.body, anew.text).toEqual([5, 1]);
    expect(runs).toBe(2);
  });

  it("[TX2] tables of several objects commit together, and are read at one moment", async () => {
    const [one, two] = [openBank(), openBank()];
    const result = await serve((ctx) =>
      ctx.transaction(async (tx) => {
        const first = await tx.table("lines", one.room).create({ text: "one" });
        const second = await tx.table("lines", two.room).create({ text: `after ${first.text}` });
        return [first.text, second.text];
      }),
    );
    expect(result.body, result.text).toEqual(["one", "after one"]);
    await expect.poll(() => Promise.all([one.seq(), two.seq()])).toEqual([1, 1]);
    const reads = await serve((ctx) =>
      ctx.transaction(async (tx) => [
        await tx.table("lines", one.room).count(),
        await tx.table("lines", two.room).count(),
      ]),
    );
    expect(reads.body, reads.text).toEqual([1, 1]);
    const failed = await serve((ctx) =>
      ctx.transaction(async (tx) => {
        await tx.table("lines", one.room).create({ text: "gone" });
        await tx.table("lines", two.room).create({ text: "gone" });
        throw new ConflictError("No");
      }),
    );
    expect(failed.status).toBe(409);
    expect([await one.seq(), await two.seq()]).toEqual([1, 1]);
  });
});

describe("operations by name of the table", () => {
  it("[TX11] entities have create, findOne, findMany, update, delete and transaction", async () => {
    const title = `entity ${Math.random()}`;
    const result = await serve(async ({ entities }) => {
      const made = await entities.create("notices", { title });
      const found = await entities.findOne("notices", { title });
      const changed = await entities.update("notices", { title }, { title: `${title}!` });
      const many = await entities.findMany("notices", { title: `${title}!` });
      const moved = await entities.transaction(async (tx: Tx<"notices">) => {
        const row = await tx.notices.get(made.id);
        return tx.update("notices", { id: row.id }, { title });
      });
      const removed = await entities.delete("notices", { title });
      return {
        made,
        found,
        changed,
        many: many.length,
        moved,
        removed,
        none: await entities.findOne("notices", { title }),
      };
    });
    expect(result.status, result.text).toBe(200);
    const id = (result.body.made as { id: string }).id;
    expect(result.body).toMatchObject({
      found: { id, title },
      changed: { count: 1, ids: [id] },
      many: 1,
      moved: { count: 1 },
      removed: { count: 1 },
      none: null,
    });
  });
});
