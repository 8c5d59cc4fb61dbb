/** System paths and what surrounds every reply ([HT3] [OB1] [OB2] [Y2] [Y5] [PF3]): health, readiness, the secret, CORS, headers, logs. */

import { env, listDurableObjectIds, SELF } from "cloudflare:test";
import { type AppOptions, defineApp } from "ledge";
import { describe, expect, it } from "vitest";
import { scenarios } from "../support/scenario.ts";
import { app } from "../support/test-app.ts";
import { articles, kinds } from "../support/test-tables.ts";

/** The test tables under other options; objects are the same. */
const appWith = (options: AppOptions) => defineApp({ name: "test", resources: [kinds, articles], ...options });
const ask = (options: AppOptions, path: string, init: RequestInit = {}, overrides: object = {}) =>
  appWith(options).request(path, init, { ...env, ...overrides } as never);

describe("health", () => {
  scenarios([
    {
      name: "[HT3] [OB1] /healthz is 200 when the Worker runs",
      when: { to: "GET /healthz" },
      status: 200,
      json: { status: "ok" },
      headers: { "cache-control": "no-store" },
    },
    {
      name: "[HT3] /healthz takes HEAD, and no POST",
      when: { to: "POST /healthz" },
      status: 405,
      headers: { allow: "GET, HEAD, OPTIONS" },
    },
    {
      name: "[HT3] [OB1] /healthz asks nobody who they are",
      when: { to: "GET /healthz", headers: { authorization: "Bearer nonsense" } },
      status: 200,
    },
    {
      name: "[HT3] [OB1] /readyz tells status and checks",
      when: { to: "GET /readyz" },
      status: 200,
      json: { status: "ready", checks: { tables: { status: "ok" }, secret: { status: "ok" } } },
      headers: { "cache-control": "no-store" },
    },
    {
      name: "[HT3] an unknown system path is 404",
      when: { to: "GET /_/nothing" },
      status: 404,
      json: { code: "NOT_FOUND" },
    },
    {
      name: "[HT3] /_/schema is open in development",
      when: { to: "GET /_/schema" },
      status: 200,
      has: ['"name":"kinds"'],
    },
  ]);

  it("[HT3] /_/schema needs an administrator outside development", async () => {
    const reply = await ask({}, "/_/schema", {}, { LEDGE_ENV: "production" });
    expect(reply.status).toBe(401);
    expect(await reply.text()).not.toContain("articles");
  });

  it("[OB1] a check that fails makes /readyz 503 and names it; strangers learn no reason", async () => {
    const options: AppOptions = {
      health: { mail: () => Promise.reject(new Error("smtp secret reason")), disk: () => undefined },
      observability: { logLevel: "silent" },
    };
    const reply = await ask(options, "/readyz", {}, { LEDGE_ENV: "production" });
    const text = await reply.text();
    expect(reply.status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({ checks: { mail: { status: "failed" }, disk: { status: "ok" } } });
    expect(text).not.toContain("smtp secret reason");
  });

  it("[OB1] an object that does not answer makes /readyz 503", async () => {
    const namespace = { getByName: () => ({ ping: () => Promise.reject(new Error("gone")) }) };
    expect(
      (await ask({ observability: { logLevel: "silent" } }, "/readyz", {}, { LEDGE_TABLES: namespace })).status,
    ).toBe(503);
  });
});

describe("the secret", () => {
  it("[PF3] without LEDGE_SECRET a deployment serves no data, touches no object, and its log names the command", async () => {
    const before = (await listDurableObjectIds(env.LEDGE_TABLES)).length;
    for (const LEDGE_SECRET of [undefined, "", "short"]) {
      const lines: string[] = [];
      const options: AppOptions = { observability: { sink: (entry) => lines.push(JSON.stringify(entry)) } };
      const overrides = { LEDGE_ENV: "production", LEDGE_SECRET, LEDGE_LOG_LEVEL: "info" };
      const reply = await ask(options, "/api/kinds", {}, overrides);
      expect(reply.status).toBe(503);
      expect(await reply.text()).not.toMatch(/LEDGE_SECRET|wrangler/);
      expect(lines.join()).toContain("wrangler secret put LEDGE_SECRET");
      expect((await ask(options, "/readyz", {}, overrides)).status).toBe(503);
      expect((await ask(options, "/healthz", {}, overrides)).status).toBe(200);
    }
    expect((await listDurableObjectIds(env.LEDGE_TABLES)).length).toBeLessThanOrEqual(before + 1);
  });

  it("[PF3] in development it may be missing", async () => {
    expect((await ask({}, "/api/kinds", {}, { LEDGE_SECRET: undefined })).status).toBe(200);
  });
});

describe("CORS", () => {
  const origin = "https://app.example";
  const preflight = {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "PATCH", "access-control-request-headers": "if-match" },
  };

  it("[Y5] [HT11] it is off by default: a preflight grants nothing", async () => {
    const reply = await ask({}, "/api/kinds", preflight);
    expect(reply.status).toBe(204);
    expect([...reply.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
    const plain = await ask({}, "/api/kinds", { headers: { origin } });
    expect(plain.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("[Y5] true opens the API to every origin, without credentials", async () => {
    const reply = await ask({ cors: true }, "/api/kinds", preflight);
    expect(reply.status).toBe(204);
    expect(reply.headers.get("access-control-allow-origin")).toBe("*");
    expect(reply.headers.get("access-control-allow-methods")).toContain("POST");
    expect(reply.headers.get("access-control-allow-headers")).toMatch(/If-Match/i);
    expect(reply.headers.get("access-control-allow-credentials")).toBeNull();
    const read = await ask({ cors: true }, "/api/kinds", { headers: { origin } });
    expect(read.headers.get("access-control-expose-headers")).toMatch(/ETag.*Ledge-Seq/);
  });

  it("[Y5] named origins get their own name and credentials, others nothing", async () => {
    const cors = { origins: [origin], credentials: true };
    const named = await ask({ cors }, "/api/kinds", { headers: { origin } });
    expect(named.headers.get("access-control-allow-origin")).toBe(origin);
    expect(named.headers.get("access-control-allow-credentials")).toBe("true");
    expect(named.headers.get("vary")).toContain("Origin");
    for (const other of ["https://evil.example", "https://app.example.evil.example", "null", "http://app.example"]) {
      const reply = await ask({ cors }, "/api/kinds", { headers: { origin: other } });
      expect(reply.headers.get("access-control-allow-origin"), other).toBeNull();
      expect(reply.headers.get("access-control-allow-credentials"), other).toBeNull();
    }
  });

  it("[Y5] a problem carries the headers too, so that a page can read it", async () => {
    const reply = await ask({ cors: true }, "/api/nothing", { headers: { origin } });
    expect([reply.status, reply.headers.get("access-control-allow-origin")]).toEqual([404, "*"]);
  });

  it("[Y5] credentials for every origin are refused at start", async () => {
    await expect((async () => ask({ cors: { credentials: true } }, "/api/kinds"))()).rejects.toThrow(/cors/i);
  });
});

describe("headers of every reply", () => {
  const names = ["x-content-type-options", "x-frame-options", "referrer-policy"];

  it("[Y2] security headers stand on data, problems and system pages", async () => {
    for (const path of ["/api/kinds", "/api/nothing", "/healthz", "/_/problems/conflict"]) {
      const { headers } = await SELF.fetch(`http://localhost${path}`);
      expect(
        names.map((name) => headers.get(name)),
        path,
      ).toEqual(["nosniff", "DENY", "strict-origin-when-cross-origin"]);
      expect(headers.get("strict-transport-security")).toBeNull();
      expect(headers.get("x-powered-by")).toBeNull();
    }
  });

  it("[Y2] HSTS is sent on https only", async () => {
    const reply = await app.fetch(new Request("https://ledge.example/healthz"), env as never);
    expect(reply.headers.get("strict-transport-security")).toMatch(/^max-age=31536000/);
  });

  it("[Y2] the strict policy is opt-in, and for the API", async () => {
    expect((await ask({}, "/api/kinds")).headers.get("content-security-policy")).toBeNull();
    expect(
      (await ask({}, "/api/kinds", {}, { STRICT_API_CSP: "true" })).headers.get("content-security-policy"),
    ).toContain("default-src 'none'");
  });
});

describe("logs", () => {
  it("[OB2] [HT9] a request is one line with id, path, status and principal, and without query, token or body", async () => {
    const entries: Record<string, unknown>[] = [];
    const options: AppOptions = { observability: { logLevel: "info", sink: (entry) => entries.push(entry) } };
    const headers = {
      "x-request-id": "log-1",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      authorization: "Bearer dev:alice",
    };
    await ask(options, '/api/articles?filter=title=="private words"', { headers });
    const [line, ...rest] = entries.filter(({ message }) => message === "request");
    expect(rest).toEqual([]);
    expect(line).toMatchObject({
      level: "info",
      requestId: "log-1",
      traceId: "0af7651916cd43dd8448eb211c80319c",
      method: "GET",
      path: "/api/articles",
      status: 200,
      principal: "alice",
    });
    expect(JSON.stringify(entries)).not.toMatch(/private words|dev:alice|authorization/i);
  });

  it("[OB2] LEDGE_LOG_LEVEL says which lines are kept", async () => {
    for (const [level, count] of [
      ["info", 1],
      ["error", 0],
      ["silent", 0],
    ] as const) {
      const entries: unknown[] = [];
      await ask(
        { observability: { sink: (entry) => entries.push(entry) } },
        "/api/kinds",
        {},
        { LEDGE_LOG_LEVEL: level },
      );
      expect(entries, level).toHaveLength(count);
    }
  });
});

describe("the application", () => {
  it("[PF3] the base path is an option", async () => {
    expect((await ask({ basePath: "/v1/" }, "/v1/kinds")).status).toBe(200);
    expect((await ask({ basePath: "/v1/" }, "/api/kinds")).status).toBe(404);
    const made = await ask({ basePath: "v1" }, "/v1/kinds", {
      method: "POST",
      body: '{"title":"based"}',
      headers: { "content-type": "application/json" },
    });
    expect(made.headers.get("location")).toMatch(/^\/v1\/kinds\//);
  });

  it("[PF18] [PF4] [Z9] a route of the application stands beside the generated ones, under the caller's rights", async () => {
    const reports = appWith({}).route("GET", "/api/reports/:owner", async ({ table, params }) => ({
      of: params.owner,
      page: await table("articles").list({ limit: 1 }),
    }));
    const reply = await reports.request("/api/reports/x", {}, env as never);
    expect(await reply.json()).toMatchObject({ of: "x", page: { hasMore: false } });
    expect((await reports.request("/api/kinds", {}, env as never)).status).toBe(200);
  });
});
