/** Hooks, effects, idempotency and conflicts of transactions on one object ([TX12] [TX33] [TX36] [TX40]). */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inspect, loggedWhile } from "../support/scenario.ts";
import { delivered, hookLog } from "../support/test-tables.ts";
import { meanwhileIn } from "../support/transaction-tables.ts";
import { uid } from "./batch-support.ts";
import { openBank, resultsOf } from "./transaction-support.ts";

beforeEach(() => {
  hookLog.length = 0;
});
afterEach(() => {
  meanwhileIn.run = null;
});
const parcel = (n: number, title: string, more: object = {}) => ({
  op: "create",
  resource: "parcels",
  data: { id: uid(n), title },
  ...more,
});
const inside = () => hookLog.filter((line) => !line.startsWith("after") && !line.startsWith("before"));

describe("hooks of a transaction", () => {
  it("[TX36] before-hooks run in the Worker, onWrite inside, after-hooks after the commit; each once a row", async () => {
    const bank = openBank();
    const result = await bank.post([parcel(1, "a"), parcel(2, "b"), { op: "create", resource: "lines", data: {} }]);
    expect(result.status, result.text).toBe(200);
    expect(resultsOf(result).parcels).toMatchObject({ title: "a", stamp: "created" });
    await expect
      .poll(() => hookLog.filter((line) => line.startsWith("after")).sort())
      .toEqual(["afterCreate a", "afterCreate b"]);
    expect(hookLog.filter((line) => !line.startsWith("after"))).toEqual([
      "beforeCreate a",
      "beforeCreate b",
      "onWrite create a",
      "onWrite create b",
    ]);
  });

  it("[TX36] a before-hook sees the row as the earlier steps of the transaction leave it", async () => {
    const bank = openBank();
    await bank.post([parcel(1, "first")]);
    const update = (title: string, as: string) => ({
      op: "update",
      resource: "parcels",
      as,
      id: uid(1),
      data: { title },
    });
    const result = await bank.post([update("second", "x"), update("third", "y")]);
    expect(result.status, result.text).toBe(200);
    expect(resultsOf(result)).toMatchObject({ x: { stamp: "was first" }, y: { title: "third", stamp: "was second" } });
    expect(await bank.seq()).toBe(2);
    const swept = await bank.post([
      parcel(2, "other"),
      { op: "update", resource: "parcels", as: "all", all: true, data: { title: "same" } },
      { op: "list", resource: "parcels", as: "rows" },
    ]);
    expect(swept.status, swept.text).toBe(200);
    expect(resultsOf(swept).rows).toMatchObject([{ stamp: "was third" }, { stamp: "was other" }]);
  });

  it("[TX36] an exception of a hook rolls everything back; its message and its place are told, a defect's are not", async () => {
    const bank = openBank();
    const rejected = await bank.refused([
      { op: "create", resource: "lines", data: {} },
      parcel(1, "reject", { as: "p" }),
    ]);
    expect(rejected.body).toMatchObject({ status: 409, detail: "Rejected by the hook", index: 1, as: "p" });
    const inside = await bank.refused([{ op: "create", resource: "lines", data: {} }, parcel(1, "throw-inside")]);
    expect(inside.body).toMatchObject({ status: 409, index: 1, as: "parcels" });
    await loggedWhile(async () => {
      const boom = await bank.refused([parcel(1, "boom")]);
      expect(boom.status).toBe(500);
    });
    await bank.post([parcel(2, "undeletable")]);
    const kept = await bank.refused([{ op: "delete", resource: "parcels", id: uid(2) }]);
    expect(kept.body).toMatchObject({ status: 409, detail: "Stays", index: 0 });
    expect((await bank.refused([{ op: "delete", resource: "parcels", all: true }])).status).toBe(409);
  });

  it("[TX36] a hook does not run for an operation that is skipped, nor after one that fails", async () => {
    const bank = openBank();
    const list = { op: "list", resource: "lines", as: "none" };
    const skipped = await bank.post([list, parcel(1, "never", { when: "none.length>0" })]);
    expect(resultsOf(skipped)).toEqual({ none: [], parcels: null });
    expect(hookLog).toEqual([]);
    const failing = [
      { op: "read", resource: "lines", id: uid(9) },
      { op: "update", resource: "parcels", id: uid(9), data: { title: "x" } },
    ];
    expect((await bank.refused(failing)).body).toMatchObject({ status: 404, index: 0, as: "lines" });
    expect(hookLog).toEqual([]);
  });

  it("[TX12] [TX36] a row that moves while its hook waits starts the transaction anew", async () => {
    const bank = openBank();
    await bank.post([parcel(1, "a"), { op: "create", resource: "lines", data: { id: uid(1) } }]);
    let moves = 2;
    meanwhileIn.run = async () => {
      if (moves-- > 0) {
        const run = meanwhileIn.run;
        meanwhileIn.run = null;
        await bank.post([{ op: "update", resource: "parcels", id: uid(1), data: { title: `moved ${moves}` } }]);
        meanwhileIn.run = run;
      }
    };
    const result = await bank.post([{ op: "update", resource: "parcels", id: uid(1), data: { title: "mine" } }]);
    expect(result.status, result.text).toBe(200);
    expect(resultsOf(result).parcels).toMatchObject({ title: "mine", stamp: "was moved 0" });
  });

  it("[TX30] after five tries the answer is 409 transaction-conflict, retryable, nothing written", async () => {
    const bank = openBank();
    await bank.post([parcel(1, "a")]);
    let moves = 0;
    meanwhileIn.run = async () => {
      moves += 1;
      const run = meanwhileIn.run;
      meanwhileIn.run = null;
      await bank.post([{ op: "update", resource: "parcels", id: uid(1), data: { title: `moved ${moves}` } }]);
      meanwhileIn.run = run;
    };
    const result = await bank.post([{ op: "update", resource: "parcels", id: uid(1), data: { title: "mine" } }]);
    expect(result.body).toMatchObject({ status: 409, code: "TRANSACTION_CONFLICT", retryable: true, tries: 5 });
    expect(result.headers.get("retry-after")).toBe("1");
    expect(moves).toBe(5);
    expect((await bank.rows("parcels"))[0]?.title).toBe("moved 5");
  });

  it("[TX40] effects of hooks come with the commit, once; a rollback leaves none", async () => {
    const bank = openBank();
    const before = delivered.length;
    await bank.refused([parcel(1, "effect"), parcel(2, "throw-inside")]);
    await bank.post([parcel(1, "effect"), { op: "create", resource: "lines", data: {} }]);
    await expect.poll(() => delivered.length).toBe(before + 1);
    expect(delivered.at(-1)?.key).toBe(`bank@${bank.room}:1:0`);
  });
});

describe("idempotency of a transaction", () => {
  const list = (title: string) => [
    { op: "create", resource: "lines", as: "a", data: { text: title } },
    { op: "list", resource: "lines", as: "all" },
    parcel(1, title),
  ];

  it("[TX33] the same key gives the same reply and takes effect once; hooks do not run again", async () => {
    const bank = openBank();
    const headers = { "idempotency-key": "once" };
    const first = await bank.post(list("x"), { headers });
    expect(first.status, first.text).toBe(200);
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    hookLog.length = 0;
    const second = await bank.post(list("x"), { headers });
    expect(second.text).toBe(first.text);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(second.headers.get("ledge-seq")).toBe(first.headers.get("ledge-seq"));
    expect(inside()).toEqual([]);
    expect(await bank.seq()).toBe(1);
    expect((await bank.post(list("y"), { headers })).status).toBe(422);
    expect((await bank.post(list("x"), { headers, user: "bob" })).headers.get("idempotency-replayed")).toBeNull();
  });

  it("[TX33] a failure leaves the key free", async () => {
    const bank = openBank();
    const headers = { "idempotency-key": "free" };
    await bank.refused([parcel(1, "throw-inside")], { headers });
    expect((await bank.post([parcel(1, "fine")], { headers })).status).toBe(200);
  });

  it("[HT71] a key of the Worker's finds its reply in the ledger entry, and costs no row", async () => {
    const bank = openBank();
    const first = await bank.post(list("x"));
    const [entry] = await inspect(bank.object, "SELECT attempt FROM _log");
    const key = String(entry?.attempt).split("|")[1] ?? "";
    expect(await inspect(bank.object, "SELECT 1 FROM _replies")).toEqual([]);
    const again = await bank.post(list("x"), { headers: { "idempotency-key": key } });
    expect(again.text).toBe(first.text);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await bank.seq()).toBe(1);
  });
});

describe("one operation after the other", () => {
  it("[TX26] [HT60] each is its own commit; 200 when all are done", async () => {
    const bank = openBank();
    const result = await bank.post(
      [
        { op: "create", resource: "lines", as: "a", data: { text: "{{{{x" } },
        { op: "create", resource: "lines", as: "b", data: { text: "after {{a.text}}" } },
        { op: "list", resource: "lines", as: "c", when: "b.rank>0" },
      ],
      { body: { atomic: false } },
    );
    expect(result.status, result.text).toBe(200);
    expect(result.body).toMatchObject({
      ok: true,
      results: { a: { text: "{{x" }, b: { text: "after {{x" }, c: null },
      steps: [{ status: "done" }, { status: "done" }, { status: "skipped" }],
    });
    expect(await bank.seq()).toBe(2);
  });

  it("[TX27] [HT60] the first failure stops, nothing is undone: 207 with every step", async () => {
    const bank = openBank();
    const result = await bank.post(
      [
        { op: "create", resource: "lines", as: "a", data: {} },
        { op: "read", resource: "lines", as: "b", id: uid(9) },
        { op: "create", resource: "lines", as: "c", data: {} },
      ],
      { body: { atomic: false } },
    );
    expect(result.status).toBe(207);
    expect(result.body).toMatchObject({
      ok: false,
      steps: [
        { index: 0, status: "done" },
        {
          index: 1,
          status: "failed",
          problem: { status: 404, code: "NOT_FOUND", index: 1, as: "b", instance: "/api/transaction" },
        },
        { index: 2, as: "c", op: "create", resource: "lines", status: "not-run" },
      ],
    });
    expect(await bank.rows("lines")).toHaveLength(1);
  });

  it("[TX28] a repetition with the key passes over what was done and goes on at the step that failed", async () => {
    const bank = openBank();
    const operations = [
      { op: "create", resource: "lines", as: "a", data: { text: "once" } },
      { op: "update", resource: "lines", as: "b", id: uid(5), data: { text: "late" } },
      { op: "create", resource: "lines", as: "c", data: { text: "{{a.id}}" } },
    ];
    const run = () => bank.post(operations, { body: { atomic: false }, headers: { "idempotency-key": "resume" } });
    const first = await run();
    expect(first.status).toBe(207);
    await bank.post([{ op: "create", resource: "lines", data: { id: uid(5) } }]);
    const second = await run();
    expect(second.status, second.text).toBe(200);
    expect(resultsOf(second).a).toEqual(resultsOf(first).a);
    expect(resultsOf(second).c?.text).toBe(resultsOf(first).a?.id);
    expect(await bank.rows("lines")).toHaveLength(3);
    const third = await run();
    expect(third.body.results).toEqual(second.body.results);
    expect(await bank.rows("lines")).toHaveLength(3);
  });

  it("[TX26] tables may lie in several objects", async () => {
    const [one, two] = [openBank(), openBank()];
    const result = await one.post(
      [
        { op: "create", resource: "lines", as: "a", data: { text: "x" } },
        { op: "create", resource: "lines", as: "b", partition: two.room, data: { text: "{{a.id}}" } },
      ],
      { body: { atomic: false } },
    );
    expect(result.status, result.text).toBe(200);
    expect(result.body.seqs).toHaveLength(2);
    expect(result.headers.get("ledge-seq")?.split(", ")).toHaveLength(2);
    expect((await two.rows("lines"))[0]?.text).toBe(resultsOf(result).a?.id);
  });
});

describe("transactions side by side", () => {
  it("[TX15] of transfers that run together none is lost and nothing is made", async () => {
    const bank = openBank();
    await bank.post([
      { op: "create", resource: "wallets", data: { id: uid(1), ownerId: "alice", balance: 100 } },
      { op: "create", resource: "wallets", as: "w2", data: { id: uid(2), ownerId: "alice", balance: 0 } },
    ]);
    const read = async () => {
      const reply = await bank.post([
        { op: "read", resource: "wallets", as: "a", id: uid(1) },
        { op: "read", resource: "wallets", as: "b", id: uid(2) },
      ]);
      return {
        a: resultsOf(reply).a,
        versions: (reply.body.steps as { version: string }[]).map(({ version }) => version),
      };
    };
    const transfer = async (): Promise<number> => {
      const { a, versions } = await read();
      const balance = Number(a?.balance);
      const reply = await bank.post([
        {
          op: "update",
          resource: "wallets",
          as: "x",
          id: uid(1),
          ifVersion: versions[0],
          data: { balance: balance - 1 },
        },
        {
          op: "update",
          resource: "wallets",
          as: "y",
          id: uid(2),
          ifVersion: versions[1],
          data: { balance: 100 - balance + 1 },
        },
      ]);
      return reply.status === 200 ? 1 : 0;
    };
    const won = (await Promise.all(Array.from({ length: 20 }, transfer))).reduce((sum, one) => sum + one, 0);
    expect(won).toBeGreaterThan(0);
    const [one, two] = await bank.rows("wallets");
    expect([one?.balance, two?.balance]).toEqual([100 - won, won]);
  });
});
