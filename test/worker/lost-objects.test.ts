/** What becomes of a request whose object is lost on the way ([HT71] [HT72]): repeated once, never acting twice, or told as unknown. */

import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { ObjectCall } from "../../src/core/protocol/object-call.ts";
import { decodeCall } from "../../src/core/protocol/wire.ts";
import type { TableStub } from "../../src/edge/env.ts";
import { inspect, ledgerSeq } from "../support/scenario.ts";
import { app } from "../support/test-app.ts";

const KINDS = "t/test/kinds";
/** How one call to the object goes wrong: before it arrives, or after it was carried out. */
type Mishap = { readonly when: "before" | "after"; readonly error: object };

const LOST = { retryable: true, remote: true };
const OVERLOADED = { overloaded: true, retryable: true, remote: true };
const RESET = { durableObjectReset: true, remote: true };

/** The Worker over objects that go wrong in this order; null: that call goes well. */
async function ask(
  method: string,
  path: string,
  mishaps: readonly (Mishap | null)[],
  { body, headers = {} }: { body?: object; headers?: Record<string, string> } = {},
) {
  const calls: ObjectCall[] = [];
  const namespace = {
    getByName: (name: string) => ({
      call: async (text: string) => {
        const mishap = mishaps[calls.length] ?? null;
        calls.push(decodeCall(text) as ObjectCall);
        const fail = () => Object.assign(new Error("The object secret-name was lost"), mishap?.error);
        if (mishap?.when === "before") throw fail();
        const reply = await (env.LEDGE_TABLES.getByName(name) as unknown as TableStub).call(text);
        if (mishap?.when === "after") throw fail();
        return reply;
      },
    }),
  };
  const request = new Request(`http://localhost${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const response = await app.fetch(request, { ...env, LEDGE_TABLES: namespace, LEDGE_LOG_LEVEL: "silent" } as never);
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
    calls,
  };
}

const create = (title: string, mishaps: readonly (Mishap | null)[], headers: Record<string, string> = {}) =>
  ask("POST", "/api/kinds", mishaps, { body: { title }, headers });
const rows = async (title: string) => (await inspect(KINDS, `SELECT id FROM kinds WHERE title = '${title}'`)).length;

describe("a write whose object is lost", () => {
  it("[HT71] lost before it arrived: it is sent once more and takes place once", async () => {
    const reply = await create("lost 1", [{ when: "before", error: LOST }]);
    expect(reply.status).toBe(201);
    expect(reply.calls).toHaveLength(2);
    expect(await rows("lost 1")).toBe(1);
  });

  it("[HT71] lost after it was carried out: the repeat finds it in the ledger and does not act again", async () => {
    const before = await ledgerSeq(KINDS);
    const reply = await create("lost 2", [{ when: "after", error: LOST }]);
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({ title: "lost 2" });
    expect(reply.headers.get("ledge-seq")).toMatch(new RegExp(`:${before + 1}$`));
    expect(await rows("lost 2")).toBe(1);
    expect((await ledgerSeq(KINDS)) - before).toBe(1);
    expect(await inspect(KINDS, "SELECT 1 FROM _replies")).toEqual([]);
  });

  it("[HT71] a change and a delete that were carried out are answered from the ledger too", async () => {
    const made = await create("lost 3", []);
    const patched = await ask("PATCH", `/api/kinds/${made.body.id}`, [{ when: "after", error: RESET }], {
      body: { count: 50 },
      headers: { "if-match": made.headers.get("etag") ?? "" },
    });
    expect([patched.status, patched.body.count]).toEqual([200, 50]);
    const removed = await ask("DELETE", `/api/kinds/${made.body.id}`, [{ when: "after", error: LOST }]);
    expect(removed.status).toBe(204);
    expect(await rows("lost 3")).toBe(0);
  });

  it("[HT71] lost twice: 503 outcome-unknown with a key, under which a repeat is safe", async () => {
    const lost = await create("lost 4", [
      { when: "after", error: LOST },
      { when: "before", error: LOST },
    ]);
    expect(lost.status).toBe(503);
    expect(lost.body).toMatchObject({ code: "OUTCOME_UNKNOWN", retryAfter: 1 });
    expect(lost.headers.get("retry-after")).toBe("1");
    expect(lost.text).not.toMatch(/secret-name|was lost/);
    const key = String(lost.body.idempotencyKey);
    expect(lost.headers.get("idempotency-key")).toBe(key);
    const again = await create("lost 4", [], { "idempotency-key": key });
    expect(again.status).toBe(201);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await rows("lost 4")).toBe(1);
  });

  it("[HT71] lost twice before it arrived: the repeat under that key takes place", async () => {
    const lost = await create("lost 5", [
      { when: "before", error: LOST },
      { when: "before", error: LOST },
    ]);
    expect(lost.status).toBe(503);
    expect(await rows("lost 5")).toBe(0);
    const again = await create("lost 5", [], { "idempotency-key": String(lost.body.idempotencyKey) });
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([201, null]);
    const third = await create("lost 5", [], { "idempotency-key": String(lost.body.idempotencyKey) });
    expect([third.status, third.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
    expect(await rows("lost 5")).toBe(1);
  });

  it("[HT71] a client's own key is the one to repeat with", async () => {
    const lost = await create(
      "lost 6",
      [
        { when: "after", error: LOST },
        { when: "before", error: LOST },
      ],
      { "idempotency-key": "mine-6" },
    );
    expect(lost.body).toMatchObject({ code: "OUTCOME_UNKNOWN", idempotencyKey: "mine-6" });
    const again = await create("lost 6", [], { "idempotency-key": "mine-6" });
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
    expect(await rows("lost 6")).toBe(1);
  });

  it("[HT71] an overloaded repeat does not settle the first attempt", async () => {
    const lost = await create("lost 7", [
      { when: "after", error: LOST },
      { when: "before", error: OVERLOADED },
    ]);
    expect(lost.body).toMatchObject({ code: "OUTCOME_UNKNOWN" });
    expect(await rows("lost 7")).toBe(1);
  });
});

describe("a read whose object is lost", () => {
  it("[HT71] a read is repeated once", async () => {
    const reply = await ask("GET", "/api/kinds/count", [{ when: "before", error: LOST }]);
    expect(reply.status).toBe(200);
    expect(reply.calls).toHaveLength(2);
  });

  it("[HT71] lost twice it is 503 unavailable", async () => {
    const reply = await ask("GET", "/api/kinds/count", [
      { when: "before", error: LOST },
      { when: "after", error: LOST },
    ]);
    expect(reply.status).toBe(503);
    expect(reply.body).toMatchObject({ code: "UNAVAILABLE", retryAfter: 1 });
    expect(reply.text).not.toMatch(/secret-name|was lost/);
  });
});

describe("an overloaded object", () => {
  it("[HT72] a write is 503 overloaded at once: one call, nothing queued, nothing done", async () => {
    const reply = await create("over", [{ when: "before", error: OVERLOADED }]);
    expect(reply.status).toBe(503);
    expect(reply.body).toMatchObject({ code: "OVERLOADED", retryAfter: 1 });
    expect(reply.headers.get("retry-after")).toBe("1");
    expect(reply.calls).toHaveLength(1);
    expect(await rows("over")).toBe(0);
  });

  it("[HT72] a read is 503 overloaded at once", async () => {
    const reply = await ask("GET", "/api/kinds", [{ when: "before", error: OVERLOADED }]);
    expect([reply.status, reply.body.code, reply.calls.length]).toEqual([503, "OVERLOADED", 1]);
  });

  it("[HT70] a defect of the object is 500 and not repeated", async () => {
    const reply = await create("defect", [{ when: "before", error: { remote: true } }]);
    expect([reply.status, reply.body.code, reply.calls.length]).toEqual([500, "INTERNAL_ERROR", 1]);
  });
});
