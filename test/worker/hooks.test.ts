/** Hooks ([HT31] [HK1]): their order, what they may change, what a throw undoes. */

import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { inspect, ledgerSeq, loggedWhile, type Scenario, type Step, scenarios, send } from "../support/scenario.ts";
import { app } from "../support/test-app.ts";

const OBJECT = "t/test/hooked";
const row: Step = { to: "POST /api/hooked", body: { title: "row" }, as: "h" };

describe("the order of hooks", () => {
  scenarios([
    {
      name: "[HT31] [HK1] a create: before, inside, after",
      when: row,
      status: 201,
      json: { stamp: "before", inner: null },
      seq: 1,
      hooks: ["beforeCreate row", "onWrite create row", "afterCreate row"],
    },
    {
      name: "[HT31] an update: before, inside",
      given: [row],
      when: { to: "PATCH /api/hooked/{h.id}", body: { title: "next" } },
      status: 200,
      seq: 1,
      hooks: ["beforeUpdate row", "onWrite update next"],
    },
    {
      name: "[HT31] a replace of a row runs the hooks of an update",
      given: [row],
      when: { to: "PUT /api/hooked/{h.id}", body: { title: "put" } },
      status: 200,
      seq: 1,
      hooks: ["beforeUpdate row", "onWrite update put"],
    },
    {
      name: "[HT31] a PUT that creates runs the hooks of a create",
      when: { to: "PUT /api/hooked/0198c0de-5555-7abc-8def-000000000001", body: { title: "new" } },
      status: 201,
      json: { stamp: "before" },
      seq: 1,
      hooks: ["beforeCreate new", "onWrite create new", "afterCreate new"],
    },
    {
      name: "[HT31] a delete: before, inside",
      given: [row],
      when: { to: "DELETE /api/hooked/{h.id}" },
      status: 204,
      seq: 1,
      hooks: ["beforeDelete row", "onWrite delete row"],
    },
    {
      name: "[HT31] a read runs none",
      given: [row],
      when: { to: "GET /api/hooked/{h.id}" },
      status: 200,
      seq: 0,
      hooks: [],
    },
    {
      name: "[HT20] a refused precondition comes before hooks",
      given: [row],
      when: { to: "PATCH /api/hooked/{h.id}", body: { title: "x" }, headers: { "if-match": '"stale"' } },
      status: 412,
      seq: 0,
      hooks: [],
    },
    {
      name: "[HT20] an absent row comes before hooks",
      when: { to: "DELETE /api/hooked/0198c0de-0000-7000-8000-000000000000" },
      status: 404,
      seq: 0,
      hooks: [],
    },
    {
      name: "[HT20] validation comes after before-hooks",
      when: { to: "POST /api/hooked", body: { title: 7 } },
      status: 400,
      json: { errors: [{ field: "title" }] },
      seq: 0,
      hooks: ["beforeCreate 7"],
    },
    {
      name: "[HT24] a change that changes nothing runs no inner hook",
      given: [row],
      when: { to: "PATCH /api/hooked/{h.id}", body: { title: "row" } },
      status: 200,
      seq: 0,
      hooks: ["beforeUpdate row"],
    },
  ]);
});

describe("what hooks may do", () => {
  const rows: Scenario[] = [
    {
      name: "[HT31] onBeforeCreate may refuse with fields",
      when: { to: "POST /api/hooked", body: { title: "reject" } },
      status: 400,
      json: { code: "VALIDATION_ERROR", detail: "No", errors: [{ field: "title", message: "is rejected" }] },
      seq: 0,
      hooks: ["beforeCreate reject"],
    },
    {
      name: "[HT31] onBeforeUpdate may refuse",
      given: [row],
      when: { to: "PATCH /api/hooked/{h.id}", body: { title: "conflict" } },
      status: 409,
      json: { code: "CONFLICT", reason: "expect" },
      seq: 0,
      hooks: ["beforeUpdate row"],
    },
    {
      name: "[HT31] onBeforeDelete may refuse",
      given: [{ ...row, body: { title: "undeletable" } }],
      when: { to: "DELETE /api/hooked/{h.id}" },
      status: 409,
      seq: 0,
      hooks: ["beforeDelete undeletable"],
    },
    {
      name: "[HT31] onWrite may change the row",
      when: { to: "POST /api/hooked", body: { title: "touch" } },
      status: 201,
      json: { inner: "touched" },
      seq: 1,
    },
    {
      name: "[HT31] onWrite sees the row it is about in its table, and may change it still",
      when: { to: "POST /api/hooked", body: { title: "look" } },
      status: 201,
      json: { inner: "saw look" },
      seq: 1,
      then: async () => {
        const [entry] = await inspect(OBJECT, "SELECT changes FROM _log ORDER BY seq DESC LIMIT 1");
        const changes = JSON.parse(String(entry?.changes)) as { op: string; after: { inner: string } }[];
        expect(changes).toHaveLength(1);
        expect(changes[0]).toMatchObject({ op: "create", after: { inner: "saw look" } });
      },
    },
    {
      name: "[HT31] onWrite may write to tables of its object, in the same commit",
      when: { to: "POST /api/hooked", body: { title: "audit" } },
      status: 201,
      seq: 1,
      then: async () => {
        expect(await inspect(OBJECT, "SELECT note FROM audits WHERE note = 'create audit'")).toHaveLength(1);
        const [entry] = await inspect(OBJECT, "SELECT changes FROM _log ORDER BY seq DESC LIMIT 1");
        expect((JSON.parse(String(entry?.changes)) as { table: string }[]).map(({ table }) => table).sort()).toEqual([
          "audits",
          "hooked",
        ]);
      },
    },
    {
      name: "[HT31] a throw in onWrite rolls everything back",
      when: { to: "POST /api/hooked", body: { title: "audit-then-throw" } },
      status: 409,
      json: { detail: "Rolled back" },
      seq: 0,
      then: async () => {
        expect(await inspect(OBJECT, "SELECT 1 FROM audits WHERE note = 'must vanish'")).toEqual([]);
        expect(await inspect(OBJECT, "SELECT 1 FROM hooked WHERE title = 'audit-then-throw'")).toEqual([]);
        expect(await inspect(OBJECT, "SELECT 1 FROM _log WHERE changes LIKE '%must vanish%'")).toEqual([]);
      },
    },
    {
      name: "[HT31] a throw in onWrite of an update leaves the row as it was",
      given: [row],
      when: { to: "PATCH /api/hooked/{h.id}", body: { title: "throw-inside" } },
      status: 409,
      seq: 0,
      then: async ({ kept }) =>
        void expect((await send({ to: `GET /api/hooked/${kept.h?.id}` })).body.title).toBe("row"),
    },
    {
      name: "[HT31] a defect in onWrite is 500 without its message, and writes nothing",
      when: { to: "POST /api/hooked", body: { title: "boom-inside" } },
      status: 500,
      json: { code: "INTERNAL_ERROR" },
      hasNot: ["secret detail", "stack", ".ts", "TypeError"],
      seq: 0,
    },
    {
      name: "[HT31] onWrite that gives a promise is refused and writes nothing",
      when: { to: "POST /api/hooked", body: { title: "promise" } },
      status: 500,
      json: { code: "INTERNAL_ERROR" },
      seq: 0,
    },
    { name: "[HT31] an after-hook cannot change the reply", when: row, status: 201, hasNot: ["afterCreate"], seq: 1 },
    {
      name: "[CL2] [HT24] an update that onWrite undoes takes no seq and keeps the tag",
      given: [row],
      when: { to: "PATCH /api/hooked/{h.id}", body: { title: "undo" } },
      status: 200,
      json: { title: "row" },
      headers: { etag: "{h.etag}" },
      seq: 0,
      then: async ({ kept }) =>
        void expect((await send({ to: `GET /api/hooked/${kept.h?.id}` })).headers.get("etag")).toBe(kept.h?.etag),
    },
  ];
  scenarios(rows.map((each) => ({ object: OBJECT, ...each })));

  it("[CL2] a row written and written back in one transaction does not keep the seq that the next commit takes", async () => {
    const made = await send(row);
    await send(row);
    const at = await ledgerSeq(OBJECT);
    const undone = await send({ to: `PATCH /api/hooked/${made.body.id}`, body: { title: "look and undo" } });
    expect([undone.status, undone.body.title]).toEqual([200, "row"]);
    expect(await ledgerSeq(OBJECT)).toBe(at);
    const stale = (await send({ to: `GET /api/hooked/${made.body.id}` })).headers.get("etag") ?? "";
    expect(stale).toBe(undone.headers.get("etag"));
    expect((await send({ to: `PATCH /api/hooked/${made.body.id}`, body: { title: "real" } })).status).toBe(200);
    expect(
      (await send({ to: `PATCH /api/hooked/${made.body.id}`, body: { title: "lost" }, headers: { "if-match": stale } }))
        .status,
    ).toBe(412);
  });

  it("[HT31] an after-hook that throws leaves the reply as it is, and a line in the log", async () => {
    const lines = await loggedWhile(async (soFar) => {
      const reply = await send({ to: "POST /api/hooked", body: { title: "boom after" } });
      expect(reply.status).toBe(201);
      expect(reply.text).not.toContain("secret detail");
      await expect.poll(() => soFar.some(({ message }) => message === "after-hook failed")).toBe(true);
    });
    expect(lines).toContainEqual(
      expect.objectContaining({ level: "error", message: "after-hook failed", resource: "hooked" }),
    );
  });

  it("[HT70] a defect in a before-hook is 500, and in production its message stays inside", async () => {
    const lines = await loggedWhile(async () => {
      const reply = await app.fetch(
        new Request("https://ledge.example/api/hooked", {
          method: "POST",
          body: '{"title":"boom"}',
          headers: { "content-type": "application/json" },
        }),
        { ...env, LEDGE_ENV: "production" } as never,
      );
      const text = await reply.text();
      expect(reply.status).toBe(500);
      expect(JSON.parse(text)).toMatchObject({ code: "INTERNAL_ERROR" });
      expect(text).not.toMatch(/secret detail|Error:|\.ts|stack/);
    });
    expect(JSON.stringify(lines)).toContain("secret detail of a defect");
  });
});
