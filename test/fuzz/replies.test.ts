/**
 * What attackers try with headers, and what they would read in logs: header and log injection, caches that mix callers, origins,
 * bodies for HEAD, and idempotency keys of others.
 */

import { env, SELF } from "cloudflare:test";
import { defineApp } from "ledge";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { kinds } from "../support/test-tables.ts";
import { app, logged } from "./fuzz-app.ts";
import { hs256 } from "./tokens.ts";

const HOSTILE_IDS = [
  "a\r\nx-injected: 1",
  "a\nset-cookie: a=b",
  "\r\n\r\n<html>",
  "a\u0000b",
  "a\u2028b",
  "é",
  "%0d%0ax-injected:%201",
  "../../x",
  "?x=1",
  "#x",
  "a/b",
  "a b",
  '"><script>',
  "ﬀ\ud800",
];
const JSON_TYPE = { "content-type": "application/json" };
const textOf = (headers: Headers) => [...headers].map(([name, value]) => `${name}: ${value}`).join("\n");

beforeEach(() => {
  logged.length = 0;
});

describe("headers of replies", () => {
  it("[HT6] no id can break out of Location, or of any other header", async () => {
    for (const id of HOSTILE_IDS) {
      const body = JSON.stringify({ id, slug: id.toWellFormed().replaceAll("\u0000", "") });
      for (const [path, method] of [
        ["/api/slugs", "POST"],
        [`/api/slugs/${encodeURIComponent(id.toWellFormed())}`, "PUT"],
      ] as const) {
        const reply = await SELF.fetch(`http://localhost${path}`, { method, headers: JSON_TYPE, body });
        expect(reply.status, id).toBeGreaterThanOrEqual(400);
        expect(reply.headers.has("location"), id).toBe(false);
        expect(textOf(reply.headers)).not.toMatch(/x-injected|set-cookie|<html>|script/i);
        await reply.body?.cancel();
      }
    }
    const made = await SELF.fetch("http://localhost/api/slugs", {
      method: "POST",
      headers: JSON_TYPE,
      body: '{"id":"A.~_-9","slug":"plain"}',
    });
    expect(made.headers.get("location")).toBe("/api/slugs/A.~_-9");
    await made.body?.cancel();
  });

  it("[HT9] [HT30] request ids, trace contexts and optimistic ids come back only when they are well formed", async () => {
    for (const value of ["a b", "a,b", "é", "<x>", "\u001b[31m", "a\tb", "x".repeat(65)]) {
      const reply = await SELF.fetch("http://localhost/api/kinds", {
        headers: { "x-request-id": value, traceparent: value },
      });
      expect(textOf(reply.headers), value).not.toContain(value);
      await reply.body?.cancel();
    }
    const reply = await SELF.fetch("http://localhost/api/kinds", {
      method: "POST",
      headers: { ...JSON_TYPE, "ledge-optimistic-id": "a\u0001b" },
      body: '{"title":"t"}',
    });
    expect([reply.status, reply.headers.has("ledge-optimistic-id")]).toEqual([400, false]);
    await reply.body?.cancel();
  });

  it("[HT10] whatever is asked, caches keep replies of the API apart by caller and origin", async () => {
    const attempts: readonly [string, RequestInit][] = [
      ["/api/kinds", {}],
      [
        "/api/kinds",
        {
          headers: {
            "x-forwarded-host": "evil.example",
            "x-original-url": "/api/denied",
            "x-forwarded-scheme": "http",
          },
        },
      ],
      ["/api/kinds", { headers: { origin: "https://app.example.com" } }],
      ["/api/kinds?_cb=1", { headers: { authorization: "Bearer nonsense" } }],
      ["/api/nothing.css", {}],
      ["/api/diaries/..%2fstyle.css", { headers: { authorization: "Bearer dev:alice" } }],
      [
        "/api/kinds",
        { method: "OPTIONS", headers: { origin: "https://app.example.com", "access-control-request-method": "POST" } },
      ],
      ["/api/kinds", { method: "TRACE" }],
      ["/api/echo/x", {}],
      ["/api/broken", {}],
    ];
    for (const [path, init] of attempts) {
      const reply = await SELF.fetch(`http://localhost${path}`, init);
      expect(reply.headers.get("vary"), path).toBe("Authorization, Cookie, Origin");
      expect(reply.headers.get("cache-control"), path).toMatch(/^private, no-(store|cache)$/);
      expect(`${textOf(reply.headers)}${await reply.text()}`, path).not.toContain("evil.example");
    }
  });

  it("[HT10] shared caches are let in for anonymous readers only, and with Vary", async () => {
    const control = async (headers: Record<string, string>, method = "GET") => {
      const reply = await SELF.fetch("http://localhost/api/letters", { method, headers });
      await reply.body?.cancel();
      expect(reply.headers.get("vary")).toBe("Authorization, Cookie, Origin");
      return reply.headers.get("cache-control");
    };
    expect(await control({})).toBe("public, no-cache");
    expect(await control({ authorization: "Bearer dev:alice" })).toBe("private, no-cache");
    expect(await control({ authorization: "Bearer nonsense" })).toBe("private, no-store");
  });

  it("[HT10] a route that varies by something of its own still varies by caller and origin", async () => {
    const target = defineApp({
      name: "fuzz",
      resources: { kinds },
      cors: { origins: ["https://app.example.com"], credentials: true },
    })
      .route(
        "GET",
        "/api/own",
        () =>
          new Response("x", { headers: { vary: "Accept-Language, origin", "cache-control": "public, max-age=60" } }),
      )
      .route("GET", "/own", () => new Response("x", { headers: { vary: "Accept" } }))
      .route("GET", "/any", () => new Response("x", { headers: { vary: "*" } }));
    const vary = async (path: string) =>
      (
        await target.fetch(
          new Request(`http://localhost${path}`, { headers: { origin: "https://app.example.com" } }),
          env as never,
        )
      ).headers.get("vary");
    expect(await vary("/api/own")).toBe("Accept-Language, origin, Authorization, Cookie");
    expect(await vary("/own")).toBe("Accept, Origin");
    expect(await vary("/any")).toBe("*");
  });

  it("[HT11] HEAD never has a body, wherever it goes", async () => {
    const paths = [
      "/",
      "/healthz",
      "/readyz",
      "/_/schema",
      "/_/problems/conflict",
      "/api/kinds",
      "/api/kinds/count",
      "/api/kinds/aggregate?count=true",
      "/api/kinds?nope=1",
      "/api/echo/x",
      "/api/broken",
      "/api/limited",
      "/nope",
      "/api/denied",
      "/api/kinds/batch",
    ];
    for (const path of paths) {
      const reply = await app.fetch(new Request(`http://localhost${path}`, { method: "HEAD" }), env as never);
      expect(await reply.text(), path).toBe("");
    }
  });
});

describe("origins", () => {
  const EVIL = [
    "https://evil.example",
    "null",
    "",
    "https://app.example.com.evil.example",
    "https://evil.example/?://app.example.com",
    "https://app.example.com\u00a0",
    "file://",
    "https://APP.EXAMPLE.COM",
    "not a url",
  ];
  const allow = async (target: { fetch: typeof app.fetch }, origin: string, method = "GET") => {
    const reply = await target.fetch(
      new Request("http://localhost/api/kinds", {
        method,
        headers: { origin, "access-control-request-method": "POST" },
      }),
      env as never,
    );
    await reply.body?.cancel();
    return {
      status: reply.status,
      origin: reply.headers.get("access-control-allow-origin"),
      credentials: reply.headers.get("access-control-allow-credentials"),
      headers: reply.headers.get("access-control-allow-headers"),
    };
  };

  it("[Y5] only named origins are reflected; for the others there is no such header at all", async () => {
    const named = defineApp({
      name: "fuzz",
      resources: { kinds },
      cors: { origins: ["https://app.example.com"], credentials: true },
    });
    for (const method of ["GET", "OPTIONS"]) {
      for (const origin of EVIL.filter((each) => !each.includes("?://"))) {
        const { status, ...rest } = await allow(named, origin, method);
        expect(rest, `${method} ${origin}`).toEqual({ origin: null, credentials: null, headers: null });
        expect(status).toBeLessThan(300);
      }
      expect(await allow(named, "https://app.example.com", method)).toMatchObject({
        origin: "https://app.example.com",
        credentials: "true",
      });
    }
  });

  it("[Y5] an open API never goes with credentials", async () => {
    const open = defineApp({ name: "fuzz", resources: { kinds }, cors: true });
    for (const origin of EVIL) expect(await allow(open, origin)).toMatchObject({ origin: "*", credentials: null });
    expect(() => defineApp({ name: "fuzz", cors: { credentials: true } })).toThrow(/credentials/);
    expect(() => defineApp({ name: "fuzz", cors: { origins: ["*"], credentials: true } })).toThrow(/credentials/);
  });

  it("[Y5] an origin that the application's own function cannot read is not let in, and is no failure", async () => {
    const picky = defineApp({
      name: "fuzz",
      resources: { kinds },
      cors: { origins: (origin) => new URL(origin).hostname === "app.example.com" },
    });
    for (const origin of ["null", "not a url", "https://evil.example"])
      expect(await allow(picky, origin)).toMatchObject({ status: 200, origin: null });
    expect((await allow(picky, "https://app.example.com")).origin).toBe("https://app.example.com");
  });

  it("[Y5] without the option nothing is allowed", async () => {
    const closed = defineApp({ name: "fuzz", resources: { kinds } });
    expect(await allow(closed, "https://app.example.com")).toMatchObject({ origin: null, headers: null });
  });
});

describe("logs", () => {
  /** The line that the console would get. */
  const lines = () => logged.map((entry) => JSON.stringify(entry));

  it("[OB2] control characters of a path or header stay escaped: one request is one line", async () => {
    for (const text of [
      "a\r\nb",
      "\u001b[2J\u001b[31m",
      "\u0000",
      "\u2028\u2029",
      '","level":"error',
      "\u202e",
      "\ud83d\ude00",
    ]) {
      const encoded = encodeURIComponent(text);
      for (const path of [
        `/api/kinds/${encoded}`,
        `/api/${encoded}`,
        `/api/@${encoded}/papers`,
        `/api/echo/${encoded}`,
        `/${encoded}`,
      ]) {
        logged.length = 0;
        const reply = await SELF.fetch(`http://localhost${path}`, {
          headers: { "x-request-id": "log-1", "user-agent": "\u001b[31m", traceparent: '","x":"' },
        });
        await reply.body?.cancel();
        expect(
          lines().filter((line) => line.includes('"message":"request"')),
          path,
        ).toHaveLength(1);
        for (const line of lines()) {
          // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
          expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
          expect(JSON.parse(line).level).toMatch(/^(info|error)$/);
        }
      }
    }
  });

  it("[OB2] tokens, cookies, query strings and bodies are in no log, whatever becomes of the request", async () => {
    const token = await hs256({ sub: "alice" });
    const marks = [
      "PRIVATE-QUERY",
      "PRIVATE-COOKIE",
      "PRIVATE-BODY",
      "PRIVATE-KEY",
      token.split(".")[2] ?? "",
      "dev:private-token",
    ];
    const console_ = (["debug", "log", "info", "warn", "error"] as const).map((level) =>
      vi.spyOn(console, level).mockImplementation(() => undefined),
    );
    for (const authorization of [
      `Bearer ${token}`,
      `Bearer ${token}x`,
      `Basic ${token}`,
      "Bearer dev:private-token,=",
      "Bearer dev:private-token,x",
    ]) {
      for (const [path, method] of [
        ["/api/kinds", "POST"],
        ["/api/hooked", "POST"],
        ["/api/kinds/batch", "PATCH"],
        ["/api/nope", "POST"],
        ["/api/broken", "GET"],
        ["/api/kinds", "GET"],
      ] as const) {
        const body = method === "GET" ? null : '{"title":"PRIVATE-BODY","stamp":1}';
        const reply = await SELF.fetch(`http://localhost${path}?filter=title=="PRIVATE-QUERY"&PRIVATE-QUERY=1`, {
          method,
          body,
          headers: { ...JSON_TYPE, authorization, cookie: "a=PRIVATE-COOKIE", "idempotency-key": "PRIVATE-KEY" },
        });
        await reply.body?.cancel();
      }
    }
    const written = [
      ...lines(),
      ...console_.flatMap((spy) => spy.mock.calls.map((call) => call.map(String).join(" "))),
    ].join("\n");
    for (const spy of console_) spy.mockRestore();
    expect(lines().length).toBeGreaterThan(20);
    for (const mark of marks) expect(written).not.toContain(mark);
  });
});

describe("idempotency keys of others", () => {
  const post = async (user: string | null, key: string, headers: Record<string, string> = {}, slug = "same") => {
    const reply = await SELF.fetch("http://localhost/api/slugs", {
      method: "POST",
      headers: {
        ...JSON_TYPE,
        ...(user === null ? {} : { authorization: `Bearer dev:${user}` }),
        "idempotency-key": key,
        ...headers,
      },
      body: JSON.stringify({ id: slug, slug }),
    });
    return { status: reply.status, replayed: reply.headers.get("idempotency-replayed"), text: await reply.text() };
  };

  it("[HT41] a stored reply answers its own caller only", async () => {
    expect(await post("alice", "key-1")).toMatchObject({ status: 201, replayed: null });
    expect(await post("alice", "key-1")).toMatchObject({ status: 201, replayed: "true" });
    for (const user of ["bob", "Alice", "alice2", null])
      expect(await post(user, "key-1"), String(user)).toMatchObject({ status: 409, replayed: null });
  });

  it("[HT41] keys cannot be made to look like another caller's: separators in names and keys stay what they are", async () => {
    expect(await post("a", "b|c", {}, "sep")).toMatchObject({ status: 201 });
    for (const [user, key] of [
      ["a|b", "c"],
      ["u:a", "b|c"],
      ["a%7Cb", "c"],
    ] as const)
      expect(await post(user, key, {}, "sep"), user).toMatchObject({ status: 409, replayed: null });
    for (const key of ["u:a|b|c", "a:|b|c"])
      expect(await post(null, key, {}, "sep"), key).toMatchObject({ status: 409, replayed: null });
  });

  it("[HT41] anonymous callers are told apart by address", async () => {
    const from = (address: string) => ({ "cf-connecting-ip": address });
    expect(await post(null, "key-2", from("192.0.2.1"), "anon")).toMatchObject({ status: 201, replayed: null });
    expect(await post(null, "key-2", from("192.0.2.1"), "anon")).toMatchObject({ status: 201, replayed: "true" });
    expect(await post(null, "key-2", from("192.0.2.2"), "anon")).toMatchObject({ status: 409, replayed: null });
    expect(
      await post(null, "key-2", { "x-forwarded-for": "192.0.2.1", forwarded: "for=192.0.2.1" }, "anon"),
    ).toMatchObject({ status: 409, replayed: null });
  });

  it("[HT71] a key that looks like the Worker's own is no way to another caller's attempt", async () => {
    const key = "retry-01a1fd5c-eaf9-7f56-b6fe-9e8700c85ab5";
    expect(await post("alice", key, {}, "attempt")).toMatchObject({ status: 201 });
    expect(await post("bob", key, {}, "attempt")).toMatchObject({ status: 409, replayed: null });
  });
});
