/** Transactions whose tables lie in several objects, through real objects ([TX1] [TX2] [TX15] [TX33]). */

import { describe, expect, it } from "vitest";
import { inspect, type Result } from "../support/scenario.ts";
import { hookLog } from "../support/test-tables.ts";
import { uid } from "./batch-support.ts";
import { type Bank, openBank, resultsOf } from "./transaction-support.ts";

/** Two rooms: `a` decides, being the first by name. */
function openRooms(): { readonly a: Bank; readonly b: Bank } {
  const [first, second] = [openBank("across"), openBank("across")].sort((x, y) => (x.object < y.object ? -1 : 1));
  return { a: first as Bank, b: second as Bank };
}

const wallet = (n: number, room: string, balance = 0, more: object = {}) => ({
  op: "create",
  resource: "wallets",
  partition: room,
  data: { id: uid(n), ownerId: "alice", balance },
  ...more,
});
const line = (n: number, room: string, more: object = {}) => ({
  op: "create",
  resource: "lines",
  partition: room,
  data: { id: uid(n) },
  ...more,
});

/** What the protocol still holds in an object. */
async function leftIn({ object }: Bank): Promise<unknown> {
  const tables = ["_prepared", "_unsettled"];
  return Promise.all(tables.map((table) => inspect(object, `SELECT * FROM ${table}`)));
}

const settled = (...banks: Bank[]) =>
  expect.poll(() => Promise.all(banks.map(leftIn)), { timeout: 5_000 }).toEqual(banks.map(() => [[], []]));

const ok = (result: Result) => {
  expect(result.status, result.text).toBe(200);
  return result.body as unknown as {
    txid: string;
    steps: { index: number; status: string; version?: string }[];
    seqs: { resource: string; partition: string; token?: string; txid?: string }[];
  };
};

describe("a transaction over two objects", () => {
  it("[TX2] commits in both, as one transaction in both ledgers", async () => {
    const { a, b } = openRooms();
    const result = await a.post([wallet(1, a.room, 5), wallet(2, b.room, 7, { as: "other" })]);
    const body = ok(result);
    expect(resultsOf(result)).toMatchObject({ wallets: { balance: 5 }, other: { balance: 7 } });
    expect(body.steps.map(({ index, status }) => [index, status])).toEqual([
      [0, "done"],
      [1, "done"],
    ]);
    expect(body.seqs).toEqual([
      { resource: "wallets", partition: b.room, txid: body.txid },
      { resource: "wallets", partition: a.room, token: expect.stringMatching(/^[a-z2-7]{16}:1$/) },
    ]);
    await settled(a, b);
    for (const bank of [a, b]) {
      const [entry] = await inspect(bank.object, "SELECT seq, txid, parts FROM _log");
      expect(entry).toMatchObject({ seq: 1, txid: body.txid });
      expect(JSON.parse(String(entry?.parts)).sort()).toEqual([a.object, b.object]);
      expect(await bank.rows("wallets")).toHaveLength(1);
    }
  });

  it("[TX1] what fails on either object leaves nothing on both; the first operation's problem is told", async () => {
    const { a, b } = openRooms();
    ok(await a.post([wallet(1, a.room), wallet(1, b.room, 0, { as: "w" })]));
    await settled(a, b);
    const before = [await a.rows("wallets"), await b.rows("wallets"), await a.seq(), await b.seq()];
    const good = (bank: Bank, n: number) => line(n, bank.room, { as: `line${n}` });
    const bad = (bank: Bank, as = "bad") => ({
      ...{ op: "delete", resource: "wallets", partition: bank.room, id: uid(9), as },
    });
    for (const [operations, index] of [
      [[good(a, 1), bad(b)], 1],
      [[bad(b), good(a, 1)], 0],
      [[good(b, 1), bad(a)], 1],
      [[bad(a), good(b, 1)], 0],
      [[good(a, 1), bad(b), bad(a, "worse")], 1],
      [[good(a, 1), bad(a), bad(b, "worse")], 1],
    ] as const) {
      const result = await a.post(operations);
      expect(result.body, result.text).toMatchObject({ status: 404, index, as: "bad" });
    }
    expect([await a.rows("wallets"), await b.rows("wallets"), await a.seq(), await b.seq()]).toEqual(before);
    expect([...(await a.rows("lines")), ...(await b.rows("lines"))]).toEqual([]);
    await settled(a, b);
  });

  it("[TX5] [HT56] later operations see earlier ones, also of another object", async () => {
    const { a, b } = openRooms();
    const result = await a.post([
      wallet(1, b.room, 5, { as: "w" }),
      line(1, a.room, { as: "l", data: { id: uid(1), text: "{{w.id}} has {{w.balance}}" } }),
      { op: "update", resource: "wallets", partition: b.room, id: "{{w.id}}", as: "u", data: { name: "{{l.text}}" } },
      { op: "list", resource: "wallets", partition: b.room, as: "all", when: "u.balance==5" },
    ]);
    // The text is longer than the name may be.
    expect(result.body, result.text).toMatchObject({ status: 400, index: 2 });
    const second = await a.post([
      wallet(1, b.room, 5, { as: "w" }),
      line(1, a.room, { as: "l", data: { id: uid(1), text: "has {{w.balance}}" } }),
      { op: "update", resource: "wallets", partition: b.room, id: "{{w.id}}", as: "u", data: { name: "{{l.text}}" } },
      { op: "list", resource: "wallets", partition: b.room, as: "all", when: "u.balance==5" },
      { op: "list", resource: "wallets", partition: b.room, as: "none", when: "u.balance==6" },
    ]);
    ok(second);
    expect(resultsOf(second)).toMatchObject({ u: { name: "has 5" }, all: [{ name: "has 5" }], none: null });
    await settled(a, b);
    expect(await b.rows("wallets")).toMatchObject([{ name: "has 5", balance: 5 }]);
  });

  it("[TX6] integer ids are for transactions within one object", async () => {
    const { a, b } = openRooms();
    const stub = { op: "create", resource: "stubs", partition: b.room, data: { title: "a" } };
    const result = await a.post([line(1, a.room), stub]);
    expect(result.body, result.text).toMatchObject({ status: 400, code: "VALIDATION_ERROR" });
    expect(await a.rows("lines")).toEqual([]);
  });

  it("[TX20] at most six objects", async () => {
    const banks = Array.from({ length: 7 }, () => openBank("many"));
    const [first] = banks as [Bank];
    const create = (bank: Bank, index: number) => line(1, bank.room, { as: `l${index}` });
    const result = await first.post(banks.map(create));
    expect(result.body).toMatchObject({ status: 400, code: "TRANSACTION_LIMIT_EXCEEDED", limit: "objects", actual: 7 });
    ok(await first.post(banks.slice(0, 6).map(create)));
    await settled(...banks.slice(0, 6));
  });

  it("[TX33] one key, one effect, one reply, whatever the data has become; another body is 422", async () => {
    const { a, b } = openRooms();
    const headers = { "idempotency-key": `k-${a.room}` };
    const operations = [wallet(1, a.room, 1), wallet(1, b.room, 2, { as: "other" })];
    const first = await a.post(operations, { headers });
    ok(first);
    const second = await a.post(operations, { headers });
    expect(second.text).toBe(first.text);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    const other = await a.post([...operations, line(1, a.room)], { headers });
    expect(other.status, other.text).toBe(422);
    await settled(a, b);
    expect([await a.seq(), await b.seq()]).toEqual([1, 1]);
  });

  it("[TX33] the key that a Worker made for a request without one is as good as a client's", async () => {
    const { a, b } = openRooms();
    const operations = [wallet(1, a.room, 1), wallet(1, b.room, 2, { as: "other" })];
    const first = await a.post(operations);
    ok(first);
    const [stored] = await inspect(a.object, "SELECT key FROM _replies");
    const headers = { "idempotency-key": String(stored?.key).split("|")[1] ?? "" };
    expect(headers["idempotency-key"]).toMatch(/^retry-/);
    const again = await a.post(operations, { headers });
    expect(again.text).toBe(first.text);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
  });

  it("[TX18] a list of reads is consistent over its objects, and writes nothing", async () => {
    const { a, b } = openRooms();
    ok(await a.post([wallet(1, a.room, 1), wallet(1, b.room, 2, { as: "other" })]));
    await settled(a, b);
    const result = await a.post([
      { op: "read", resource: "wallets", partition: a.room, id: uid(1), as: "one" },
      { op: "list", resource: "wallets", partition: b.room, where: 'ownerId=="alice"', as: "two" },
    ]);
    const { seqs, steps } = ok(result);
    expect(resultsOf(result)).toMatchObject({ one: { balance: 1 }, two: [{ balance: 2 }] });
    expect(seqs.map(({ token }) => token)).toEqual([expect.stringMatching(/:1$/), expect.stringMatching(/:1$/)]);
    expect(steps[0]?.version).toMatch(/:1:/);
    expect([await a.seq(), await b.seq()]).toEqual([1, 1]);
    expect(await inspect(a.object, "SELECT * FROM _decided WHERE parts IS NULL")).toEqual([]);
  });

  it("[TX15] transfers between two objects, side by side, lose and make no money", async () => {
    const { a, b } = openRooms();
    ok(await a.post([wallet(1, a.room, 100), wallet(1, b.room, 100, { as: "other" })]));
    const transfer = async (from: Bank, to: Bank) => {
      for (let tries = 0; tries < 20; tries++) {
        const read = await a.post([
          { op: "read", resource: "wallets", partition: from.room, id: uid(1), as: "from" },
          { op: "read", resource: "wallets", partition: to.room, id: uid(1), as: "to" },
        ]);
        if (read.status === 409) continue;
        const { from: giver, to: taker } = resultsOf(read) as { from: { balance: number }; to: { balance: number } };
        const versions = ok(read).steps.map(({ version }) => version);
        const put = (bank: Bank, balance: number, ifVersion: string | undefined, as: string) => ({
          ...{ op: "update", resource: "wallets", partition: bank.room, id: uid(1), as, ifVersion, data: { balance } },
        });
        const moved = await a.post([
          put(from, giver.balance - 1, versions[0], "f"),
          put(to, taker.balance + 1, versions[1], "t"),
        ]);
        if (moved.status === 200) return true;
        expect([409, 412], moved.text).toContain(moved.status);
      }
      return false;
    };
    const moved = await Promise.all([transfer(a, b), transfer(b, a), transfer(a, b), transfer(a, b), transfer(b, a)]);
    expect(moved.filter(Boolean).length).toBeGreaterThan(0);
    await settled(a, b);
    const [left, right] = [await a.rows("wallets"), await b.rows("wallets")];
    expect(Number(left[0]?.balance) + Number(right[0]?.balance)).toBe(200);
  });

  it("[TX31] [HT33] a row may be named as a transaction has left it: by itself and in another transaction, not once somebody else has written it", async () => {
    const { a, b } = openRooms();
    ok(await a.post([wallet(1, a.room), wallet(1, b.room, 0, { as: "other" })]));
    const shown = ok(await a.post([{ op: "read", resource: "wallets", partition: b.room, id: uid(1) }])).steps[0]
      ?.version;
    const put = (bank: Bank, balance: number, more: object = {}) => ({
      ...{
        op: "update",
        resource: "wallets",
        partition: bank.room,
        id: uid(1),
        data: { balance },
        as: bank === a ? "here" : "there",
      },
      ...more,
    });
    const moved = ok(await a.post([put(a, 1), put(b, 1, { ifVersion: shown })]));
    // Where it was not decided, nobody has told its version.
    expect(moved.steps[1]).not.toHaveProperty("version");
    const again = ok(await a.post([put(a, 2), put(b, 2, { ifVersion: `${shown}+${moved.txid}` })]));
    const left = `${shown}+${again.txid}`;
    const patch = (tag: string, balance: number) =>
      b.send(`PATCH /wallets/${uid(1)}`, { balance }, { headers: { "if-match": `"${tag}"` } });
    expect((await patch(`${shown}+${moved.txid}`, 9)).status).toBe(412);
    expect((await patch(left, 3)).status).toBe(200);
    expect((await patch(left, 9)).status).toBe(412);
    expect((await a.post([put(a, 9), put(b, 9, { ifVersion: left })])).status).toBe(412);
    expect((await b.rows("wallets"))[0]?.balance).toBe(3);
    expect((await a.post([put(a, 9), put(b, 9, { ifVersion: `${shown}+${"x".repeat(36)}` })])).status).toBe(400);
  });

  it("[TX36] after-hooks follow the commit, on every object", async () => {
    const { a, b } = openRooms();
    hookLog.length = 0;
    const parcel = (bank: Bank, title: string) => ({
      ...{ op: "create", resource: "parcels", partition: bank.room, as: `at${title.length}`, data: { title } },
    });
    const result = await a.post([parcel(a, "left"), parcel(b, "right")]);
    ok(result);
    expect(resultsOf(result)).toMatchObject({ at4: { stamp: "created" }, at5: { stamp: "created" } });
    await expect
      .poll(() => hookLog.filter((each) => each.startsWith("after")).sort())
      .toEqual(["afterCreate left", "afterCreate right"]);
    const rejected = await a.post([parcel(a, "good"), parcel(b, "throw-inside")]);
    expect(rejected.body, rejected.text).toMatchObject({ status: 409, index: 1 });
    await settled(a, b);
    expect(await a.rows("parcels")).toHaveLength(1);
  });
});
