/**
 * What an operation costs, in the units that are billed: rows written, rows read, calls to objects. Counted by SQLite's own cursors, on
 * the real object; not timed.
 */

import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { type CountedRows, countRows } from "../support/count-rows.ts";
import { inspect, send } from "../support/scenario.ts";
import { uid } from "./batch-support.ts";
import { type Bank, openBank } from "./transaction-support.ts";

/** Runs requests while the storage of one object counts. */
function costOf(object: string, run: () => Promise<void>): Promise<CountedRows> {
  return countRows(env.LEDGE_TABLES.getByName(object), run);
}

const create = (path: string, body: object) => async () => {
  const result = await send({ to: `POST ${path}`, body });
  expect(result.status, result.text).toBe(201);
};

describe("cost", () => {
  it("[CL1] a create writes its row, the key's index, its own indexes and one ledger row, nothing else", async () => {
    await create("/api/items_alone", { name: "warm" })();
    const alone = await costOf("t/test/items_alone", create("/api/items_alone", { name: "a" }));
    // The row, the index of its text key, items_alone_rank, and the ledger row.
    expect(alone.written).toBe(4);
    await create("/api/counters", { name: "warm" })();
    const counter = await costOf("t/test/counters", create("/api/counters", { name: "a" }));
    // An integer key is the row's own: the row and the ledger row.
    expect(counter.written).toBe(2);
  });

  it("[CL1] a patch writes its row, the indexes of what changed, and one ledger row; one that changes nothing writes nothing", async () => {
    const kept: Record<string, Record<string, unknown>> = {};
    await send({ to: "POST /api/items_alone", body: { name: "a", rank: 1 }, as: "row" }, kept);
    const patch = (body: object) => async () => {
      expect((await send({ to: "PATCH /api/items_alone/{row.id}", body }, kept)).status).toBe(200);
    };
    expect((await costOf("t/test/items_alone", patch({ name: "b" }))).written).toBe(2);
    // An index entry moves with it.
    expect((await costOf("t/test/items_alone", patch({ rank: 2 }))).written).toBe(3);
    expect((await costOf("t/test/items_alone", patch({ rank: 2 }))).written).toBe(0);
  });

  it("[HT41] a key costs one row more, and an alarm where none was waiting", async () => {
    await send({ to: "POST /api/counters", body: { name: "warm" }, headers: { "idempotency-key": "warm" } });
    const keyed = async () => {
      expect(
        (await send({ to: "POST /api/counters", body: { name: "a" }, headers: { "idempotency-key": "k1" } })).status,
      ).toBe(201);
    };
    expect((await costOf("t/test/counters", keyed)).written).toBe(3);
    // The repetition only reads.
    expect((await costOf("t/test/counters", keyed)).written).toBe(0);
  });

  it("[HT71] a key of the Worker's form makes the object look where the key says, not through its ledger", async () => {
    for (let n = 0; n < 3; n++) {
      const items = Array.from({ length: 100 }, (_, index) => ({ name: `k${n}.${index}` }));
      expect((await send({ to: "POST /api/counters/batch", body: { items } })).status).toBe(201);
    }
    for (let n = 0; n < 200; n++) await create("/api/counters", { name: `a${n}` })();
    const hourAgo = (Date.now() - 3_600_000).toString(16).padStart(12, "0");
    const key = `retry-${hourAgo.slice(0, 8)}-${hourAgo.slice(8)}-7000-8000-000000000000`;
    const keyed = async () => {
      const body = { name: "b" };
      const { status } = await send({ to: "POST /api/counters", body, headers: { "idempotency-key": key } });
      expect(status).toBe(201);
    };
    expect((await costOf("t/test/counters", keyed)).read).toBeLessThan(60);
  });

  it("[R2] a get reads its row; a 304 of a list reads nothing", async () => {
    const kept: Record<string, Record<string, unknown>> = {};
    await send({ to: "POST /api/items_alone", body: { name: "a" }, as: "row" }, kept);
    const get = async () => {
      expect((await send({ to: "GET /api/items_alone/{row.id}" }, kept)).status).toBe(200);
    };
    const one = await costOf("t/test/items_alone", get);
    expect(one).toEqual({ read: 1, written: 0 });
    const { headers } = await send({ to: "GET /api/items_alone" });
    const again = await costOf("t/test/items_alone", async () => {
      expect(
        (await send({ to: "GET /api/items_alone", headers: { "if-none-match": headers.get("etag") ?? "" } })).status,
      ).toBe(304);
    });
    expect(again).toEqual({ read: 0, written: 0 });
  });

  it("[PG4] a page deep in a walk reads no more rows than the first one", async () => {
    for (let n = 0; n < 200; n += 100) {
      const items = Array.from({ length: 100 }, (_, index) => ({ name: `n${n + index}`, rank: n + index + 1000 }));
      expect((await send({ to: "POST /api/items_alone/batch", body: { items } })).status).toBe(201);
    }
    const page = async (cursor: string | null) => {
      let next: string | null = null;
      const cost = await costOf("t/test/items_alone", async () => {
        const { body } = await send({
          to: `GET /api/items_alone?limit=10${cursor === null ? "" : `&cursor=${cursor}`}`,
        });
        next = body.nextCursor as string | null;
      });
      return { cost, next };
    };
    const first = await page(null);
    let last = first;
    for (let n = 0; n < 15; n++) last = await page(last.next);
    expect(last.cost.read).toBeLessThanOrEqual(first.cost.read + 2);
  });

  it("[PG4] a page deep in a walk by a column with NULLs reads no more rows than the first one, among values and among NULLs", async () => {
    for (let n = 0; n < 300; n += 100) {
      const items = Array.from({ length: 100 }, (_, index) => ({ rank: index % 2 === 0 ? null : n + index }));
      expect((await send({ to: "POST /api/nullable/batch", body: { items } })).status).toBe(201);
    }
    const { body } = await send({ to: "GET /api/nullable/count" });
    for (const orderBy of ["rank", "-rank,-id"]) {
      let cursor: string | null = null;
      const reads: number[] = [];
      do {
        const cost = await costOf("t/test/nullable", async () => {
          const { body } = await send({
            to: `GET /api/nullable?limit=10&orderBy=${orderBy}${cursor === null ? "" : `&cursor=${cursor}`}`,
          });
          cursor = body.nextCursor as string | null;
        });
        reads.push(cost.read);
      } while (cursor !== null);
      expect(reads).toHaveLength(Math.ceil((body.count as number) / 10));
      expect(Math.max(...reads)).toBeLessThanOrEqual(24);
    }
  });

  it("[CL4] pruning a full ledger costs one row deleted a commit, and nothing before", async () => {
    // The ledger of this table keeps ten commits and prunes every 64.
    const write = async () => {
      for (let n = 0; n < 64; n++) await create("/api/shortlog", { title: "quiet" })();
    };
    await create("/api/shortlog", { title: "quiet" })();
    const filling = await costOf("t/test/shortlog", write);
    const steady = await costOf("t/test/shortlog", write);
    // Row, key index, ledger row; and, once in 64 commits, what is beyond ten.
    expect(filling.written).toBe(64 * 3 + 54);
    expect(steady.written).toBe(64 * 3 + 64);
  });

  it("[CL4] a ledger that is far from full is looked at once in 64 commits, and one row of it", async () => {
    const write = async () => {
      for (let n = 0; n < 64; n++) await create("/api/items_alone", { name: `u${n}` })();
    };
    await write();
    await write();
    const cost = await costOf("t/test/items_alone", write);
    expect(cost.written).toBe(64 * 4);
    // Of each create, the row that it may not find.
    expect(cost.read).toBeLessThanOrEqual(64 + 2);
  });

  it("[TX1] a transaction writes its rows and one ledger row; a trial and a Worker's key cost none", async () => {
    const operations = (from: number) =>
      [0, 1, 2].map((at) => ({ op: "create", resource: "counters", as: `c${at}`, data: { name: `n${from + at}` } }));
    const post = (list: object[]) => async () => {
      const result = await send({ to: "POST /api/transaction", body: { operations: list } });
      expect(result.status, result.text).toBe(200);
    };
    await create("/api/counters", { name: "warm" })();
    expect((await costOf("t/test/counters", post(operations(0)))).written).toBe(4);
    const reads = [{ op: "list", resource: "counters", limit: 2 }];
    expect((await costOf("t/test/counters", post(reads))).written).toBe(0);
  });
});

describe("a transaction over several objects", () => {
  it("[TP4] a further object pays four rows beside the user's own, which are written twice: the promise, in and out, its ledger row and where that is found", async () => {
    const banks = [openBank("cost"), openBank("cost")].sort((a, b) => (a.object < b.object ? -1 : 1));
    const [decider, other] = banks as [Bank, Bank];
    const post = (n: number) => async () => {
      const line = ({ room }: Bank, as: string) => ({
        ...{ op: "create", resource: "lines", partition: room, as, data: { id: uid(n) } },
      });
      const result = await decider.post([line(decider, "x"), line(other, "y")]);
      expect(result.status, result.text).toBe(200);
      const held = () => inspect(other.object, "SELECT txid FROM _prepared");
      await expect.poll(held).toEqual([]);
    };
    await post(1)();
    const rowAndKey = 2;
    // The user's rows count twice: a promise runs its part and rolls it back.
    expect((await costOf(other.object, post(2))).written).toBe(2 * rowAndKey + 4);
    // The ledger row and where it is found; the decision, that it is not confirmed, that an earlier one is, and the reply.
    expect((await costOf(decider.object, post(3))).written).toBe(rowAndKey + 2 + 4);
  });
});
