import { env } from "cloudflare:test";
import { createRemoteJWKSet, customFetch, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { setAppMetadata } from "../../../src/features/auth/auth.ts";
import { Browser, bearer, ORIGIN, PASSWORD, signedIn, withTokens } from "./browser.ts";

describe("who asks is the same, however it is shown", () => {
  it("[A14] cookie, access token and API key give scopes the same principal", async () => {
    const { browser, email, id } = await signedIn();
    await setAppMetadata(env.LEDGE_D1, id, { roles: ["editor"], orgId: "acme", sub: "somebody-else" });
    const tokens = await new Browser().send("POST /api/auth/login", {
      body: { email, password: PASSWORD, session: "token" },
    });
    const key = await browser.send("POST /api/auth/keys", { body: { name: "ci", prefix: "board" } });
    const seen = await Promise.all([
      browser.send("GET /whoami"),
      browser.send("GET /whoami", { cookies: null, headers: bearer(tokens.body.accessToken) }),
      browser.send("GET /whoami", { cookies: null, headers: { "x-api-key": key.body.key } }),
    ]);
    const [byCookie, byToken, byKey] = seen.map(({ body }) => {
      const { expiresAtS: _, credential: __, ...principal } = body;
      return principal;
    });
    expect(byCookie).toEqual({
      kind: "user",
      id,
      roles: ["editor"],
      claims: {
        sub: id,
        email,
        email_verified: true,
        name: "",
        roles: ["editor"],
        orgId: "acme",
        user_metadata: {},
      },
    });
    expect(byToken).toEqual(byCookie);
    expect(byKey).toEqual(byCookie);
  });

  it("[A14] other services verify an access token by the published keys", async () => {
    const { browser, accessToken, id, email } = await withTokens();
    const fetched = await browser.send("GET /api/auth/jwks", { cookies: null });
    expect(fetched.headers.get("content-type")).toBe("application/jwk-set+json");
    expect(fetched.text).not.toMatch(/"d"/);
    const keys = createRemoteJWKSet(new URL(`${ORIGIN}/api/auth/jwks`), {
      [customFetch]: async () => new Response(fetched.text),
    });
    const { payload, protectedHeader } = await jwtVerify(accessToken, keys, { issuer: ORIGIN });
    expect(protectedHeader).toMatchObject({ alg: "ES256", typ: "at+jwt" });
    expect(payload).toMatchObject({ sub: id, email, email_verified: true, roles: [] });
    expect(Number(payload.exp) - Number(payload.iat)).toBe(900);
    // A cookie's session gives one too, for calls elsewhere.
    const cookie = await signedIn();
    const reply = await cookie.browser.send("POST /api/auth/token");
    expect((await jwtVerify(reply.body.accessToken, keys)).payload.sub).toBe(cookie.id);
  });

  it("[A4] /me tells of whoever the API knows, by a token of another issuer too; a bad one is 401", async () => {
    const [header, payload] = [
      { alg: "HS256", typ: "JWT" },
      { sub: "carol", roles: ["editor"] },
    ].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
    const { createHmac } = await import("node:crypto");
    const signature = createHmac("sha256", env.LEDGE_SECRET).update(`${header}.${payload}`).digest("base64url");
    const browser = new Browser();
    const me = (headers: Readonly<Record<string, string>>) => browser.send("GET /api/auth/me", { headers });
    const known = await me(bearer(`${header}.${payload}.${signature}`));
    expect([known.status, known.body.user.id, known.body.user.roles]).toEqual([200, "carol", ["editor"]]);
    expect((await me(bearer(`${header}.${payload}.${"A".repeat(43)}`))).status).toBe(401);
    expect((await me({ "x-api-key": "nonsense" })).status).toBe(401);
  });

  it("[Z6] no request of a person writes their roles, and a new role holds at once", async () => {
    const { browser, id } = await signedIn();
    expect((await browser.send("GET /guard/role")).status).toBe(403);
    for (const body of [
      { roles: ["admin"] },
      { app_metadata: { roles: ["admin"] } },
      { appMetadata: '{"roles":["admin"]}' },
    ]) {
      const other = new Browser();
      const { newEmail, mailedToken } = await import("./browser.ts");
      const email = newEmail();
      await other.send("POST /api/auth/signup", { body: { email, password: PASSWORD, data: body, ...body } });
      const proof = { token: await mailedToken(email, "verify-email"), password: PASSWORD };
      await other.send("POST /api/auth/verify/confirm", { body: proof });
      const reply = await other.send("POST /api/auth/login", { body: { email, password: PASSWORD } });
      expect(reply.body.user.roles).toEqual([]);
      expect((await other.send("GET /guard/role")).status).toBe(403);
    }
    await setAppMetadata(env.LEDGE_D1, id, { roles: ["admin"] });
    expect((await browser.send("GET /guard/role")).body).toEqual({ id });
    expect((await browser.send("GET /guard/any")).body).toEqual({ id });
  });

  it("[Z7] guards answer strangers with 401, and callers without a confirmed address with 403", async () => {
    const { browser, id } = await signedIn();
    const stranger = new Browser();
    for (const guard of ["role", "any", "verified", "with"]) {
      expect([guard, (await stranger.send(`GET /guard/${guard}`)).status]).toEqual([guard, 401]);
    }
    expect((await browser.send("GET /guard/with")).body).toEqual({ id });
    expect((await browser.send("GET /guard/verified")).body).toEqual({ id });
    const unverified = await stranger.send("GET /guard/verified", { headers: bearer("dev:alice") });
    // A development token is for localhost; here it is a bad credential.
    expect(unverified.status).toBe(401);
    await env.LEDGE_D1.prepare("UPDATE auth_users SET email_verified = 0 WHERE id = ?").bind(id).run();
    const refused = await browser.send("GET /guard/verified");
    expect([refused.status, refused.body.reason]).toEqual([403, "unverified-email"]);
  });
});

describe("API keys", () => {
  it("[A16] a key is shown once, works as its owner, and is told apart by reason when it does not", async () => {
    const { browser, id } = await signedIn();
    const made = await browser.send("POST /api/auth/keys", { body: { name: "ci", prefix: "board", expiresIn: 3600 } });
    expect(made.status).toBe(201);
    expect(made.body.key).toMatch(/^board_[0-9a-f]{32}\.[\w-]{43}$/);
    const listed = await browser.send("GET /api/auth/keys");
    const { key: _, ...row } = made.body;
    expect(listed.body).toEqual({ items: [row], nextCursor: null, hasMore: false });
    const byKey = { cookies: null, headers: { "x-api-key": made.body.key } };
    expect((await browser.send("POST /api/notes", { ...byKey, body: { body: "by key" } })).body.ownerId).toBe(id);

    const verify = async (key: string) => (await browser.send("POST /api/auth/keys/verify", { body: { key } })).body;
    expect(await verify(made.body.key)).toMatchObject({ valid: true, userId: id, key: { name: "ci" } });
    expect(await verify(`${"0".repeat(32)}.${"A".repeat(43)}`)).toEqual({ valid: false, reason: "not_found" });
    expect(await verify(`${made.body.id}.${"A".repeat(43)}`)).toEqual({ valid: false, reason: "mismatch" });
    await env.LEDGE_D1.prepare("UPDATE auth_api_keys SET expires_at = 1 WHERE id = ?").bind(made.body.id).run();
    expect(await verify(made.body.key)).toEqual({ valid: false, reason: "expired" });
    expect((await new Browser().send("POST /api/auth/keys/verify", { body: { key: made.body.key } })).status).toBe(401);
  });

  it("[A16] rotating ends the old secret at once; revoking ends the key; both only one's own", async () => {
    const [alice, bob] = [await signedIn(), await signedIn()];
    const made = await alice.browser.send("POST /api/auth/keys", { body: { name: "ci" } });
    const whoami = (key: string) => alice.browser.send("GET /whoami", { cookies: null, headers: { "x-api-key": key } });
    expect((await bob.browser.send(`POST /api/auth/keys/${made.body.id}/rotate`)).status).toBe(404);
    expect((await bob.browser.send(`DELETE /api/auth/keys/${made.body.id}`)).status).toBe(404);
    const rotated = await alice.browser.send(`POST /api/auth/keys/${made.body.id}/rotate`);
    expect((await whoami(made.body.key)).status).toBe(401);
    expect((await whoami(rotated.body.key)).status).toBe(200);
    expect((await alice.browser.send(`DELETE /api/auth/keys/${made.body.id}`)).status).toBe(204);
    expect((await whoami(rotated.body.key)).status).toBe(401);
  });

  it("[A16] a key is all of its text: another prefix is another key", async () => {
    const { browser } = await signedIn();
    const { body } = await browser.send("POST /api/auth/keys", { body: { name: "ci", prefix: "board" } });
    const bare = body.key.slice("board_".length);
    const whoami = (key: string) => browser.send("GET /whoami", { cookies: null, headers: { "x-api-key": key } });
    expect((await whoami(body.key)).status).toBe(200);
    for (const key of [bare, `other_${bare}`]) expect([key, (await whoami(key)).status]).toEqual([key, 401]);
  });

  it("[A16] a key that has expired gets a new secret with a new life only", async () => {
    const { browser } = await signedIn();
    const { body } = await browser.send("POST /api/auth/keys", { body: { name: "ci", expiresIn: 60 } });
    await env.LEDGE_D1.prepare("UPDATE auth_api_keys SET expires_at = 1 WHERE id = ?").bind(body.id).run();
    const rotate = (sent: object) => browser.send(`POST /api/auth/keys/${body.id}/rotate`, { body: sent });
    expect((await rotate({})).body.errors[0]).toMatchObject({ field: "expiresIn", code: "required" });
    const renewed = await rotate({ expiresIn: 3600 });
    expect(Date.parse(renewed.body.expiresAt)).toBeGreaterThan(Date.now());
    const seen = await browser.send("GET /whoami", { cookies: null, headers: { "x-api-key": renewed.body.key } });
    expect(seen.status).toBe(200);
  });

  it("[A16] a person has so many keys and no more, also when they are made at once; they are listed by pages", async () => {
    const { browser } = await signedIn();
    const make = (name: string) => browser.send("POST /api/auth/keys", { body: { name } });
    const replies = await Promise.all(["a", "b", "c", "d", "e", "f", "g"].map(make));
    const made = replies.filter(({ status }) => status === 201);
    expect(made).toHaveLength(5);
    const refused = replies.find(({ status }) => status !== 201);
    expect([refused?.status, refused?.body.reason]).toEqual([409, "too-many"]);
    const names: string[] = [];
    let cursor: string | null = "";
    for (let pages = 0; cursor !== null; pages++) {
      expect(pages).toBeLessThan(4);
      const reply: Awaited<ReturnType<typeof make>> = await browser.send(
        `GET /api/auth/keys?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`,
      );
      names.push(...reply.body.items.map(({ name }: { name: string }) => name));
      cursor = reply.body.nextCursor;
    }
    expect(names.sort()).toEqual(made.map(({ body }) => body.name).sort());
    expect((await browser.send("GET /api/auth/keys?cursor=nonsense")).status).toBe(400);
    expect((await browser.send("GET /api/auth/keys?limit=0")).status).toBe(400);
    await browser.send(`DELETE /api/auth/keys/${made[0]?.body.id}`);
    expect((await make("h")).status).toBe(201);
  });

  it("[A16] a key's name is told to its owner alone, and wrong secrets for it are limited", async () => {
    const [alice, service] = [await signedIn(), await signedIn()];
    const made = await alice.browser.send("POST /api/auth/keys", { body: { name: "my laptop" } });
    const verify = (key: string) => service.browser.send("POST /api/auth/keys/verify", { body: { key } });
    const shown = await verify(made.body.key);
    expect(shown.body).toMatchObject({ valid: true, userId: alice.id });
    expect(shown.text).not.toContain("laptop");
    for (let k = 0; k < 20; k++)
      expect((await verify(`${made.body.id}.${"A".repeat(43)}`)).body.reason).toBe("mismatch");
    expect((await verify(`${made.body.id}.${"A".repeat(43)}`)).status).toBe(429);
    expect((await verify(made.body.key)).status).toBe(200);
  });

  it("[A16] a key cannot make keys, end sessions or change the password", async () => {
    const { browser } = await signedIn();
    const { body } = await browser.send("POST /api/auth/keys", { body: { name: "ci" } });
    const byKey = { cookies: null, headers: { "x-api-key": body.key } };
    for (const [to, sent] of [
      ["POST /api/auth/keys", { name: "more" }],
      ["GET /api/auth/keys", undefined],
      [`DELETE /api/auth/keys/${body.id}`, undefined],
      ["POST /api/auth/logout", { everywhere: true }],
      ["POST /api/auth/password/change", { currentPassword: PASSWORD, newPassword: "another good one" }],
      ["POST /api/auth/token", {}],
    ] as const) {
      expect([
        to,
        (await browser.send(to, { ...byKey, ...(sent === undefined ? {} : { body: sent }) })).status,
      ]).toEqual([to, 403]);
    }
  });
});
