/** Headers in and out, problems, cross-origin access, logs. */

import { describe, expect, test } from "vitest";
import type { ObjectReply } from "../../src/core/protocol/object-call.ts";
import type { AppOptions } from "../../src/edge/app-options.ts";
import { defineApp } from "../../src/edge/define-app.ts";
import { client, ID, type Init } from "./client.ts";
import { answer, EPOCH, fakeTables } from "./fake-tables.ts";
import * as tables from "./tables.ts";

const create = { method: "POST", as: "alice", body: { title: "x" } } as const;

describe("headers of a reply", () => {
  test("[R3] a create answers 201 with its address and tag", async () => {
    const { send } = client(() =>
      answer({
        status: 201,
        headers: { etag: `"${EPOCH}:2:abcdef"`, "ledge-row-id": ID },
        body: `{"id":"${ID}"}`,
        position: `${EPOCH}:2`,
      }),
    );
    const sent = await send("/api/notes", create);
    expect(Object.fromEntries(sent.headers)).toMatchObject({
      location: `/api/notes/${ID}`,
      etag: `"${EPOCH}:2:abcdef"`,
      "ledge-seq": `${EPOCH}:2`,
      "content-type": "application/json",
    });
    expect(sent.headers.has("ledge-row-id")).toBe(false);
    expect(sent.text).toBe(`{"id":"${ID}"}`);
    const split = await send("/api/@a/rooms", { ...create, as: "alice,room=a", body: { text: "x" } });
    expect(split.headers.get("location")).toBe(`/api/@a/rooms/${ID}`);
  });

  test("[HT10] private and not stored by default, revalidated where there is a tag, shared only for the anonymous", async () => {
    const caching = async (init: Init, reply: ObjectReply) => {
      const { send } = client(() => reply);
      const sent = await send("/api/notes", init);
      return [sent.headers.get("cache-control"), sent.headers.get("vary")];
    };
    const vary = "Authorization, Cookie, Origin";
    expect(await caching({ as: "alice" }, answer())).toEqual(["private, no-cache", vary]);
    expect(await caching({ as: "alice" }, answer({ headers: {} }))).toEqual(["private, no-store", vary]);
    expect(await caching({ method: "PUT" }, answer())).toEqual(["private, no-store", vary]);
  });

  test("[HT12] Prefer: return=minimal is passed on and acknowledged", async () => {
    const { send, calls } = client(() => answer({ status: 204, headers: {}, body: null }));
    const init = { method: "PATCH", as: "alice", body: {} };
    const sent = await send(`/api/notes/${ID}`, { ...init, headers: { prefer: 'respond-async, return="minimal"' } });
    expect([sent.status, sent.headers.get("preference-applied")]).toEqual([204, "return=minimal"]);
    await send(`/api/notes/${ID}`, { ...init, headers: { prefer: "return=representation" } });
    expect(calls.map(({ call }) => call.op === "write" && call.isMinimal)).toEqual([true, false]);
  });

  test("[HT30] the optimistic id of a create goes along and comes back", async () => {
    const { send, calls } = client(() => answer({ status: 201 }));
    const sent = await send("/api/notes", { ...create, headers: { "ledge-optimistic-id": "tmp-1" } });
    expect(sent.headers.get("ledge-optimistic-id")).toBe("tmp-1");
    expect(calls[0]?.call).toMatchObject({ intent: { optimisticId: "tmp-1" } });
  });

  const refused: [string, string, Init][] = [
    ["[HT40] If-Match on a create", "/api/notes", { ...create, headers: { "if-match": "*" } }],
    [
      "[HT36] a malformed If-Match",
      `/api/notes/${ID}`,
      { method: "PATCH", as: "alice", body: {}, headers: { "if-match": "abc" } },
    ],
    ["[HT12] a version that is not declared", "/api/notes", { as: "alice", headers: { "ledge-version": "2" } }],
    ["[HT8] a malformed position", "/api/notes", { as: "alice", headers: { "ledge-min-seq": "yesterday" } }],
    ["[QL8] a repeated parameter", "/api/notes?limit=1&limit=2", { as: "alice" }],
    ["[HT20] an unknown parameter on a write", "/api/notes?foo=1", create],
    ["[HT15] a consistency that is not known", "/api/notes?consistency=eventual", { as: "alice" }],
    ["[PG2] a cursor that is none", "/api/notes?cursor=abc", { as: "alice" }],
    ["[QL53] a count limit of 0", "/api/notes/count?limit=0", { as: "alice" }],
  ];
  test.each(refused)("%s is 400", async (_name, path, init) => {
    const { send, calls } = client();
    expect([(await send(path, init)).status, calls.length]).toEqual([400, 0]);
  });

  test("[HT8] positions, consistency and ignored parameters pass", async () => {
    const { send } = client();
    const positions = `${EPOCH}:12, tx:0189-ab@t/test/notes`;
    expect(
      (
        await send("/api/notes?consistency=committed&_t=1&_t=2", {
          as: "alice",
          headers: { "ledge-min-seq": positions },
        })
      ).status,
    ).toBe(200);
  });

  test("[PG1] the place to go on from becomes a cursor that the next request may send, and no other table's", async () => {
    const page = answer({ body: '{"items":[],"hasMore":true,"seq":1,"nextCursor":null}', next: [7, ID] });
    const { send, calls } = client(() => page);
    const first = await send("/api/notes?orderBy=-rank", { as: "alice" });
    const cursor = encodeURIComponent(String(first.json.nextCursor));
    expect((await send(`/api/notes?orderBy=-rank&cursor=${cursor}`, { as: "alice" })).status).toBe(200);
    expect(calls[1]?.call).toMatchObject({ after: [7, ID] });
    expect((await send(`/api/notes?orderBy=rank&cursor=${cursor}`, { as: "alice" })).json.reason).toBe(
      "orderby_mismatch",
    );
    expect((await send(`/api/strict?cursor=${cursor}`, { as: "alice" })).json.reason).toBe("table_mismatch");
    const moved = cursor.replace(/^./, (char) => (char === "e" ? "f" : "e"));
    expect((await send(`/api/notes?orderBy=-rank&cursor=${moved}`, { as: "alice" })).status).toBe(400);
    const rotated = client(() => page, {
      vars: { LEDGE_SECRET: "z".repeat(32), LEDGE_SECRET_OLD: "0123456789abcdef0123456789abcdef" },
    });
    expect((await rotated.send(`/api/notes?orderBy=-rank&cursor=${cursor}`, { as: "alice" })).status).toBe(200);
    const forgotten = client(() => page, { vars: { LEDGE_SECRET: "z".repeat(32) } });
    expect((await forgotten.send(`/api/notes?orderBy=-rank&cursor=${cursor}`, { as: "alice" })).json.reason).toBe(
      "tampered",
    );
  });
});

describe("ids and traces", () => {
  test("[HT9] [OB7] a request id is passed through, a malformed one replaced, an absent one made", async () => {
    const { send, calls } = client();
    const given = await send("/api/notes", { as: "alice", headers: { "x-request-id": "abc-123" } });
    expect([given.headers.get("x-request-id"), calls[0]?.call.requestId]).toEqual(["abc-123", "abc-123"]);
    const made = await send("/api/nothing", { headers: { "x-request-id": "no spaces" } });
    expect(made.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(made.json.requestId).toBe(made.headers.get("x-request-id"));
  });

  test("[HT9] a caller that does not trace is given no trace", async () => {
    const { send, calls } = client();
    expect((await send("/api/notes", { as: "alice" })).headers.has("traceparent")).toBe(false);
    expect(calls[0]?.call.traceparent).toBeNull();
  });

  test("[OB3] a trace goes on through the object as a span of its own; a malformed one begins anew", async () => {
    const { send, calls } = client();
    const trace = "0af7651916cd43dd8448eb211c80319c";
    await send("/api/notes", { as: "alice", headers: { traceparent: `00-${trace}-b7ad6b7169203331-01` } });
    expect(calls[0]?.call.traceparent).toMatch(new RegExp(`^00-${trace}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`));
    for (const bad of ["00-xyz", `ff-${trace}-b7ad6b7169203331-01`, `00-${"0".repeat(32)}-b7ad6b7169203331-01`]) {
      const sent = await send("/api/notes", { as: "alice", headers: { traceparent: bad } });
      expect(sent.headers.get("traceparent")).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-00$/);
      expect(sent.headers.get("traceparent")).not.toContain(trace);
    }
  });

  test("[OB2] one line a request: no token, no query; faults of ours are errors", async () => {
    const entries: Record<string, unknown>[] = [];
    const app = defineApp({
      name: "test",
      resources: tables,
      observability: { logLevel: "info", sink: (entry) => entries.push(entry) },
    });
    const { env } = fakeTables(undefined, { LEDGE_ENV: "development" });
    await app.request("/api/notes?filter=title==%22secret%22", { headers: { authorization: "Bearer dev:alice" } }, env);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      level: "info",
      method: "GET",
      path: "/api/notes",
      route: "/api/:table",
      status: 200,
      principal: "alice",
    });
    expect(entries[0]).toHaveProperty("durationMs");
    expect(JSON.stringify(entries)).not.toMatch(/secret|Bearer|dev:/);
    entries.length = 0;
    await app.request(
      "/api/notes",
      {},
      fakeTables(() => {
        throw Object.assign(new Error("kaputt"), { remote: true });
      }).env,
    );
    expect(entries.map(({ level, message }) => [level, message])).toEqual([
      ["error", "defect"],
      ["error", "request"],
    ]);
    expect(entries[0]?.stack).toContain("kaputt");
  });

  test("[OB2] the level comes from LEDGE_LOG_LEVEL", async () => {
    const entries: unknown[] = [];
    const app = defineApp({ name: "test", resources: tables, observability: { sink: (entry) => entries.push(entry) } });
    await app.request("/api/notes", {}, fakeTables(undefined, { LEDGE_LOG_LEVEL: "warn" }).env);
    expect(entries).toEqual([]);
  });
});

describe("problems", () => {
  test("[HT70] [ER1] a problem has type, title, status, detail, code, instance and request id", async () => {
    const sent = await client().send(`/api/nothing?q=1`);
    expect(sent.headers.get("content-type")).toBe("application/problem+json");
    expect(sent.json).toEqual({
      type: "/_/problems/not-found",
      title: "There is no such thing",
      status: 404,
      detail: "Nothing is served at this path",
      code: "NOT_FOUND",
      instance: "/api/nothing",
      requestId: sent.headers.get("x-request-id"),
    });
  });

  test("[HT70] a fault of the object keeps its extras and its position", async () => {
    const currentETag = `"${EPOCH}:9:abcdef"`;
    const { send } = client(() => ({
      kind: "fault",
      fault: { slug: "precondition-failed", currentETag },
      position: `${EPOCH}:9`,
    }));
    const sent = await send(`/api/notes/${ID}`, {
      method: "PATCH",
      as: "alice",
      body: {},
      headers: { "if-match": '"x"' },
    });
    expect([sent.status, sent.json.currentETag, sent.headers.get("ledge-seq")]).toEqual([
      412,
      currentETag,
      `${EPOCH}:9`,
    ]);
  });

  test("[ER7] the message of a defect is shown while developing only, or with debug", async () => {
    const script = () => {
      throw Object.assign(new Error("secret plan"), { remote: true });
    };
    const detail = async (vars: object, options: AppOptions = {}) => {
      const app = defineApp({ name: "test", resources: [tables.notes], ...options });
      const response = await app.request("/api/notes", {}, fakeTables(script, vars).env);
      return ((await response.json()) as { detail?: string }).detail;
    };
    expect(await detail({ LEDGE_ENV: "production" })).toBeUndefined();
    expect(await detail({})).toBeUndefined();
    expect(await detail({ LEDGE_ENV: "development" })).toBe("Error: secret plan");
    expect(await detail({}, { debug: true })).toBe("Error: secret plan");
  });
});

describe("security headers and cross-origin access", () => {
  const ask = async (
    options: AppOptions,
    init: RequestInit = {},
    { url = "https://x.example/api/notes", vars = {} } = {},
  ) => {
    const app = defineApp({ name: "test", resources: [tables.notes], ...options });
    return app.request(new Request(url, init), {}, fakeTables(undefined, vars).env);
  };
  const origin = "https://app.example";

  test("[Y2] every reply carries them; HSTS on https only, the policy on request", async () => {
    const secure = await ask({});
    expect(Object.fromEntries(secure.headers)).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "strict-origin-when-cross-origin",
      "strict-transport-security": "max-age=31536000; includeSubDomains",
    });
    expect(secure.headers.has("content-security-policy")).toBe(false);
    expect((await ask({}, {}, { url: "http://localhost/healthz" })).headers.has("strict-transport-security")).toBe(
      false,
    );
    expect((await ask({}, {}, { vars: { STRICT_API_CSP: "true" } })).headers.get("content-security-policy")).toContain(
      "default-src 'none'",
    );
    expect((await ask({ securityHeaders: false })).headers.has("x-frame-options")).toBe(false);
  });

  test("[Y5] off by default", async () => {
    const response = await ask({}, { headers: { origin } });
    expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  test("[Y5] true opens to every origin, without credentials, and shows Ledge's headers", async () => {
    const { headers } = await ask({ cors: true }, { headers: { origin } });
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.has("access-control-allow-credentials")).toBe(false);
    expect(headers.get("access-control-expose-headers")).toContain("Ledge-Seq");
  });

  test("[Y5] named origins are answered by name, others not at all; a preflight needs no credentials", async () => {
    const cors = { origins: [origin], credentials: true };
    const preflight = { method: "OPTIONS", headers: { origin, "access-control-request-method": "PATCH" } };
    const { status, headers } = await ask({ cors }, preflight, { url: `https://x.example/api/notes/${ID}` });
    expect(status).toBe(204);
    expect(Object.fromEntries(headers)).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "DELETE, GET, HEAD, OPTIONS, PATCH, PUT",
      "access-control-max-age": "600",
    });
    expect(headers.get("access-control-allow-headers")).toContain("Idempotency-Key");
    const other = await ask({ cors }, { headers: { origin: "https://evil.example" } });
    expect(other.headers.has("access-control-allow-origin")).toBe(false);
  });

  test("[Y5] credentials for every origin are refused at start", () => {
    const start = () => defineApp({ name: "test", resources: [tables.notes], cors: { credentials: true } });
    expect(start).toThrow(/credentials/);
  });
});
