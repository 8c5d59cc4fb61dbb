/**
 * What a promised part of a transaction means for everybody else: single writes wait, reads ask, a restart forgets nothing ([TX16] [TX32]
 * [TX46]). The driver is played by the test, so that a transaction stays between its two phases for as long as it takes.
 */

import { abortAllDurableObjects, env, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { TRANSACTION_MS } from "../../src/core/commit/commit-limits.ts";
import { uuidv7 } from "../../src/core/ids.ts";
import type { TransactionStep } from "../../src/core/protocol/transaction-call.ts";
import type { PartWork } from "../../src/core/transaction/part-work.ts";
import type { TableNamespace } from "../../src/edge/env.ts";
import { inspect, send } from "../support/scenario.ts";
import { app } from "../support/test-app.ts";
import { uid } from "./batch-support.ts";
import { type Bank, openBank } from "./transaction-support.ts";

const newTxid = () => uuidv7(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
const agree = async ({ object }: Bank, message: object) =>
  JSON.parse(await (env.LEDGE_TABLES as unknown as TableNamespace).getByName(object).agree(JSON.stringify(message)));

/** The part that sets the balance of wallet 1 in a room. */
function setBalance({ room }: Bank, balance: number, more: Partial<PartWork> = {}): PartWork {
  const step: TransactionStep = {
    index: 0,
    as: "w",
    table: "wallets",
    resource: "wallets",
    op: "update",
    scopes: { read: "*", update: "*" },
    when: null,
    require: null,
    expect: null,
    action: {
      kind: "ready",
      work: {
        kind: "write",
        write: { intent: { op: "update", id: uid(1), input: { balance } }, invalid: [] },
        conditions: {},
      },
    },
    drawn: null,
  };
  const header = {
    table: "wallets",
    partition: room,
    requestId: "r",
    traceparent: "t",
    principal: { kind: "anonymous" },
  };
  return {
    header: header as PartWork["header"],
    facts: { txid: newTxid(), nowMs: Date.now(), seed: "0".repeat(32), isolation: "serializable" },
    steps: [step],
    seen: null,
    whole: null,
    ...more,
  };
}

const prepare = (bank: Bank, decider: Bank, txid: string, work: PartWork, startedAtMs = Date.now()) =>
  agree(bank, {
    kind: "prepare",
    v: 1,
    txid,
    decider: decider.object,
    deadlineMs: startedAtMs + TRANSACTION_MS,
    priority: { sinceMs: startedAtMs, id: txid },
    work,
    holdsElsewhere: true,
    supersedes: [],
  });

/** Decides without telling the participant, as if every message to it were lost. */
const decideAlone = (decider: Bank, txid: string) =>
  agree(decider, {
    kind: "decide",
    v: 1,
    txid,
    decider: decider.object,
    deadlineMs: Date.now() + TRANSACTION_MS,
    priority: { sinceMs: Date.now(), id: txid },
    work: { ...setBalance(decider, 0), steps: [], whole: { effects: [], shown: {}, value: null } },
    participants: [],
    idempotency: { key: txid, fingerprint: "*", ttlMs: 1000 },
    awaits: [],
  });

async function withWallet(
  balance = 10,
): Promise<{ readonly bank: Bank; readonly decider: Bank; readonly txid: string }> {
  const bank = openBank("held");
  const decider = openBank("decider");
  const create = {
    op: "create",
    resource: "wallets",
    data: { id: uid(1), ownerId: "alice", balance, code: bank.room },
  };
  const other = { op: "create", resource: "wallets", as: "two", data: { id: uid(2), ownerId: "alice", balance: 1 } };
  expect((await bank.post([create, other])).status).toBe(200);
  return { bank, decider, txid: newTxid() };
}

const balanceOf = async (bank: Bank) => (await bank.send(`GET /wallets/${uid(1)}`)).body.balance;
const patch = (bank: Bank, balance: number, n = 1) => bank.send(`PATCH /wallets/${uid(n)}`, { balance });

describe("a row that a transaction has promised", () => {
  it("[TX32] a single write of it waits for the outcome, and goes on from there; others do not wait", async () => {
    const { bank, decider, txid } = await withWallet();
    expect(await prepare(bank, decider, txid, setBalance(bank, 20))).toMatchObject({ kind: "yes", hasChanges: true });
    const order: string[] = [];
    const waiting = patch(bank, 30).then(({ status }) => order.push(`held ${status}`));
    const free = patch(bank, 5, 2).then(({ status }) => order.push(`free ${status}`));
    await free;
    expect(order).toEqual(["free 200"]);
    await agree(bank, { kind: "commit", v: 1, txid, parts: [bank.object] });
    await waiting;
    expect(order).toEqual(["free 200", "held 200"]);
    const seqs = await inspect(bank.object, "SELECT seq, txid FROM _log ORDER BY seq");
    expect(seqs.map((each) => each.txid === txid)).toEqual([false, false, true, false]);
    expect(await balanceOf(bank)).toBe(30);
  });

  it("[TX32] after two seconds the write answers 409 transaction-conflict", async () => {
    const { bank, decider, txid } = await withWallet();
    await prepare(bank, decider, txid, setBalance(bank, 20));
    const refused = await patch(bank, 30);
    expect(refused.body, refused.text).toMatchObject({ status: 409, code: "TRANSACTION_CONFLICT", retryable: true });
    await agree(bank, { kind: "abort", v: 1, txid });
    expect((await patch(bank, 30)).status).toBe(200);
  });

  it("[TX32] so do deletes, batches, rows under a filter and writes of its unique value", async () => {
    const { bank, decider, txid } = await withWallet();
    await prepare(bank, decider, txid, setBalance(bank, 20));
    const refused = await Promise.all([
      bank.send(`DELETE /wallets/${uid(1)}`),
      bank.send("PATCH /wallets/batch", {
        items: [
          { id: uid(2), balance: 3 },
          { id: uid(1), balance: 3 },
        ],
      }),
      bank.send("PATCH /wallets/batch", { filter: "balance==20", patch: { name: "x" } }),
      bank.send("PATCH /wallets/batch", { filter: "balance==10", patch: { name: "x" } }),
      bank.send("POST /wallets", { id: uid(3), ownerId: "alice", code: bank.room }),
      bank.send("POST /lines", { id: uid(3), walletId: uid(1) }),
    ]);
    expect(refused.map(({ status, body }) => [status, body.code])).toEqual(
      refused.map(() => [409, "TRANSACTION_CONFLICT"]),
    );
    await agree(bank, { kind: "abort", v: 1, txid });
  });

  it("[TX16] a read of it answers the old row while nothing is decided", async () => {
    const { bank, decider, txid } = await withWallet();
    await prepare(bank, decider, txid, setBalance(bank, 20));
    expect(await balanceOf(bank)).toBe(10);
    const list = await bank.send("GET /wallets?filter=balance>=0");
    expect((list.body.items as unknown[]).length).toBe(2);
    expect(await inspect(bank.object, "SELECT txid FROM _prepared")).toHaveLength(1);
    await agree(bank, { kind: "abort", v: 1, txid });
  });

  it("[TX16] [TX45] once it is decided, every read has the new row, although nobody told the object", async () => {
    const { bank, decider, txid } = await withWallet();
    await prepare(bank, decider, txid, setBalance(bank, 20));
    expect(await decideAlone(decider, txid)).toMatchObject({ kind: "committed" });
    const [one, list, count, tagged] = await Promise.all([
      balanceOf(bank),
      bank.send("GET /wallets?filter=balance==20"),
      bank.send("GET /wallets/count?filter=balance==10"),
      bank.post([{ op: "read", resource: "wallets", id: uid(1), as: "w" }]),
    ]);
    expect(one).toBe(20);
    expect((list.body.items as unknown[]).length).toBe(1);
    expect(count.body.count).toBe(0);
    expect((tagged.body.results as { w: { balance: number } }).w.balance).toBe(20);
    expect(await inspect(bank.object, "SELECT txid FROM _prepared")).toEqual([]);
  });

  it("[TX17] consistency=committed takes the last committed row and waits for nothing, whatever is decided elsewhere", async () => {
    const { bank, decider, txid } = await withWallet();
    await prepare(bank, decider, txid, setBalance(bank, 20));
    await decideAlone(decider, txid);
    const committed = { isolation: "committed" };
    const [one, list, count, aggregate, read] = await Promise.all([
      bank.send(`GET /wallets/${uid(1)}?consistency=committed`),
      bank.send("GET /wallets?filter=balance==20&consistency=committed"),
      bank.send("GET /wallets/count?filter=balance==10&consistency=committed"),
      bank.send("GET /wallets/aggregate?max=balance&consistency=committed"),
      bank.post([{ op: "read", resource: "wallets", id: uid(1), as: "w" }], { body: committed }),
    ]);
    expect([one.body.balance, list.body.items, count.body.count]).toEqual([10, [], 1]);
    expect(aggregate.text).toContain("10");
    expect((read.body.results as { w: { balance: number } }).w.balance).toBe(10);
    expect(await inspect(bank.object, "SELECT txid FROM _prepared")).toHaveLength(1);
    expect(await balanceOf(bank)).toBe(20);
  });

  it("[TX17] what a committed transaction writes, and what its condition is about, waits for the outcome all the same", async () => {
    const { bank, decider, txid } = await withWallet();
    const { body } = await bank.post([{ op: "read", resource: "wallets", id: uid(1), as: "w" }]);
    const [{ version }] = body.steps as [{ version: string }];
    await prepare(bank, decider, txid, setBalance(bank, 20));
    const update = { op: "update", resource: "wallets", id: uid(1), ifVersion: version, data: { balance: 10 } };
    const waiting = bank.post([update], { body: { isolation: "committed" } });
    // A write that is free comes after it and is done: the other one did not go by.
    expect((await patch(bank, 5, 2)).status).toBe(200);
    await agree(bank, { kind: "commit", v: 1, txid, parts: [bank.object] });
    expect((await waiting).body).toMatchObject({ status: 412 });
    expect(await balanceOf(bank)).toBe(20);
  });

  it("[TX16] an unchanged tag is not believed while what it is about is being decided", async () => {
    const { bank, decider, txid } = await withWallet();
    const first = await bank.send(`GET /wallets/${uid(1)}`);
    const headers = { "if-none-match": String(first.headers.get("etag")) };
    await prepare(bank, decider, txid, setBalance(bank, 20));
    expect((await bank.send(`GET /wallets/${uid(1)}`, undefined, { headers })).status).toBe(304);
    await decideAlone(decider, txid);
    expect((await bank.send(`GET /wallets/${uid(1)}`, undefined, { headers })).status).toBe(200);
  });

  it("[TX46] a restart forgets no promise: the row stays held, and a read finds out", async () => {
    const { bank, decider, txid } = await withWallet();
    await prepare(bank, decider, txid, setBalance(bank, 20));
    await decideAlone(decider, txid);
    await abortAllDurableObjects();
    expect((await patch(bank, 21)).status).toBe(409);
    expect(await balanceOf(bank)).toBe(20);
    expect((await patch(bank, 21)).status).toBe(200);
  });

  it("[TX46] the alarm asks for the outcome when nobody reads, and ends what was never decided", async () => {
    const { bank, decider, txid } = await withWallet();
    const startedAtMs = Date.now() - TRANSACTION_MS + 500;
    expect(await prepare(bank, decider, txid, setBalance(bank, 20), startedAtMs)).toMatchObject({ kind: "yes" });
    const stub = env.LEDGE_TABLES.getByName(bank.object);
    const alarm = await runInDurableObject(stub, (_instance, state) => state.storage.getAlarm());
    expect(alarm).not.toBeNull();
    await expect
      .poll(() => inspect(bank.object, "SELECT txid FROM _prepared"), { timeout: 15_000, interval: 200 })
      .toEqual([]);
    expect(await inspect(decider.object, "SELECT parts FROM _decided")).toEqual([{ parts: null }]);
    expect(await balanceOf(bank)).toBe(10);
  });

  it("[TX47] an operator sees what is held, and ends it through its decision, which cannot undo a commit", async () => {
    const { bank, decider, txid } = await withWallet();
    await prepare(bank, decider, txid, setBalance(bank, 20));
    const held = await agree(bank, { kind: "held", v: 1 });
    expect(held).toMatchObject([{ txid, decider: decider.object, preparedAtMs: expect.any(Number) }]);
    const shown = { txid, object: bank.object, decider: decider.object, ageMs: expect.any(Number) };
    // An object is listed from its registration on, which follows its first request.
    await expect
      .poll(async () => (await send({ to: "GET /_/transactions", user: "root,role=admin" })).body)
      .toMatchObject({ silent: [], transactions: expect.arrayContaining([shown]) });
    const end = (which: string) => send({ to: `DELETE /_/transactions/${which}`, user: "root,role=admin" });
    expect((await end(txid)).body).toEqual({ txid, outcome: "aborted" });
    expect(await inspect(bank.object, "SELECT txid FROM _prepared")).toEqual([]);
    expect(await balanceOf(bank)).toBe(10);
    const second = newTxid();
    await prepare(bank, decider, second, setBalance(bank, 30));
    await decideAlone(decider, second);
    expect((await end(second)).body).toEqual({ txid: second, outcome: "committed" });
    expect(await balanceOf(bank)).toBe(30);
    expect((await end(second)).status).toBe(404);
  });

  it("[TX47] only administrators see what is held, outside development", async () => {
    for (const [method, path] of [
      ["GET", "/_/transactions"],
      ["DELETE", `/_/transactions/${newTxid()}`],
    ] as const) {
      const reply = await app.request(path, { method }, { ...env, LEDGE_ENV: "production" } as never);
      expect(reply.status).toBe(401);
    }
  });

  it("[TP6] values that change places are applied in whatever order they come", async () => {
    const { bank, decider, txid } = await withWallet();
    const swap = (n: number, code: string | null, index: number): TransactionStep => {
      const [step] = setBalance(bank, 0).steps as [TransactionStep];
      const intent = { op: "update", id: uid(n), input: { code } } as const;
      const work = { kind: "write", write: { intent, invalid: [] }, conditions: {} } as const;
      return { ...step, index, as: `s${index}`, action: { kind: "ready", work } };
    };
    expect((await bank.send(`PATCH /wallets/${uid(2)}`, { code: "two" })).status).toBe(200);
    const work = {
      ...setBalance(bank, 0),
      steps: [swap(1, "free", 0), swap(2, bank.room, 1), swap(1, "two", 2)],
    };
    expect(await prepare(bank, decider, txid, work)).toMatchObject({ kind: "yes" });
    expect(await agree(bank, { kind: "commit", v: 1, txid, parts: [bank.object] })).toEqual({ seq: 3 });
    expect((await bank.rows("wallets")).map(({ code }) => code)).toEqual(["two", bank.room]);
  });

  it("[TP17] messages of the protocol have no route", async () => {
    for (const path of ["/api/agree", "/api/prepare", "/api/decide", "/_/agree", "/api/transaction/agree"])
      expect((await send({ to: `POST ${path}`, user: "alice", body: {} })).status, path).toBe(404);
  });
});
