/**
 * Attacks on the sign-in ([HT20] [A14]): algorithms, keys, key sets, claims, and development tokens away from this machine. Forgeries of
 * tokens under a shared secret are in test/worker/sign-in.test.ts; here are the asymmetric ones, and names of hosts.
 */

import { env } from "cloudflare:test";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { defineApp } from "ledge";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { diaries } from "../support/test-tables.ts";
import { app, logged } from "./fuzz-app.ts";
import { base64Url, FOREIGN, forged, hmacOver, hs256, nowS, SECRET } from "./tokens.ts";

const JWKS_URL = "https://id.example/keys";
const ISSUER = "https://id.example/";
type Env = Parameters<typeof app.fetch>[1];
const production = { ...env, LEDGE_ENV: "production" } as unknown as Env;

/** An application that trusts an identity provider; a new one each time, so that no key set is remembered. */
const withProvider = () =>
  defineApp({
    name: "fuzz",
    resources: { diaries },
    auth: { jwt: { jwksUrl: JWKS_URL, issuer: ISSUER, audience: "board" } },
    observability: { sink: (entry) => void logged.push(entry) },
  });

async function asks(
  target: { fetch: typeof app.fetch },
  token: string,
  url = "https://api.example/api/diaries",
  headers: Record<string, string> = {},
  variables: Env = production,
): Promise<{ status: number; code: unknown; reason: unknown; retryAfter: string | null; text: string }> {
  const reply = await target.fetch(
    new Request(url, { headers: { authorization: `Bearer ${token}`, ...headers } }),
    variables,
  );
  const text = await reply.text();
  const { code, reason } = JSON.parse(text) as Record<string, unknown>;
  return { status: reply.status, code, reason, retryAfter: reply.headers.get("retry-after"), text };
}

describe("keys of an identity provider", () => {
  let pair: CryptoKeyPair;
  let stranger: CryptoKeyPair;
  let jwk: object;
  let pem: string;
  const fetches: string[] = [];

  /** Answers for the provider; every request of the Worker is counted, wherever it goes. */
  const provide = (answer: () => Response | Promise<Response>) =>
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
      fetches.push(String(input instanceof Request ? input.url : input));
      return answer();
    });
  const keySet = () => Response.json({ keys: [jwk] });
  const good = { iss: ISSUER, aud: "board", sub: "alice" };
  const sign = (
    claims: object,
    { key = pair.privateKey, alg = "RS256", header = {} }: { key?: CryptoKey; alg?: string; header?: object } = {},
  ) => new SignJWT({ exp: nowS() + 60, ...claims }).setProtectedHeader({ alg, kid: "k1", ...header }).sign(key);

  beforeAll(async () => {
    pair = (await generateKeyPair("RS256", { extractable: true })) as CryptoKeyPair;
    stranger = (await generateKeyPair("RS256", { extractable: true })) as CryptoKeyPair;
    jwk = { ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "RS256", use: "sig" };
    pem = await exportSPKI(pair.publicKey);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
    fetches.length = 0;
  });

  it("[A14] a token of the provider is good", async () => {
    provide(keySet);
    expect((await asks(withProvider(), await sign(good))).status).toBe(200);
    expect(fetches).toEqual([JWKS_URL]);
  });

  const refused: readonly [string, () => Promise<string> | string, string?][] = [
    [
      "signed with the public key as an HMAC secret (PEM)",
      () => hmacOver({ alg: "HS256", kid: "k1" }, { ...good, exp: nowS() + 60 }, new TextEncoder().encode(pem)),
    ],
    [
      "signed with the public key's JSON as an HMAC secret",
      () =>
        hmacOver(
          { alg: "HS256", kid: "k1" },
          { ...good, exp: nowS() + 60 },
          new TextEncoder().encode(JSON.stringify(jwk)),
        ),
    ],
    ["signed with the Worker's own secret", () => hs256(good, SECRET, { kid: "k1" })],
    ["without a signature", () => forged({ alg: "none", kid: "k1" }, { ...good, exp: nowS() + 60 })],
    ["of a stranger's key under the provider's key id", () => sign(good, { key: stranger.privateKey })],
    [
      "that brings its own key (jwk)",
      async () => sign(good, { key: stranger.privateKey, header: { jwk: await exportJWK(stranger.publicKey) } }),
    ],
    [
      "that names its own key set (jku, x5u)",
      () =>
        sign(good, {
          key: stranger.privateKey,
          header: { jku: "https://evil.example/keys", x5u: "https://evil.example/x5u" },
        }),
    ],
    ["whose key id is a path", () => sign(good, { key: stranger.privateKey, header: { kid: "../../../dev/null" } })],
    ["whose key id is SQL", () => sign(good, { key: stranger.privateKey, header: { kid: "' UNION SELECT 'x" } })],
    ["whose key id is no text", () => sign(good, { key: stranger.privateKey, header: { kid: { a: 1 } } })],
    [
      "of another algorithm than the key's",
      async () => {
        const [, payload = "", signature = ""] = (await sign(good)).split(".");
        return `${base64Url(JSON.stringify({ alg: "RS512", kid: "k1" }))}.${payload}.${signature}`;
      },
    ],
    [
      "with an unknown critical header",
      async () => {
        const [, payload = "", signature = ""] = (await sign(good)).split(".");
        return `${base64Url(JSON.stringify({ alg: "RS256", kid: "k1", crit: ["b64"], b64: false }))}.${payload}.${signature}`;
      },
    ],
    ["of another issuer", () => sign({ ...good, iss: "https://evil.example/" })],
    ["without an issuer", () => sign({ aud: "board", sub: "alice" })],
    ["for another audience", () => sign({ ...good, aud: "other" })],
    ["for no audience", () => sign({ iss: ISSUER, sub: "alice" })],
    ["not valid yet", () => sign({ ...good, nbf: nowS() + 600 })],
    ["whose times are no numbers", () => sign({ ...good, exp: "9999999999" })],
    ["that has expired", () => sign({ ...good, exp: nowS() - 1 }), "expired"],
    ["whose subject is no text", () => sign({ ...good, sub: { toString: "alice" } })],
    ["as JWE", () => "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA"],
    ["of more than 8 KB", () => sign({ ...good, pad: "x".repeat(9000) })],
  ];
  it.each(refused)("[A14] a token %s is 401", async (_, make, reason = "invalid-credentials") => {
    provide(keySet);
    const reply = await asks(withProvider(), await make());
    expect([reply.status, reply.code, reply.reason], reply.text).toEqual([401, "UNAUTHORIZED", reason]);
    // Whatever a token says, nothing but the configured address is asked.
    expect(new Set(fetches).size <= 1 && fetches.every((url) => url === JWKS_URL), fetches.join()).toBe(true);
  });

  it("[A14] tokens with unknown key ids do not make the Worker fetch keys again and again", async () => {
    provide(keySet);
    const target = withProvider();
    await asks(target, await sign(good));
    for (let n = 0; n < 40; n++)
      expect(
        (await asks(target, await sign(good, { key: stranger.privateKey, header: { kid: `unknown-${n}` } }))).status,
      ).toBe(401);
    expect(fetches).toHaveLength(1);
    expect((await asks(target, await sign({ ...good, sub: "bob" }))).status).toBe(200);
  });

  const broken: readonly [string, () => Response | Promise<Response>][] = [
    ["is unreachable", () => Promise.reject(new TypeError("connect ECONNREFUSED 10.1.2.3:443"))],
    ["answers 500", () => new Response("internal host db-7 down", { status: 500 })],
    [
      "redirects elsewhere",
      () => new Response(null, { status: 302, headers: { location: "https://evil.example/keys" } }),
    ],
    ["answers HTML", () => new Response("<html>")],
    ["answers no key set", () => Response.json({ keys: "none" })],
  ];
  it.each(broken)(
    "[A14] when the provider %s, tokens are 503 with Retry-After, and nobody gets in",
    async (_, answer) => {
      provide(answer);
      const reply = await asks(withProvider(), await sign(good));
      expect([reply.status, reply.code, reply.retryAfter]).toEqual([503, "UNAVAILABLE", "5"]);
      expect(reply.text).not.toMatch(/ECONNREFUSED|10\.1\.2\.3|db-7|evil|jose|id\.example/);
      expect(fetches.every((url) => url === JWKS_URL)).toBe(true);
    },
  );

  it("[A14] an HMAC key in the key set does not make HMAC tokens good", async () => {
    const key = "attacker-knows-attacker-knows-attacker";
    provide(() => Response.json({ keys: [{ kty: "oct", kid: "k1", k: base64Url(key), alg: "HS256" }] }));
    expect((await asks(withProvider(), await hs256(good, key, { kid: "k1" }))).status).toBe(401);
  });

  it("[A14] while the provider fails, forged tokens do not make the Worker ask it each time", async () => {
    provide(() => new Response("down", { status: 500 }));
    const target = withProvider();
    for (let n = 0; n < 20; n++)
      expect(
        (await asks(target, await sign(good, { key: stranger.privateKey, header: { kid: `x${n}` } }))).status,
      ).toBe(503);
    expect(fetches.length).toBe(1);
  });

  it("[A14] a provider that fails for a while does not shut out those whose keys are known", async () => {
    let isUp = true;
    provide(() => (isUp ? keySet() : new Response("down", { status: 500 })));
    const target = withProvider();
    expect((await asks(target, await sign(good))).status).toBe(200);
    isUp = false;
    vi.setSystemTime(Date.now() + 40_000);
    const claims = { ...good, exp: nowS() + 600 };
    for (let n = 0; n < 5; n++)
      expect(
        (await asks(target, await sign(claims, { key: stranger.privateKey, header: { kid: `y${n}` } }))).status,
      ).toBe(503);
    expect(fetches).toHaveLength(2);
    expect((await asks(target, await sign({ ...claims, sub: "bob" }))).status).toBe(200);
  });
});

describe("tokens under a shared secret", () => {
  it.each([
    ["names a path as its key", () => hs256({ sub: "alice" }, FOREIGN, { kid: "../../../../dev/null" })],
    ["is signed with nothing", () => hmacOver({ alg: "HS256" }, { sub: "alice", exp: nowS() + 60 }, new Uint8Array(1))],
    ["is signed with the name of the secret", () => hs256({ sub: "alice" }, "LEDGE_SECRET-LEDGE_SECRET-LEDGE_SECRET")],
    ["has four parts", async () => `${await hs256({ sub: "alice" })}.x`],
    ["has a signature cut short", async () => (await hs256({ sub: "alice" })).slice(0, -4)],
    ["has a payload that is no object", () => forged({ alg: "HS256" }, ["alice"], "x")],
  ])("[A14] one that %s is 401", async (_, make) => {
    expect((await asks(app, await make())).status).toBe(401);
  });

  it("[A14] a cursor's or a confirmation's key does not sign tokens: keys are derived for one purpose each", async () => {
    for (const purpose of ["ledge cursor 1", "ledge confirm 1"]) {
      const root = await crypto.subtle.importKey(
        "raw",
        new TextEncoder().encode(SECRET),
        { name: "HMAC", hash: "SHA-256" },
        false,
        ["sign"],
      );
      const derived = new Uint8Array(await crypto.subtle.sign("HMAC", root, new TextEncoder().encode(purpose)));
      expect(
        (await asks(app, await hmacOver({ alg: "HS256" }, { sub: "alice", exp: nowS() + 60 }, derived))).status,
      ).toBe(401);
    }
  });

  it("[A14] claims that look like members of the principal, or of all objects, do not become them", async () => {
    const token = await hmacOver(
      { alg: "HS256" },
      JSON.parse(
        '{"sub":"eve","exp":9999999999,"id":"alice","kind":"user","__proto__":{"roles":["admin"],"org":"acme"},"constructor":{"prototype":{"org":"acme"}}}',
      ) as object,
      new TextEncoder().encode(SECRET),
    );
    const papers = await asks(app, token, "https://api.example/api/@acme/papers");
    expect(papers.status).toBe(404);
    expect((await asks(app, token, "https://api.example/_/schema")).status).toBe(403);
    expect(({} as Record<string, unknown>).org).toBeUndefined();
  });
});

describe("development tokens away from this machine", () => {
  const development = env as unknown as Env;
  it.each([
    "http://localhost/api/diaries",
    "http://LOCALHOST:8787/api/diaries",
    "http://127.0.0.1/api/diaries",
    "http://127.1/api/diaries",
    "http://0x7f000001/api/diaries",
    "http://[::1]/api/diaries",
    "http://[0:0:0:0:0:0:0:1]/api/diaries",
  ])("[A14] %s is this machine", async (url) => {
    expect((await asks(app, "dev:alice", url, {}, development)).status).toBe(200);
  });

  it.each([
    "http://localhost./api/diaries",
    "http://localhost.evil.example/api/diaries",
    "http://evil-localhost/api/diaries",
    "http://localhost@evil.example/api/diaries",
    "http://localhost:80@evil.example/api/diaries",
    "http://evil.example/?@localhost/api/diaries/../../api/diaries",
    "http://127.0.0.1.evil.example/api/diaries",
    "http://127.0.0.2/api/diaries",
    "http://0.0.0.0/api/diaries",
    "http://[::]/api/diaries",
    "http://[::ffff:127.0.0.1]/api/diaries",
    "http://[::ffff:7f00:1]/api/diaries",
    "http://[fe80::1]/api/diaries",
    "http://169.254.169.254/api/diaries",
    "http://l\u00f6calhost/api/diaries",
    "http://\u217cocalhost.example/api/diaries",
    "http://evil.example\\@localhost/api/diaries",
  ])("[A14] %s is not", async (url) => {
    const path = new URL(url);
    const reply = await app.fetch(
      new Request(new URL("/api/diaries", path), { headers: { authorization: "Bearer dev:alice" } }),
      development,
    );
    expect(reply.status, path.hostname).toBe(401);
    await reply.body?.cancel();
  });

  it.each([
    "x-forwarded-host",
    "x-forwarded-server",
    "x-host",
    "x-original-host",
    "forwarded",
    "host",
    "origin",
    "referer",
    "cf-connecting-ip",
    "x-real-ip",
    "x-forwarded-for",
  ])("[A14] the header %s does not make it this machine", async (name) => {
    for (const value of ["localhost", "127.0.0.1", "http://localhost", "host=localhost;for=127.0.0.1"]) {
      const reply = await asks(app, "dev:alice", "http://api.example/api/diaries", { [name]: value }, development);
      expect(reply.status, `${name}: ${value}`).toBe(401);
    }
  });

  it("[A14] outside development they are wrong on this machine too, whatever the variable says", async () => {
    for (const LEDGE_ENV of [
      "production",
      "Development",
      "development ",
      "dev",
      "",
      "true",
      undefined,
      null,
      ["development"],
    ]) {
      const reply = await asks(app, "dev:alice", "http://localhost/api/diaries", {}, {
        ...env,
        LEDGE_ENV,
      } as unknown as Env);
      expect(reply.status, String(LEDGE_ENV)).toBe(401);
    }
  });
});
