/** `transaction({…})` and `mapRoute({…})` on one object ([TX3]–[TX10] [HT62] [HT63]). */

import type { RouteContext } from "ledge";
import { ConfigError, ConflictError, defineApp, eq, mapRoute, SequentialError, transaction } from "ledge";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inspect, send } from "../support/scenario.ts";
import { delivered } from "../support/test-tables.ts";
import { script, tally } from "../support/transaction-endpoints.ts";
import { lines, wallets } from "../support/transaction-tables.ts";
import { uid } from "./batch-support.ts";
import { type Bank, openBank, serve } from "./transaction-support.ts";

beforeEach(() => {
  tally.length = 0;
});
afterEach(() => {
  script.run = null;
});

const open = (bank: Bank, body: object, more: object = {}) =>
  send({ to: `POST /api/open/${bank.room}`, user: "alice", body, ...more });

describe("a mapped route", () => {
  it("[HT62] [TX10] runs its operations and shapes the reply; masks come first", async () => {
    const bank = openBank();
    const before = delivered.length;
    const result = await open(bank, { name: " Ann ", balance: 3 });
    expect(result.status, result.text).toBe(201);
    expect(result.body).toEqual({ id: expect.any(String), room: bank.room, ownerId: "alice", name: "Ann", balance: 3 });
    expect(result.headers.get("ledge-seq")).toMatch(/:1$/);
    expect(await bank.rows("lines")).toMatchObject([{ wallet_id: result.body.id, text: "Hello Ann" }]);
    expect(await bank.seq()).toBe(1);
    await expect.poll(() => tally).toEqual(["opened Ann"]);
    await expect
      .poll(() => delivered.slice(before).map(({ payload }) => payload))
      .toEqual([{ wallet: result.body.id }]);
  });

  it("[TX3] conditions, prepared values and references of the list", async () => {
    const bank = openBank();
    expect((await open(bank, { name: "Vi", vip: true })).status).toBe(201);
    expect((await bank.rows("lines")).map(({ text }) => text).sort()).toEqual(["Hello Vi", "gift for Vi"]);
  });

  it("[TX3] validate runs first: 400 and nothing is read; onError hears of it once", async () => {
    const bank = openBank();
    const result = await open(bank, { name: " " });
    expect(result.status).toBe(400);
    expect(result.body.errors).toMatchObject([{ field: "name" }]);
    await expect.poll(() => tally).toEqual(["failed VALIDATION_ERROR"]);
    expect(await inspect(bank.object, "SELECT name FROM sqlite_master WHERE name = '_log'")).toEqual([]);
  });

  it("[TX9] auth opens the route only: unset is 403, user 401 for anonymous, roles, scopes still apply", async () => {
    const bank = openBank();
    expect((await send({ to: "POST /api/shut", user: "alice" })).status).toBe(403);
    expect((await send({ to: "POST /api/shut" })).status).toBe(403);
    expect((await send({ to: `POST /api/open/${bank.room}`, body: { name: "x" } })).status).toBe(401);
    expect((await send({ to: `POST /api/admins/${bank.room}`, user: "alice" })).status).toBe(403);
    expect((await send({ to: "POST /api/open/forbidden-x", user: "alice", body: { name: "x" } })).status).toBe(404);
    expect((await send({ to: `GET /api/open/${bank.room}`, user: "alice" })).status).toBe(405);
  });

  it("[TX9] scopes: system lifts scopes for the route, not masks", async () => {
    const bank = openBank();
    await open(bank, { name: "Hidden" });
    const result = await send({ to: `POST /api/admins/${bank.room}`, user: "root,role=admin" });
    expect(result.status, result.text).toBe(200);
    expect(result.body).toMatchObject({ results: { all: [{ name: "Hidden" }] } });
    expect(result.text).not.toContain("1234");
  });

  it("[HT63] entity, pick, transform and the status", async () => {
    const bank = openBank();
    await bank.post([{ op: "create", resource: "racks", data: { title: "a" } }]);
    const result = await send({ to: `GET /api/racks-of/${bank.room}` });
    expect(result.status, result.text).toBe(200);
    expect(result.body).toEqual({ rows: [{ title: "a" }] });
  });

  it("[TX33] the header's key covers the whole route", async () => {
    const bank = openBank();
    const headers = { "idempotency-key": "k1" };
    const first = await open(bank, { name: "Once", balance: 1 }, { headers });
    const second = await open(bank, { name: "Once", balance: 1 }, { headers });
    expect(second.body).toEqual(first.body);
    expect(second.status).toBe(201);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(await bank.rows("wallets")).toHaveLength(1);
    expect((await open(bank, { name: "Other" }, { headers })).status).toBe(422);
  });

  it("[TX27] a sequential route that stops is 207 with every step", async () => {
    const bank = openBank();
    const result = await send({ to: `POST /api/steps/${bank.room}`, body: { text: "x", id: uid(5) } });
    expect(result.status, result.text).toBe(207);
    expect(result.body).toMatchObject({
      ok: false,
      steps: [{ status: "done" }, { status: "failed" }, { status: "not-run" }],
    });
    await bank.post([{ op: "create", resource: "lines", data: { id: uid(5) } }]);
    const whole = await send({ to: `POST /api/steps/${bank.room}`, body: { text: "x", id: uid(5) } });
    expect(whole.status, whole.text).toBe(200);
  });

  it("[HT63] [TX10] where a route shapes its reply, a 207 has its steps and no results", async () => {
    const bank = openBank();
    const post = () => send({ to: `POST /api/shaped-steps/${bank.room}`, body: { id: uid(5) } });
    const stopped = await post();
    expect(stopped.status, stopped.text).toBe(207);
    expect(stopped.body).toMatchObject({ ok: false, steps: [{ status: "done" }, { status: "failed" }] });
    expect(stopped.body).not.toHaveProperty("results");
    expect(stopped.text).not.toContain("internal note");
    await bank.post([{ op: "create", resource: "lines", data: { id: uid(5) } }]);
    const whole = await post();
    expect([whole.status, whole.body.rank, whole.body.text]).toEqual([201, 7, undefined]);
  });

  it("[TX4] [TX10] a response.transform that throws, or returns a promise, undoes the transaction", async () => {
    const bank = openBank();
    for (const manner of ["throws", "late"]) {
      const result = await send({ to: `POST /api/torn/${bank.room}`, body: { manner } });
      expect(result.status, result.text).toBe(500);
    }
    expect(await bank.seq()).toBe(0);
    await expect.poll(() => tally).toEqual(["torn INTERNAL_ERROR", "torn INTERNAL_ERROR"]);
  });

  it("[TX7] a value that is missing in where is 400: left out it would mean more rows", async () => {
    const bank = openBank();
    await bank.post([1, 2].map((n) => ({ op: "create", resource: "lines", as: `l${n}`, data: { rank: 1 } })));
    const result = await send({ to: `POST /api/clear/${bank.room}`, body: {} });
    expect([result.status, result.body.errors], result.text).toEqual([
      400,
      [{ field: "operations[0].where.text", message: "has no value", code: "missing" }],
    ]);
    expect(await bank.rows("lines")).toHaveLength(2);
    const own = await serve((ctx) =>
      ctx.transaction(async (tx) => tx.table("lines", bank.room).delete({ text: undefined, rank: 1 })),
    );
    expect([own.status, own.text]).toEqual([400, expect.stringContaining("where.text")]);
    const spec = { op: "delete", resource: "lines", where: { text: undefined, rank: 1 } } as const;
    expect(() => transaction({ operations: [spec] })).toThrow(/where\.text/);
    expect((await bank.rows("lines")).every(({ gone }) => gone === null)).toBe(true);
  });

  it("[HT62] an address of a table or of Ledge stops the application at start, as does a GET that writes", () => {
    const route = (path: string) =>
      mapRoute({ path, method: "POST", auth: "public", operations: { op: "list", resource: "lines" } });
    const start = (path: string) => () =>
      defineApp({ name: "x", resources: [lines, wallets], endpoints: [route(path)] }).definition;
    for (const path of ["/lines/close", "/transaction", "/auth/x", "/:any"])
      expect(start(path), path).toThrow(ConfigError);
    expect(start("/fine/:id")).not.toThrow();
    expect(() => route("no-slash")).toThrow(ConfigError);
    expect(() =>
      mapRoute({ path: "/x", method: "GET", operations: { op: "delete", resource: "lines", all: true } }),
    ).toThrow(ConfigError);
    expect(() =>
      mapRoute({ path: "/x", method: "POST", operations: { op: "list", resource: "a" }, response: { entity: "b" } }),
    ).toThrow(ConfigError);
  });
});

describe("a declared transaction", () => {
  it("[TX8] is a value that any server code calls, with the rights that it says", async () => {
    const bank = openBank();
    const partition = bank.room;
    const make = transaction<{ body: { name: string }; results: { w: { id: string; name: string } } }>({
      operations: [
        {
          op: "create",
          resource: "wallets",
          as: "w",
          partition,
          data: ({ body }) => ({ ownerId: "bob", name: body.name }),
        },
      ],
    });
    const denied = await serve((ctx) => make(ctx, { body: { name: "n" } }));
    expect(denied.body).toMatchObject({ status: 403, index: 0, as: "w" });
    const asBob = await serve((ctx) =>
      make(ctx.asUser({ kind: "user", id: "bob", roles: [], claims: {} }), { body: { name: "n" } }),
    );
    expect(asBob.body).toMatchObject({ w: { ownerId: "bob", name: "n" } });
    expect((await serve((ctx) => make(ctx.asSystem("import"), { body: { name: "s" } }))).status).toBe(200);
  });

  it("[TX3] functions see results by name and by index; ids and now are fixed for the request", async () => {
    const bank = openBank();
    const partition = bank.room;
    const seen: unknown[] = [];
    const run = transaction({
      operations: [
        {
          op: "create",
          resource: "lines",
          as: "a",
          partition,
          data: (ctx) => ({ id: ctx.newId(), text: "x", rank: 2 }),
        },
        {
          op: "create",
          resource: "lines",
          as: "b",
          partition,
          data: (ctx) => {
            seen.push([ctx.now, ctx.newId(), ctx.newId()]);
            return { rank: ctx.results.a.rank + ctx.results[0].rank, text: `${ctx.results.a.loud}` };
          },
        },
      ],
    });
    const result = await serve((ctx) => run(ctx));
    expect(result.body, result.text).toMatchObject({ b: { rank: 4, text: "X" } });
    // Once broken off, once with what was tried out: the same time and ids.
    expect(seen).toHaveLength(2);
    expect(seen[1]).toEqual(seen[0]);
  });

  it("[TX4] a promise from a function is a TypeError, an exception fails the transaction", async () => {
    const bank = openBank();
    const partition = bank.room;
    const failing = (data: () => object) =>
      transaction({
        operations: [
          { op: "create", resource: "lines", partition, data: {} },
          { op: "create", resource: "lines", as: "b", partition, data },
        ],
      });
    const promise = await serve((ctx) => failing(async () => ({}))(ctx));
    expect(promise.status).toBe(500);
    expect(promise.text).toContain("synchronous");
    const own = await serve((ctx) =>
      failing(() => {
        throw new ConflictError("Not enough", { reason: "expect" });
      })(ctx),
    );
    expect(own.body).toMatchObject({ status: 409, detail: "Not enough" });
    expect(await bank.seq()).toBe(0);
  });

  it("[TX3] what a function returns is data: braces in it are text, and an equality is no filter", async () => {
    const bank = openBank();
    const partition = bank.room;
    const run = transaction({
      operations: [
        { op: "create", resource: "wallets", as: "w", partition, data: { ownerId: "alice" } },
        { op: "create", resource: "lines", as: "a", partition, data: ({ body }) => ({ text: body.text }) },
        { op: "list", resource: "lines", as: "found", partition, where: ({ body }) => ({ text: body.text }) },
        { op: "list", resource: "lines", as: "none", partition, where: eq("text", "{{w.id}}") },
      ],
    });
    const text = '{{w.id}}"||rank>=0';
    const result = await serve((ctx) => run(ctx, { body: { text } }));
    expect(result.body, result.text).toMatchObject({ a: { text }, found: [{ text }], none: [] });
  });

  it("[TX35] results are masked; fields: all lifts it for functions, not for the reply", async () => {
    const bank = openBank();
    const partition = bank.room;
    const seen: unknown[] = [];
    const make = (fields: { fields?: "all" }) =>
      transaction({
        operations: [
          { op: "create", resource: "wallets", as: "w", partition, data: { ownerId: "alice" }, ...fields },
          {
            op: "create",
            resource: "lines",
            as: "l",
            partition,
            data: ({ results }) => ({ rank: seen.push(results.w.pin) }),
          },
        ],
      });
    const masked = await serve((ctx) => make({})(ctx));
    const lifted = await serve((ctx) => make({ fields: "all" })(ctx));
    expect(seen).toEqual([undefined, "1234"]);
    expect(masked.text + lifted.text).not.toContain("1234");
  });

  it("[TX35] [HT21] writes: all sets what clients may not, and neither the marker nor, over HTTP, anything", async () => {
    const bank = openBank();
    const partition = bank.room;
    const make = (writes: { writes?: "all" }) =>
      transaction({
        operations: [
          { op: "create", resource: "lines", as: "l", partition, data: { text: "a", gone: new Date(0) }, ...writes },
          {
            op: "create",
            resource: "sealed",
            as: "s",
            partition,
            data: { title: "t", fixed: "{{l.text}}" },
            ...writes,
          },
        ],
      });
    const refused = await serve((ctx) => make({})(ctx));
    expect(refused.body.errors).toMatchObject([{ field: "operations[1].data.fixed", code: "not-writable" }]);
    const written = await serve((ctx) => make({ writes: "all" })(ctx));
    expect(written.body, written.text).toMatchObject({ l: { text: "a", gone: null }, s: { fixed: "a" } });
    const http = await bank.refused([
      { op: "create", resource: "sealed", data: { title: "t", fixed: "x" }, writes: "all" },
    ]);
    expect([http.status, http.text]).toEqual([400, expect.stringContaining("writes")]);
  });

  it("[TX3] transform takes the place of the result for later steps and the reply; the row keeps its own", async () => {
    const bank = openBank();
    const partition = bank.room;
    const run = transaction({
      operations: [
        {
          op: "create",
          resource: "lines",
          as: "a",
          partition,
          data: { text: "x" },
          transform: (row) => ({ id: row.id, shout: row.loud }),
        },
        { op: "create", resource: "lines", as: "b", partition, data: ({ results }) => ({ text: results.a.shout }) },
      ],
    });
    const result = await serve((ctx) => run(ctx, { idempotencyKey: "t1" }));
    expect(result.body, result.text).toMatchObject({ b: { text: "X" } });
    expect(Object.keys(result.body.a as object)).toEqual(["id", "shout"]);
    const again = await serve((ctx) => run(ctx, { idempotencyKey: "t1" }));
    expect(again.body).toEqual(result.body);
    expect((await bank.rows("lines")).map(({ text }) => text).sort()).toEqual(["X", "x"]);
  });

  it("[TX31] require as a function is 412 with the place; condition skips with null", async () => {
    const bank = openBank();
    const partition = bank.room;
    const run = transaction({
      operations: [
        { op: "create", resource: "lines", as: "a", partition, data: { rank: 1 }, condition: () => false },
        {
          op: "create",
          resource: "lines",
          as: "b",
          partition,
          data: {},
          condition: ({ results }) => results.a === null,
        },
        {
          op: "create",
          resource: "lines",
          as: "c",
          partition,
          data: {},
          require: ({ results, body }) => results.b.rank === body.rank,
        },
      ],
    });
    const failed = await serve((ctx) => run(ctx, { body: { rank: 5 } }));
    expect(failed.body).toMatchObject({ status: 412, reason: "require", index: 2, as: "c" });
    expect(await bank.seq()).toBe(0);
    const done = await serve((ctx) => run(ctx, { body: { rank: 0 } }));
    expect(done.body, done.text).toMatchObject({ a: null, b: { rank: 0 }, c: {} });
  });

  it("[TX40] effects are committed with the rows; a transaction that fails leaves none", async () => {
    const bank = openBank();
    const partition = bank.room;
    const before = delivered.length;
    const make = (id: string) =>
      transaction({
        operations: [
          { op: "create", resource: "lines", as: "a", partition, data: {} },
          { op: "read", resource: "lines", as: "b", partition, id },
        ],
        effects: ({ a }) => [{ task: "ping", input: { a: a.id } }],
      });
    expect((await serve((ctx) => make(uid(1))(ctx))).status).toBe(404);
    await bank.post([{ op: "create", resource: "lines", data: { id: uid(1) } }]);
    expect((await serve((ctx) => make(uid(1))(ctx))).status).toBe(200);
    await expect
      .poll(() => delivered.slice(before).flatMap(({ key }) => (key.includes(bank.room) ? [key] : [])))
      .toEqual([`bank@${bank.room}:2:0`]);
  });

  it("[TX12] a function runs again with fresh reads when what it saw has changed", async () => {
    const bank = openBank();
    const partition = bank.room;
    await bank.post([{ op: "create", resource: "lines", data: { id: uid(1), rank: 1 } }]);
    let runs = 0;
    const run = transaction({
      prepare: async () => {},
      operations: [
        { op: "read", resource: "lines", as: "r", partition, id: uid(1) },
        {
          op: "update",
          resource: "lines",
          as: "u",
          partition,
          id: uid(1),
          data: ({ results }) => ({ rank: results.r.rank + 1 }),
        },
      ],
    });
    const moved = (ctx: RouteContext) =>
      ctx.transaction(async (tx) => {
        const row = await tx.table("lines", partition).get(uid(1));
        if (runs++ === 0) await run(ctx);
        tx.table("lines", partition).update(uid(1), { rank: row.rank + 10 });
        return row.rank;
      });
    const result = await serve(moved);
    expect(result.status, result.text).toBe(200);
    expect(runs).toBe(2);
    expect((await bank.rows("lines"))[0]?.rank).toBe(12);
  });

  it("[TX27] sequential in code throws SequentialError with its steps", async () => {
    const bank = openBank();
    const partition = bank.room;
    const run = transaction({
      atomic: false,
      operations: [
        { op: "create", resource: "lines", as: "a", partition, data: { text: "x" }, transform: ({ id }) => ({ id }) },
        { op: "read", resource: "lines", as: "b", partition, id: uid(9) },
      ],
    });
    let thrown: unknown;
    await serve(async (ctx) => {
      try {
        await run(ctx);
      } catch (error) {
        thrown = error;
      }
    });
    expect(thrown).toBeInstanceOf(SequentialError);
    expect((thrown as SequentialError).steps).toMatchObject([
      { status: "done" },
      { status: "failed", problem: { slug: "not-found" } },
    ]);
    expect(await bank.rows("lines")).toHaveLength(1);
  });

  it("[TX3] a mistake in the list is a TypeError where it is declared", () => {
    const op = { op: "create", resource: "a", data: {} } as const;
    expect(() => transaction({ operations: [] })).toThrow(TypeError);
    expect(() => transaction({ operations: [{ ...op, colour: 1 } as never] })).toThrow('no member "colour"');
    expect(() => transaction({ operations: [{ ...op, data: { x: "{{later.id}}" } }] })).toThrow("no operation");
    expect(() => transaction({ operations: [{ ...op, when: "b.x==1" }] })).toThrow("earlier operation");
    expect(() => transaction({ atomic: false, operations: op, effects: () => [] })).toThrow("atomic");
  });
});
