/** Lists of operations over HTTP, on one object ([HT54]–[HT61]). */

import { beforeEach, describe, expect, it } from "vitest";
import { inspect, send } from "../support/scenario.ts";
import { hookLog } from "../support/test-tables.ts";
import { uid } from "./batch-support.ts";
import { openBank, resultsOf } from "./transaction-support.ts";

beforeEach(() => {
  hookLog.length = 0;
});

describe("a list of operations", () => {
  it("[TX1] [HT59] is one commit, with results by name, steps and the position", async () => {
    const bank = openBank();
    const result = await bank.post([
      { op: "create", resource: "wallets", as: "mine", data: { ownerId: "alice", name: "Main", balance: 5 } },
      { op: "create", resource: "lines", data: { walletId: "{{mine.id}}", text: "opened {{mine.name}}" } },
      { op: "list", resource: "lines", as: "all", where: { walletId: "{{mine.id}}" } },
    ]);
    expect(result.status, result.text).toBe(200);
    const { mine, lines, all } = resultsOf(result);
    expect(mine).toMatchObject({ ownerId: "alice", name: "Main", balance: 5, room: bank.room });
    expect(lines).toMatchObject({ walletId: mine?.id, text: "opened Main", loud: "OPENED MAIN" });
    expect(all).toEqual([lines]);
    expect(result.text).not.toContain("1234");
    expect(result.body).toMatchObject({
      ok: true,
      steps: [
        { index: 0, as: "mine", op: "create", resource: "wallets", status: "done", id: mine?.id },
        { index: 1, as: "lines", op: "create", resource: "lines", status: "done", id: lines?.id },
        { index: 2, as: "all", op: "list", resource: "lines", status: "done" },
      ],
      seqs: [{ resource: "wallets", partition: bank.room, token: result.headers.get("ledge-seq") }],
    });
    expect(await bank.seq()).toBe(1);
    const [entry] = await inspect(bank.object, "SELECT txid, changes FROM _log");
    expect(entry?.txid).toBe(result.body.txid);
    expect(JSON.parse(String(entry?.changes))).toHaveLength(2);
    // The version of a step is what ifVersion, and If-Match, take.
    const version = (result.body.steps as { version: string }[])[0]?.version;
    const again = await bank.send(
      `PATCH /wallets/${mine?.id}`,
      { balance: 6 },
      { headers: { "if-match": `"${version}"` } },
    );
    expect(again.status, again.text).toBe(200);
  });

  it("[TX1] leaves nothing when an operation fails, and says which", async () => {
    const bank = openBank();
    await bank.post([{ op: "create", resource: "wallets", data: { id: uid(1), ownerId: "alice", balance: 1 } }]);
    const result = await bank.refused([
      { op: "create", resource: "lines", data: { text: "gone with the rest" } },
      { op: "update", resource: "wallets", id: uid(1), data: { balance: -1 }, as: "debit" },
    ]);
    expect(result.status, result.text).toBe(400);
    expect(result.body).toMatchObject({ code: "VALIDATION_ERROR", index: 1, as: "debit" });
  });

  it("[HT55] unknown members are refused, all at once, with their places", async () => {
    const bank = openBank();
    const result = await bank.refused([
      { op: "create", resource: "lines", data: {}, color: 1 },
      { op: "drop", resource: "lines" },
      { op: "update", resource: "lines", data: {} },
    ]);
    expect(result.status).toBe(400);
    expect(result.body.errors).toMatchObject([
      { field: "operations[0].color", code: "unknown" },
      { field: "operations[1].op", code: "enum" },
      { field: "operations[2].id", code: "required" },
    ]);
  });

  it("[HT54] is off unless the application turns it on", async () => {
    const { defineApp, fullyPublic, resource } = await import("ledge");
    const { sqliteTable, text } = await import("drizzle-orm/sqlite-core");
    const table = resource(sqliteTable("plain", { id: text("id").primaryKey() }), fullyPublic());
    const app = defineApp({ name: "plain", resources: [table] });
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: '{"operations":[]}' };
    const env = { LEDGE_ENV: "development", LEDGE_SECRET: "x".repeat(40), LEDGE_LOG_LEVEL: "silent" };
    expect((await app.request("/api/transaction", init, env as never)).status).toBe(404);
  });

  it("[HT54] another method is 405, another body form 400", async () => {
    expect((await send({ to: "GET /api/transaction" })).status).toBe(405);
    const post = (body: unknown) => send({ to: "POST /api/transaction", body });
    for (const body of [[], { operations: [] }, { operations: {} }, { operation: [] }, { operations: [1] }]) {
      const result = await post(body);
      expect(result.status, result.text).toBe(400);
    }
    expect(
      (await post({ atomic: "yes", operations: [{ op: "list", resource: "notices" }] })).body.errors,
    ).toMatchObject([{ field: "atomic" }]);
    expect((await post({ isolation: "none", operations: [{ op: "list", resource: "notices" }] })).status).toBe(400);
  });

  it("[HT54] scopes of the caller bind each operation: 401, 403 and 404 with the place", async () => {
    const bank = openBank();
    await bank.post([{ op: "create", resource: "wallets", data: { id: uid(1), ownerId: "alice", code: "seen" } }]);
    await bank.post([{ op: "create", resource: "wallets", data: { id: uid(2), ownerId: "alice" } }]);
    const anonymous = await bank.refused(
      [
        { op: "list", resource: "lines" },
        { op: "list", resource: "wallets" },
      ],
      {
        user: undefined as never,
      },
    );
    expect(anonymous.status, anonymous.text).toBe(401);
    expect(anonymous.body).toMatchObject({ index: 1, as: "wallets" });
    const bob = (operation: object) => bank.refused([{ op: "list", resource: "lines" }, operation], { user: "bob" });
    const update = { op: "update", resource: "wallets", data: { name: "Mine" } };
    expect((await bob({ ...update, id: uid(1) })).body).toMatchObject({ status: 403, index: 1, as: "wallets" });
    expect((await bob({ ...update, id: uid(2) })).body).toMatchObject({ status: 404, index: 1 });
    expect((await bob({ ...update, id: uid(3) })).body).toMatchObject({ status: 404, index: 1 });
    const created = await bob({ op: "create", resource: "wallets", data: { ownerId: "alice" } });
    expect(created.body).toMatchObject({ status: 403, index: 1 });
    expect((await bob({ op: "list", resource: "nowhere" })).body).toMatchObject({
      status: 404,
      index: 1,
      resource: "nowhere",
    });
    expect((await bob({ op: "update", resource: "racks", id: uid(1), data: {} })).status).toBe(404);
  });

  it("[HT1] [HT54] an operation is admitted to its partition like a request of its own, before the object is touched", async () => {
    const bank = openBank();
    const result = await bank.post([{ op: "list", resource: "lines", partition: "forbidden-room" }]);
    expect(result.body).toMatchObject({ status: 404, index: 0 });
    const none = await send({ to: "POST /api/transaction", body: { operations: [{ op: "list", resource: "lines" }] } });
    expect(none.status).toBe(404);
    const needless = await bank.post([{ op: "list", resource: "notices" }]);
    expect(needless.status).toBe(404);
  });

  it("[TX5] later operations see what earlier ones changed, constraints included", async () => {
    const bank = openBank();
    const result = await bank.post([
      { op: "create", resource: "wallets", data: { id: uid(1), ownerId: "alice", balance: 10, code: "a" } },
      { op: "update", resource: "wallets", as: "debit", id: uid(1), data: { balance: 4 } },
      { op: "read", resource: "wallets", as: "seen", id: uid(1) },
      { op: "list", resource: "wallets", as: "rich", where: "balance>5" },
      { op: "update", resource: "wallets", as: "recoded", where: { code: "a" }, data: { code: "b" } },
      { op: "create", resource: "wallets", as: "second", data: { id: uid(2), ownerId: "alice", code: "a" } },
      { op: "read", resource: "wallets", as: "first", where: "balance>=0", orderBy: "-id" },
    ]);
    expect(result.status, result.text).toBe(200);
    expect(resultsOf(result)).toMatchObject({
      seen: { balance: 4 },
      rich: [],
      recoded: { count: 1, ids: [uid(1)] },
      first: { id: uid(2) },
    });
    expect(await bank.seq()).toBe(1);
    const twin = await bank.refused([
      { op: "create", resource: "wallets", data: { ownerId: "alice", code: "c" } },
      { op: "create", resource: "wallets", data: { ownerId: "alice", code: "c" } },
    ]);
    expect(twin.body).toMatchObject({ status: 409, reason: "unique", fields: ["code"], index: 1, as: "wallets_1" });
  });

  it("[TX7] [HT58] every kind of operation has its result", async () => {
    const bank = openBank();
    const line = (n: number, more: object = {}) => ({
      op: "create",
      resource: "lines",
      data: { id: uid(n), rank: n, ...more },
    });
    const result = await bank.post([
      line(1),
      line(2),
      { op: "replace", resource: "lines", as: "replaced", id: uid(1), data: { text: "new" } },
      { op: "replace", resource: "lines", as: "made", id: uid(3), data: { text: "put" } },
      { op: "upsert", resource: "lines", as: "merged", id: uid(2), data: { text: "over" } },
      { op: "upsert", resource: "lines", as: "inserted", data: { id: uid(4), text: "fresh" } },
      { op: "delete", resource: "lines", as: "deleted", id: uid(2) },
      { op: "restore", resource: "lines", as: "restored", id: uid(2) },
      { op: "delete", resource: "lines", as: "swept", where: "rank==0", expect: 3 },
      { op: "read", resource: "lines", as: "none", where: "rank==99" },
      { op: "list", resource: "lines", as: "left", select: "text" },
    ]);
    expect(result.status, result.text).toBe(200);
    expect(resultsOf(result)).toMatchObject({
      replaced: { id: uid(1), text: "new", rank: 0 },
      made: { id: uid(3), text: "put" },
      merged: { id: uid(2), text: "over", rank: 2 },
      inserted: { id: uid(4), text: "fresh" },
      deleted: { id: uid(2) },
      restored: { id: uid(2), text: "over" },
      swept: { count: 3, ids: [uid(1), uid(3), uid(4)] },
      none: null,
      left: [{ id: uid(2), text: "over" }],
    });
  });

  it("[TX7] rows that are absent, deleted or out of scope are 404; an empty filter needs all: true", async () => {
    const bank = openBank();
    await bank.post([
      { op: "create", resource: "lines", data: { id: uid(1) } },
      { op: "delete", resource: "lines", id: uid(1) },
    ]);
    for (const op of ["read", "update", "delete"]) {
      const data = op === "update" ? { data: { text: "x" } } : {};
      const result = await bank.refused([{ op, resource: "lines", id: uid(1), ...data }]);
      expect(result.body, op).toMatchObject({ status: 404, index: 0, as: "lines" });
    }
    expect((await bank.refused([{ op: "restore", resource: "lines", id: uid(2) }])).status).toBe(404);
    expect((await bank.refused([{ op: "restore", resource: "wallets", id: uid(2) }])).status).toBe(404);
    expect((await bank.refused([{ op: "delete", resource: "lines", where: "" }])).body.errors).toMatchObject([
      { field: "operations[0].where" },
    ]);
    expect((await bank.refused([{ op: "delete", resource: "lines", where: {} }])).status).toBe(400);
    expect((await bank.post([{ op: "delete", resource: "lines", all: true }])).body.results).toEqual({
      lines: { count: 0, ids: [] },
    });
  });

  it("[HT57] when skips an operation, require ends the transaction; both see results with their types", async () => {
    const bank = openBank();
    const result = await bank.post([
      { op: "list", resource: "lines", as: "none" },
      { op: "create", resource: "lines", as: "first", when: "none.length==0", data: { text: "1" } },
      { op: "create", resource: "lines", as: "second", when: "none.length>0", data: { text: "2" } },
      { op: "create", resource: "lines", as: "typed", when: "first.text==1", data: {} },
      { op: "create", resource: "lines", as: "same", when: 'first.text=="1";second==null', data: {} },
    ]);
    expect(result.status, result.text).toBe(200);
    expect(resultsOf(result)).toMatchObject({ first: { text: "1" }, second: null, typed: null, same: { text: "" } });
    expect((result.body.steps as { status: string }[]).map(({ status }) => status)).toEqual([
      "done",
      "done",
      "skipped",
      "skipped",
      "done",
    ]);
    const required = await bank.refused([
      { op: "list", resource: "lines", as: "all" },
      { op: "create", resource: "lines", as: "third", require: "all.length>5", data: {} },
    ]);
    expect(required.body).toMatchObject({ status: 412, reason: "require", index: 1, as: "third" });
    const wrong = await bank.refused([{ op: "create", resource: "lines", when: "later.x==1", data: {} }]);
    expect(wrong.body).toMatchObject({
      code: "FILTER_PARSE_ERROR",
      parameter: "operations[0].when",
      position: 0,
      length: 7,
      index: 0,
    });
  });

  it("[HT56] references keep their types, insert scalars, and write braces", async () => {
    const bank = openBank();
    const result = await bank.post([
      { op: "create", resource: "lines", as: "a", data: { rank: 7, data: { deep: [1, { x: null }] } } },
      {
        op: "create",
        resource: "lines",
        data: {
          rank: "{{a.rank}}",
          text: "{{0.rank}} and {{{{not}} {{ a.rank }}",
          data: { copy: "{{a.data}}", first: "{{a.data.deep.0}}", "{{a.id}}": "key" },
        },
      },
    ]);
    expect(result.status, result.text).toBe(200);
    expect(resultsOf(result).lines).toMatchObject({
      rank: 7,
      text: "7 and {{not}} 7",
      data: { copy: { deep: [1, { x: null }] }, first: 1, "{{a.id}}": "key" },
    });
  });

  it("[HT56] a reference that leads nowhere is refused before anything runs, or when it is its turn", async () => {
    const bank = openBank();
    const create = (data: object, more: object = {}) => ({ op: "create", resource: "lines", as: "x", data, ...more });
    for (const text of ["{{other.id}}", "{{x.id}}", "{{1.id}}", "{{x.id", "{{}}", "{{x..id}}"]) {
      const result = await bank.refused([create({ text })]);
      expect(result.body.errors, text).toMatchObject([{ field: "operations[0].data", code: "reference" }]);
    }
    for (const path of ["x.nothing", "x.__proto__", "x.constructor", "x.text.length", "x.data.0", "skipped.id"]) {
      const result = await bank.refused([
        create({ text: "t", data: { a: 1 } }),
        create({}, { as: "skipped", when: "x.rank==1" }),
        create({ text: `{{${path}}}` }, { as: "y" }),
      ]);
      expect(result.body, path).toMatchObject({ status: 400, reason: "reference", index: 2, as: "y" });
    }
    const scalar = await bank.refused([create({ data: { a: 1 } }), create({ text: "is {{x.data}}" }, { as: "y" })]);
    expect(scalar.body).toMatchObject({ reason: "reference", index: 1 });
  });

  it("[HT56] what a reference inserts is data: no filter, no template, no hidden column", async () => {
    const bank = openBank();
    const result = await bank.post([
      { op: "create", resource: "lines", as: "a", data: { text: '"||rank>=0||text=="{{{{a.id}}' } },
      { op: "create", resource: "lines", as: "b", data: { text: "{{a.text}}" } },
      { op: "list", resource: "lines", as: "found", where: { text: "{{a.text}}" } },
    ]);
    expect(result.status, result.text).toBe(200);
    const { a, b, found } = resultsOf(result);
    expect(b?.text).toBe(a?.text);
    expect(found).toHaveLength(2);
    const hidden = await bank.refused([
      { op: "create", resource: "wallets", as: "w", data: { ownerId: "alice" } },
      { op: "create", resource: "lines", data: { text: "{{w.pin}}" } },
    ]);
    expect(hidden.body).toMatchObject({ reason: "reference", index: 1 });
    const filtered = await bank.refused([{ op: "list", resource: "wallets", where: { pin: "1234" } }]);
    expect(filtered.body).toMatchObject({ code: "FILTER_PARSE_ERROR", index: 0 });
    expect((await bank.refused([{ op: "list", resource: "wallets", where: 'pin=="1234"' }])).status).toBe(400);
  });

  it("[TX37] data is validated with its place; also where a reference fills it", async () => {
    const bank = openBank();
    const result = await bank.refused([
      { op: "create", resource: "lines", as: "a", data: { text: "word" } },
      { op: "create", resource: "lines", as: "b", data: { rank: "{{a.text}}", text: 5 } },
    ]);
    expect(result.body).toMatchObject({ code: "VALIDATION_ERROR", index: 1, as: "b" });
    expect((result.body.errors as { field: string }[]).map(({ field }) => field).sort()).toEqual([
      "operations[1].data.rank",
      "operations[1].data.text",
    ]);
    const ids = await bank.refused([{ op: "create", resource: "lines", data: { id: "short" } }]);
    expect(ids.body.errors).toMatchObject([{ field: "operations[0].data.id", code: "id" }]);
    expect((await bank.refused([{ op: "read", resource: "lines", id: "short" }])).body.errors).toMatchObject([
      { field: "operations[0].id", code: "id" },
    ]);
    const schema = await bank.refused([
      { op: "create", resource: "lines", as: "a", data: { text: "no mail" } },
      { op: "create", resource: "labelled", data: { email: "{{a.text}}" } },
    ]);
    expect(schema.body.errors).toMatchObject([{ field: "operations[1].data.email", code: "schema" }]);
    const trimmed = await bank.post([
      { op: "create", resource: "lines", as: "a", data: { text: "a@b.example" } },
      { op: "create", resource: "labelled", data: { email: "  {{a.text}} " } },
    ]);
    expect(resultsOf(trimmed).labelled, trimmed.text).toMatchObject({ email: "a@b.example" });
  });

  it("[TX35] [HT21] input that may not be written is dropped, or refused where the table is strict", async () => {
    const bank = openBank();
    const dropped = await bank.post([
      { op: "create", resource: "lines", data: { gone: "2020-01-01T00:00:00.000Z", room: bank.room, unknown: 1 } },
    ]);
    expect(resultsOf(dropped).lines, dropped.text).toMatchObject({ gone: null });
    const strict = await bank.refused([{ op: "create", resource: "sealed", data: { title: "x", fixed: "y" } }]);
    expect(strict.body.errors).toMatchObject([{ field: "operations[0].data.fixed", code: "not-writable" }]);
    const elsewhere = await bank.refused([{ op: "create", resource: "lines", data: { room: "other" } }]);
    expect(elsewhere.body.errors).toMatchObject([{ field: "operations[0].data.room", code: "partition" }]);
  });

  it("[HT55] [TX31] ifVersion is about the row before the transaction; a mismatch is 412 at once", async () => {
    const bank = openBank();
    const made = await bank.post([{ op: "create", resource: "lines", data: { id: uid(1) } }]);
    const [{ version } = { version: "" }] = made.body.steps as { version: string }[];
    const update = (text: string, ifVersion: string) => ({
      op: "update",
      resource: "lines",
      id: uid(1),
      ifVersion,
      data: { text },
    });
    const both = await bank.post([update("a", version), update("b", version)]);
    expect(both.status, both.text).toBe(200);
    const stale = await bank.refused([update("c", version)]);
    expect(stale.body).toMatchObject({ status: 412, index: 0, as: "lines" });
    expect(stale.body.currentETag).toBe(`"${(both.body.steps as { version: string }[])[1]?.version}"`);
    expect((await bank.refused([update("c", "nonsense")])).body.errors).toMatchObject([
      { field: "operations[0].ifVersion" },
    ]);
    const required = await bank.refused([
      { op: "create", resource: "sealed", data: { id: uid(1), title: "x" } },
      { op: "update", resource: "sealed", id: uid(1), data: { title: "y" } },
    ]);
    expect(required.body).toMatchObject({ status: 428, index: 1 });
  });

  it("[HT55] expect counts rows: one, some, or a number", async () => {
    const bank = openBank();
    await bank.post([{ op: "create", resource: "lines", data: { id: uid(1) } }]);
    const sweep = (expected: unknown) => ({ op: "delete", resource: "lines", where: "rank==0", expect: expected });
    expect((await bank.refused([sweep(2)])).body).toMatchObject({ status: 409, reason: "expect", index: 0 });
    expect((await bank.refused([sweep(0)])).status).toBe(409);
    expect((await bank.refused([sweep("many")])).status).toBe(400);
    expect((await bank.refused([{ op: "read", resource: "lines", where: "rank==9", expect: "one" }])).status).toBe(409);
    expect((await bank.refused([{ op: "list", resource: "lines", where: "rank==9", expect: "some" }])).status).toBe(
      409,
    );
    expect((await bank.post([sweep("one")])).status).toBe(200);
  });

  it("[HT61] [TX21] [TX23] limits are refused before anything is written", async () => {
    const bank = openBank();
    const many = Array.from({ length: 101 }, () => ({ op: "create", resource: "lines", data: {} }));
    expect((await bank.refused(many)).body).toMatchObject({
      code: "TRANSACTION_LIMIT_EXCEEDED",
      limit: "operations",
      max: 100,
      actual: 101,
    });
    const text = "x".repeat(400_000);
    const large = await bank.refused(
      Array.from({ length: 4 }, (_, index) => ({
        op: index === 0 ? "create" : "create",
        resource: "lines",
        as: `l${index}`,
        data: { text: index === 0 ? text : "{{l0.text}}" },
      })),
    );
    expect(large.body).toMatchObject({ code: "TRANSACTION_LIMIT_EXCEEDED", limit: "bytes", max: 1_048_576 });
    await bank.post(Array.from({ length: 3 }, () => ({ op: "create", resource: "racks", data: {} })));
    expect((await bank.refused([{ op: "delete", resource: "racks", all: true }])).body).toMatchObject({
      code: "BATCH_LIMIT_EXCEEDED",
      operation: "delete",
      limit: 2,
      requested: 3,
      index: 0,
    });
    const objects = Array.from({ length: 7 }, (_, index) => ({
      op: "list",
      resource: "lines",
      partition: `${bank.room}-${index}`,
    }));
    expect((await bank.refused(objects)).body).toMatchObject({ limit: "objects", max: 6, actual: 7 });
  });

  it("[TX6] integer ids are made by the object, and known to later operations", async () => {
    const bank = openBank();
    const result = await bank.post([
      { op: "create", resource: "stubs", as: "t", data: { title: "a" } },
      { op: "create", resource: "stubs", as: "u", data: { title: "after {{t.id}}" } },
      { op: "update", resource: "stubs", as: "v", id: "{{t.id}}", data: { title: "A" } },
    ]);
    expect(result.status, result.text).toBe(200);
    expect(resultsOf(result)).toMatchObject({ t: { id: 1 }, u: { id: 2, title: "after 1" }, v: { id: 1, title: "A" } });
  });

  it("[HT23] relations of a removed row are carried out in the same commit", async () => {
    const bank = openBank();
    await bank.post([
      { op: "create", resource: "wallets", as: "w", data: { id: uid(1), ownerId: "alice" } },
      { op: "create", resource: "lines", data: { walletId: "{{w.id}}" } },
    ]);
    const result = await bank.post([{ op: "delete", resource: "wallets", id: uid(1) }]);
    expect(result.body.results).toEqual({ wallets: { id: uid(1) } });
    expect(await bank.rows("lines")).toEqual([]);
    const orphan = await bank.refused([{ op: "create", resource: "lines", data: { walletId: uid(1) } }]);
    expect(orphan.body).toMatchObject({ status: 409, reason: "foreign-key", field: "walletId", index: 0 });
  });
});
