/** Who asks: tokens good and bad, development tokens, and the secret without which nothing is served. */

import { describe, expect, test, vi } from "vitest";
import { defineApp } from "../../src/edge/define-app.ts";
import { fakeTables, SECRET, token } from "./fake-tables.ts";
import * as tables from "./tables.ts";

const nowS = () => Math.floor(Date.now() / 1000);

async function ask(authorization: string | null, { vars = {}, origin = "https://api.example.com", auth = {} } = {}) {
  const app = defineApp({ name: "test", resources: tables, auth });
  const fake = fakeTables(undefined, vars);
  const headers: Record<string, string> = authorization === null ? {} : { authorization };
  const response = await app.request(new Request(`${origin}/api/strict`, { headers }), {}, fake.env);
  const problem = (await response.json()) as Record<string, unknown>;
  return {
    status: response.status,
    reason: problem.reason,
    code: problem.code,
    challenge: response.headers.get("www-authenticate"),
    calls: fake.calls,
    text: JSON.stringify(problem),
  };
}

describe("bearer tokens", () => {
  test("[A14] a good token makes a user of its claims", async () => {
    const exp = nowS() + 60;
    const { status, calls } = await ask(`Bearer ${await token({ sub: "alice", roles: ["admin", 7], org: "x", exp })}`);
    expect(status).toBe(200);
    expect(calls[0]?.call.principal).toEqual({
      kind: "user",
      id: "alice",
      roles: ["admin"],
      claims: { sub: "alice", roles: ["admin", 7], org: "x", exp },
      expiresAtS: exp,
    });
  });

  test("[A14] roles may lie deeper in the token", async () => {
    const bearer = `Bearer ${await token({ sub: "a", app_metadata: { roles: "editor" } })}`;
    const { calls } = await ask(bearer, { auth: { jwt: { rolesClaim: "app_metadata.roles" } } });
    expect(calls[0]?.call.principal).toMatchObject({ roles: ["editor"] });
  });

  const none = { alg: "none", typ: "JWT" };
  const bad: [string, () => Promise<string>][] = [
    ["signed with another secret", () => token({ sub: "a" }, undefined, "another-secret-another-secret-00")],
    ["of algorithm none", async () => `${(await token({ sub: "a" }, none)).split(".").slice(0, 2).join(".")}.`],
    ["of an algorithm that is not configured", () => token({ sub: "a" }, { alg: "HS512" })],
    ["without a subject", () => token({ roles: ["admin"] })],
    ["with an empty subject", () => token({ sub: "" })],
    ["with a subject that is no text", () => token({ sub: 7 })],
    ["with control characters in its subject", () => token({ sub: "a\nb" })],
    ["with a subject of 257 characters", () => token({ sub: "a".repeat(257) })],
    ["not valid yet", () => token({ sub: "a", nbf: nowS() + 60 })],
    ["with an expiry that is no number", () => token({ sub: "a", exp: "soon" })],
    ["that is not a token", async () => "x.y.z"],
    ["for another audience", () => token({ sub: "a", aud: "other", iss: "me" })],
    ["of another issuer", () => token({ sub: "a", aud: "us", iss: "other" })],
  ];
  test.each(bad)("[HT28] a token %s is 401 invalid-credentials", async (name, make) => {
    const auth =
      name.startsWith("for") || name.startsWith("of another") ? { jwt: { audience: "us", issuer: "me" } } : {};
    const { status, reason, challenge, calls } = await ask(`Bearer ${await make()}`, { auth });
    expect([status, reason]).toEqual([401, "invalid-credentials"]);
    expect(challenge).toBe('Bearer realm="ledge", error="invalid_token"');
    expect(calls).toEqual([]);
  });

  test("[HT70] an expired token says so", async () => {
    const { status, reason } = await ask(`Bearer ${await token({ sub: "a", exp: nowS() - 1 })}`);
    expect([status, reason]).toEqual([401, "expired"]);
  });

  test("[A14] a remembered token expires all the same", async () => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
    try {
      const app = defineApp({ name: "test", resources: tables });
      const { env } = fakeTables();
      const headers = { authorization: `Bearer ${await token({ sub: "a", exp: 1_700_000_030 })}` };
      expect((await app.request("/api/strict", { headers }, env)).status).toBe(200);
      vi.setSystemTime(1_700_000_029_000);
      expect((await app.request("/api/strict", { headers }, env)).status).toBe(200);
      vi.setSystemTime(1_700_000_030_000);
      expect((await app.request("/api/strict", { headers }, env)).status).toBe(401);
    } finally {
      vi.useRealTimers();
    }
  });

  test.each([
    ["Basic", "Basic YTpi"],
    ["an empty token", "Bearer"],
    ["two tokens", "Bearer a b"],
    ["an overlong token", `Bearer ${"x".repeat(9000)}`],
  ])("[HT28] other credentials are wrong, not none: %s", async (_name, header) => {
    expect((await ask(header)).status).toBe(401);
  });

  test("[HT28] without credentials a closed operation is 401 with a challenge", async () => {
    const { status, reason, challenge } = await ask(null);
    expect([status, reason, challenge]).toEqual([401, undefined, 'Bearer realm="ledge"']);
  });

  test("[A14] with a JWKS a token signed with the shared secret, or with the public key as one, is refused", async () => {
    const { publicKey, privateKey } = (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
      "sign",
      "verify",
    ])) as CryptoKeyPair;
    const jwk = { ...(await crypto.subtle.exportKey("jwk", publicKey)), kid: "k1", alg: "ES256", use: "sig" };
    const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json({ keys: [jwk] }));
    try {
      const auth = { jwt: { jwksUrl: "https://id.example.com/jwks" } };
      const { SignJWT } = await import("jose");
      const good = await new SignJWT({})
        .setProtectedHeader({ alg: "ES256", kid: "k1" })
        .setSubject("alice")
        .sign(privateKey);
      expect((await ask(`Bearer ${good}`, { auth })).status).toBe(200);
      const forged = await token({ sub: "alice" }, { alg: "HS256", kid: "k1" }, JSON.stringify(jwk));
      expect((await ask(`Bearer ${forged}`, { auth })).reason).toBe("invalid-credentials");
      expect((await ask(`Bearer ${await token({ sub: "alice" })}`, { auth })).status).toBe(401);
    } finally {
      fetched.mockRestore();
    }
  });

  test("[HT70] keys that cannot be fetched are 503, not the caller's fault", async () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("fetch failed"));
    try {
      const header = `Bearer ${await token({ sub: "a" }, { alg: "ES256", kid: "k" })}`;
      expect((await ask(header, { auth: { jwt: { jwksUrl: "https://id.example.com/jwks" } } })).status).toBe(503);
    } finally {
      fetched.mockRestore();
    }
  });
});

describe("development tokens", () => {
  const dev = { LEDGE_ENV: "development" };
  const header = "Bearer dev:alice,role=admin,org=x,team=a,team=b";

  test.each(["http://localhost:8787", "http://127.0.0.1:8787", "http://[::1]:8787"])(
    "[HT28] works at %s while developing",
    async (origin) => {
      const { status, calls } = await ask(header, { vars: dev, origin });
      expect(status).toBe(200);
      expect(calls[0]?.call.principal).toEqual({
        kind: "user",
        id: "alice",
        roles: ["admin"],
        claims: { sub: "alice", org: "x", team: ["a", "b"], roles: ["admin"] },
      });
    },
  );

  test.each([
    ["from another host", { vars: dev, origin: "http://localhost.example.com" }],
    ["from the machine's address in the network", { vars: dev, origin: "http://192.168.0.7:8787" }],
    ["in production", { vars: { LEDGE_ENV: "production" }, origin: "http://localhost:8787" }],
    ["where no environment is named", { origin: "http://localhost:8787" }],
  ])("[HT28] is a bad token %s", async (_name, options) => {
    const { status, reason, calls } = await ask(header, options);
    expect([status, reason, calls.length]).toEqual([401, "invalid-credentials", 0]);
  });

  test.each(["dev:", "dev:a,", "dev:a,role", "dev:a,=x", "dev:a,sub=root"])(
    "[HT28] a malformed one is refused: %s",
    async (text) => {
      expect((await ask(`Bearer ${text}`, { vars: dev, origin: "http://localhost" })).status).toBe(401);
    },
  );
});

describe("the secret", () => {
  test.each([
    ["missing", ""],
    ["weak", "a".repeat(31)],
  ])("[HT70] %s outside development: nothing is served, the log names the command", async (_name, secret) => {
    const entries: unknown[] = [];
    const app = defineApp({
      name: "test",
      resources: tables,
      observability: { logLevel: "error", sink: (entry) => entries.push(entry) },
    });
    const { env, calls } = fakeTables(undefined, { LEDGE_SECRET: secret });
    for (const path of ["/api/notes", "/api/nothing", "/api"]) {
      const response = await app.request(path, {}, env);
      const text = await response.text();
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "60"]);
      expect(text).not.toContain("LEDGE_SECRET");
    }
    expect(JSON.stringify(entries)).toContain("npx wrangler secret put LEDGE_SECRET");
    expect(calls).toEqual([]);
  });

  test("[HT70] missing in development: served, but no signed token is believed", async () => {
    const vars = { LEDGE_ENV: "development", LEDGE_SECRET: "" };
    expect((await ask("Bearer dev:a", { vars, origin: "http://localhost" })).status).toBe(200);
    expect((await ask(`Bearer ${await token({ sub: "a" }, undefined, SECRET)}`, { vars })).status).toBe(401);
  });

  test("[HT70] the variable that tokens are verified with must be there too", async () => {
    expect((await ask(null, { auth: { jwt: { secret: "JWT_SECRET" } } })).status).toBe(503);
  });
});
