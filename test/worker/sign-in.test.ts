/** Who asks ([HT20] [A14] [Z4]): verified tokens, forged ones, and development tokens, which work on this machine only. */

import { env, SELF } from "cloudflare:test";
import { SignJWT } from "jose";
import { describe, expect, it, vi } from "vitest";
import { type Scenario, scenarios, send } from "../support/scenario.ts";
import { app } from "../support/test-app.ts";

const SECRET = "test-secret-test-secret-test-secret-0123";
const key = (secret: string) => new TextEncoder().encode(secret);
const encode = (value: unknown) =>
  btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const now = () => Math.floor(Date.now() / 1000);

async function token(
  claims: Record<string, unknown>,
  { secret = SECRET, alg = "HS256", header = {} }: { secret?: string; alg?: string; header?: object } = {},
): Promise<string> {
  return new SignJWT({ exp: now() + 60, ...claims }).setProtectedHeader({ alg, ...header }).sign(key(secret));
}

/** What a caller sees of alice's diary with this header. */
async function asks(
  authorization: string,
  url = "http://localhost/api/diaries",
  overrides: object = {},
): Promise<{ status: number; text: string; challenge: string | null }> {
  const reply = await app.fetch(new Request(url, { headers: { authorization } }), { ...env, ...overrides } as never);
  return { status: reply.status, text: await reply.text(), challenge: reply.headers.get("www-authenticate") };
}

describe("tokens", () => {
  it("[A14] a token signed with the secret says who asks, and that is the ledger's actor", async () => {
    const alice = await token({ sub: "alice-jwt", roles: ["editor"] });
    const made = await SELF.fetch("http://localhost/api/diaries", {
      method: "POST",
      headers: { authorization: `Bearer ${alice}`, "content-type": "application/json" },
      body: JSON.stringify({ ownerId: "alice-jwt", entry: "by token" }),
    });
    expect(made.status).toBe(201);
    expect((await asks(`Bearer ${alice}`)).text).toContain("by token");
    expect((await asks(`bearer ${alice}`)).text).toContain("by token");
    expect((await asks(`Bearer ${await token({ sub: "bob-jwt" })}`)).text).not.toContain("by token");
  });

  const refusals: readonly [string, () => Promise<string> | string][] = [
    ["of another secret", () => token({ sub: "alice-jwt" }, { secret: "foreign-secret-foreign-secret-foreign-99" })],
    [
      "of an unsecured algorithm",
      () => `${encode({ alg: "none", typ: "JWT" })}.${encode({ sub: "alice-jwt", exp: now() + 60 })}.`,
    ],
    ["that says none in another case", () => `${encode({ alg: "nOnE" })}.${encode({ sub: "alice-jwt" })}.x`],
    ["of another HMAC", () => token({ sub: "alice-jwt" }, { alg: "HS512" })],
    [
      "of an asymmetric algorithm signed with the secret",
      async () => {
        const [, payload, signature] = (await token({ sub: "alice-jwt" })).split(".");
        return `${encode({ alg: "RS256" })}.${payload}.${signature}`;
      },
    ],
    [
      "with a key id that points elsewhere and a foreign key",
      () =>
        token(
          { sub: "alice-jwt" },
          {
            secret: "foreign-secret-foreign-secret-foreign-99",
            header: { kid: "../../secret", jku: "https://evil.example/keys" },
          },
        ),
    ],
    [
      "with a changed payload",
      async () => {
        const [header, , signature] = (await token({ sub: "bob-jwt" })).split(".");
        return `${header}.${encode({ sub: "alice-jwt", exp: now() + 60 })}.${signature}`;
      },
    ],
    ["without a subject", () => token({})],
    ["with an empty subject", () => token({ sub: "" })],
    ["with a subject that holds control characters", () => token({ sub: "alice\u0000" })],
    ["not valid yet", () => token({ sub: "alice-jwt", nbf: now() + 3600 })],
    [
      "with a critical header nobody knows",
      async () => {
        const [, payload, signature] = (await token({ sub: "alice-jwt" })).split(".");
        return `${encode({ alg: "HS256", crit: ["x"], x: 1 })}.${payload}.${signature}`;
      },
    ],
    ["that is nonsense", () => "nonsense"],
    ["longer than any token", () => "x".repeat(9000)],
  ];
  for (const [what, make] of refusals) {
    it(`[HT20] [A14] a token ${what} is 401, never the public view`, async () => {
      const { status, text, challenge } = await asks(`Bearer ${await make()}`);
      expect(status, text).toBe(401);
      expect(JSON.parse(text)).toMatchObject({ code: "UNAUTHORIZED", reason: "invalid-credentials" });
      expect(challenge).toBe('Bearer realm="ledge", error="invalid_token"');
      expect(text).not.toMatch(/by token|jose|JWS|signature|secret/i);
      const open = await asks(`Bearer ${await make()}`, "http://localhost/api/articles");
      expect(open.status).toBe(401);
    });
  }

  it("[A14] an expired token is 401 and says so", async () => {
    const { status, text } = await asks(`Bearer ${await token({ sub: "alice-jwt", exp: now() - 5 })}`);
    expect(status).toBe(401);
    expect(JSON.parse(text)).toMatchObject({ code: "UNAUTHORIZED", reason: "expired" });
    expect(text).not.toContain("by token");
  });

  it("[A14] a token that was good expires, though it is remembered", async () => {
    const short = await token({ sub: "alice-jwt", exp: now() + 600 });
    expect((await asks(`Bearer ${short}`)).status).toBe(200);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 601_000 });
    try {
      expect((await asks(`Bearer ${short}`)).status).toBe(401);
    } finally {
      vi.useRealTimers();
    }
  });

  it("[A14] a key id of our own does no harm to a good token", async () => {
    expect((await asks(`Bearer ${await token({ sub: "alice-jwt" }, { header: { kid: "any" } })}`)).status).toBe(200);
  });

  it("[Z6] roles come from the token's claim, and nothing else", async () => {
    const made = await send({ user: "alice", to: "POST /api/cards", body: { ownerId: "alice", title: "role card" } });
    const url = `http://localhost/api/cards/${made.body.id}`;
    expect((await asks(`Bearer ${await token({ sub: "root", roles: ["admin"] })}`, url)).status).toBe(200);
    expect((await asks(`Bearer ${await token({ sub: "root", roles: "admin" })}`, url)).status).toBe(200);
    expect(
      (await asks(`Bearer ${await token({ sub: "root", roles: ["user"], role: "admin", admin: true })}`, url)).status,
    ).toBe(404);
    expect((await asks(`Bearer ${await token({ sub: "root", roles: [{ admin: true }] })}`, url)).status).toBe(404);
  });

  scenarios(
    ["Basic YWxpY2U6eA==", "Bearer", "Bearer ", "dev:alice"].map(
      (authorization): Scenario => ({
        name: `[HT20] credentials of another form are 401: ${authorization}`,
        when: { to: "GET /api/articles", headers: { authorization } },
        status: 401,
        json: { code: "UNAUTHORIZED", reason: "invalid-credentials" },
      }),
    ),
  );
});

describe("development tokens", () => {
  it("[A14] [PF7] they work on this machine's loopback names", async () => {
    for (const host of ["localhost", "127.0.0.1:8787", "[::1]:8787"])
      expect((await asks("Bearer dev:alice", `http://${host}/api/diaries`)).status, host).toBe(200);
  });

  it("[A14] [PF7] they are wrong on any other host", async () => {
    for (const host of ["example.com", "localhost.example.com", "127.0.0.1.example.com", "10.0.0.1", "0.0.0.0"]) {
      const reply = await asks("Bearer dev:alice", `http://${host}/api/diaries`);
      expect(reply.status, host).toBe(401);
    }
  });

  it("[A14] [PF7] a Host header does not make another name of it", async () => {
    const reply = await app.fetch(
      new Request("http://example.com/api/diaries", {
        headers: { authorization: "Bearer dev:alice", "x-forwarded-host": "localhost", forwarded: "host=localhost" },
      }),
      env as never,
    );
    expect(reply.status).toBe(401);
  });

  it("[A14] they are wrong outside development, on localhost too", async () => {
    for (const LEDGE_ENV of ["production", "", undefined, "Development"])
      expect((await asks("Bearer dev:alice", undefined, { LEDGE_ENV })).status).toBe(401);
  });

  scenarios(
    ["dev:", "dev:,role=admin", "dev:alice,=x", "dev:alice,sub=root"].map(
      (text): Scenario => ({
        name: `[A14] a development token of another form is 401: ${text}`,
        when: { to: "GET /api/diaries", headers: { authorization: `Bearer ${text}` } },
        status: 401,
      }),
    ),
  );
});
