import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { objectName } from "../../../src/core/ids.ts";
import { app } from "./app.ts";
import { Browser, bearer, ORIGIN, PASSWORD, query, signedIn, signedUp, withTokens } from "./browser.ts";

const SESSION = "__Host-ledge_session";

describe("sessions", () => {
  it("[A13] a sign-in gives a new session, and ends the one that the browser had", async () => {
    const { browser, email, sessionId } = await signedIn();
    const former = browser.cookies;
    const again = await browser.send("POST /api/auth/login", { body: { email, password: PASSWORD } });
    expect(again.body.sessionId).not.toBe(sessionId);
    expect((await browser.send("GET /whoami")).status).toBe(200);
    expect((await browser.send("GET /whoami", { cookies: former })).status).toBe(401);
  });

  it("[A13] a session that an attacker planted is not the one that a victim is signed in to", async () => {
    const attacker = await signedIn();
    const { email, browser: victim } = await signedUp();
    for (const [name, value] of attacker.browser.jar) victim.jar.set(name, value);
    const reply = await victim.send("POST /api/auth/login", { body: { email, password: PASSWORD } });
    expect(reply.body.sessionId).not.toBe(attacker.sessionId);
    expect((await victim.send("GET /api/auth/me")).body.user.email).toBe(email);
    expect((await attacker.browser.send("GET /whoami")).status).toBe(401);
    // Nor does a token of the attacker's own choice become one.
    const planted = new Browser();
    planted.jar.set(SESSION, `${"a".repeat(43)}.${"b".repeat(43)}`);
    const fresh = await planted.send("POST /api/auth/login", { body: { email, password: PASSWORD } });
    expect(fresh.status).toBe(200);
    expect(planted.jar.get(SESSION)).not.toContain("a".repeat(43));
  });

  it("[A3] sign-out ends the session, with cookies gone; everywhere ends all of them, tokens too", async () => {
    const { browser, email } = await signedIn();
    const other = new Browser();
    await other.send("POST /api/auth/login", { body: { email, password: PASSWORD } });
    const former = browser.cookies;
    const out = await browser.send("POST /api/auth/logout");
    expect([out.status, browser.jar.size]).toEqual([204, 0]);
    expect((await browser.send("GET /whoami", { cookies: former })).status).toBe(401);
    expect((await other.send("GET /whoami")).status).toBe(200);

    const tokens = await new Browser().send("POST /api/auth/login", {
      body: { email, password: PASSWORD, session: "token" },
    });
    expect((await browser.send("GET /whoami", { headers: bearer(tokens.body.accessToken) })).status).toBe(200);
    expect((await other.send("POST /api/auth/logout", { body: { everywhere: true } })).status).toBe(204);
    expect((await browser.send("GET /whoami", { headers: bearer(tokens.body.accessToken) })).status).toBe(401);
    const refreshed = await browser.send("POST /api/auth/refresh", {
      body: { refreshToken: tokens.body.refreshToken },
    });
    expect(refreshed.status).toBe(401);
  });

  it("[A3] signing out with a session that has ended already still takes the cookies back", async () => {
    const { browser, id } = await signedIn();
    await query("DELETE FROM auth_sessions WHERE user_id = ?", id);
    const out = await browser.send("POST /api/auth/logout");
    expect([out.status, browser.jar.size]).toEqual([204, 0]);
  });

  it("[A4] a cookie that is good no longer is told as such to the API, taken back by /me, and forgiven by pages", async () => {
    const { browser, id } = await signedIn();
    await query("UPDATE auth_sessions SET expires_at = ? WHERE user_id = ?", Date.now() - 1, id);
    const refused = await browser.send("GET /api/notes");
    expect([refused.status, refused.body.code, refused.body.reason]).toEqual([401, "UNAUTHORIZED", "expired"]);
    expect((await browser.send("GET /page")).body).toEqual({ kind: "anonymous" });
    const me = await browser.send("GET /api/auth/me");
    expect([me.status, me.body, browser.jar.size]).toEqual([200, { user: null, session: null }, 0]);
  });

  it("[A5] a refresh rotates the cookie of the same session and lengthens it, within its age", async () => {
    const { browser, id, sessionId } = await signedIn();
    await query("UPDATE auth_sessions SET expires_at = ? WHERE user_id = ?", Date.now() + 60_000, id);
    const former = browser.cookies;
    const reply = await browser.send("POST /api/auth/refresh");
    expect([reply.status, reply.body.sessionId]).toEqual([200, sessionId]);
    expect((await browser.send("GET /whoami")).status).toBe(200);
    expect((await browser.send("GET /whoami", { cookies: former })).status).toBe(401);
    const [row] = await query("SELECT expires_at FROM auth_sessions WHERE user_id = ?", id);
    expect(Number(row?.expires_at)).toBeGreaterThan(Date.now() + 6 * 86_400_000);

    await query("UPDATE auth_sessions SET created_at = ? WHERE user_id = ?", Date.now() - 30 * 86_400_000 + 60_000, id);
    await browser.send("POST /api/auth/refresh");
    const [old] = await query("SELECT expires_at FROM auth_sessions WHERE user_id = ?", id);
    expect(Number(old?.expires_at)).toBeLessThan(Date.now() + 120_000);
  });

  it("[A14] refresh tokens rotate; a lost answer may be asked for again; a used one that comes later ends the session", async () => {
    const { browser, refreshToken, id } = await withTokens();
    const renew = (token: string) => browser.send("POST /api/auth/refresh", { body: { refreshToken: token } });
    const first = await renew(refreshToken);
    expect(first.status).toBe(200);
    expect(first.body.refreshToken).not.toBe(refreshToken);
    const repeated = await renew(refreshToken);
    expect(repeated.body.refreshToken).toBe(first.body.refreshToken);
    const second = await renew(first.body.refreshToken);
    expect(second.status).toBe(200);

    // The first one again, two uses ago: stolen. Both holders are out.
    expect((await renew(refreshToken)).status).toBe(401);
    expect(await query("SELECT id FROM auth_sessions WHERE user_id = ?", id)).toEqual([]);
    expect((await renew(second.body.refreshToken)).status).toBe(401);
    expect((await browser.send("GET /whoami", { headers: bearer(second.body.accessToken) })).status).toBe(401);
  });

  it("[A14] a used refresh token ends the session once the moment for repeating is over", async () => {
    const { browser, refreshToken, id } = await withTokens();
    const renew = (token: string) => browser.send("POST /api/auth/refresh", { body: { refreshToken: token } });
    await renew(refreshToken);
    await query("UPDATE auth_sessions SET refreshed_at = ? WHERE user_id = ?", Date.now() - 31_000, id);
    expect((await renew(refreshToken)).status).toBe(401);
    expect(await query("SELECT id FROM auth_sessions WHERE user_id = ?", id)).toEqual([]);
  });

  it("[A14] a stranger who guesses a refresh token ends nobody's session", async () => {
    const { browser, refreshToken, id } = await withTokens();
    const guess = `${refreshToken.split(".")[0]}.${"A".repeat(43)}`;
    expect((await browser.send("POST /api/auth/refresh", { body: { refreshToken: guess } })).status).toBe(401);
    expect(await query("SELECT id FROM auth_sessions WHERE user_id = ?", id)).toHaveLength(1);
  });

  it("[Y6] tokens are stored as hashes: nothing in the database is a credential", async () => {
    const cookie = await signedIn();
    const tokens = await withTokens();
    const key = await cookie.browser.send("POST /api/auth/keys", { body: { name: "ci" } });
    const secrets = [
      cookie.browser.jar.get(SESSION)?.split(".")[0] ?? "",
      tokens.refreshToken.split(".")[1] ?? "",
      tokens.accessToken,
      key.body.key.split(".")[1],
      PASSWORD,
    ];
    const tables = await query("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'auth_%'");
    expect(tables.length).toBeGreaterThan(7);
    const dump = JSON.stringify(await Promise.all(tables.map(({ name }) => query(`SELECT * FROM ${name}`))));
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(16);
      expect(dump).not.toContain(secret);
    }
  });
});

describe("credentials that are no good", () => {
  /** Sends to the application itself, with an object namespace that counts. */
  async function reaching(headers: Readonly<Record<string, string>>) {
    const objects: string[] = [];
    const counting = {
      ...env,
      LEDGE_TABLES: {
        getByName(name: string) {
          objects.push(name);
          return env.LEDGE_TABLES.getByName(name);
        },
      },
    };
    const response = await app.request(`${ORIGIN}/api/notes`, { headers }, counting as never);
    return { status: response.status, objects, body: (await response.json()) as Record<string, unknown> };
  }

  it("[Z4] expired, revoked, forged and foreign ones end at the edge: no object hears of them", async () => {
    const good = await signedIn();
    const cookie = `${SESSION}=${good.browser.jar.get(SESSION)}`;
    const live = await reaching({ cookie });
    expect([live.status, live.objects]).toEqual([200, [objectName("test", "notes", null)]]);

    const expired = await signedIn();
    await query("UPDATE auth_sessions SET expires_at = ? WHERE user_id = ?", Date.now() - 1, expired.id);
    const revoked = await signedIn();
    await query("DELETE FROM auth_sessions WHERE user_id = ?", revoked.id);
    const tokens = await withTokens();
    const [header = "", payload = "", signature = ""] = tokens.accessToken.split(".");
    const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    const forged = btoa(JSON.stringify({ ...claims, sub: good.id })).replaceAll("=", "");
    const none = btoa(JSON.stringify({ ...JSON.parse(atob(header)), alg: "none" })).replaceAll("=", "");
    const ended = await withTokens();
    await query("DELETE FROM auth_sessions WHERE user_id = ?", ended.id);
    const key = await good.browser.send("POST /api/auth/keys", { body: { name: "ci", expiresIn: 60 } });
    await query("UPDATE auth_api_keys SET expires_at = 1 WHERE id = ?", key.body.id);

    const bad: Record<string, Record<string, string>> = {
      "expired cookie": { cookie: `${SESSION}=${expired.browser.jar.get(SESSION)}` },
      "revoked cookie": { cookie: `${SESSION}=${revoked.browser.jar.get(SESSION)}` },
      "cookie with another's signature": {
        cookie: `${SESSION}=${good.browser.jar.get(SESSION)?.split(".")[0]}.${expired.browser.jar.get(SESSION)?.split(".")[1]}`,
      },
      "unsigned cookie": { cookie: `${SESSION}=${good.browser.jar.get(SESSION)?.split(".")[0]}` },
      "empty cookie": { cookie: `${SESSION}=` },
      "access token of an ended session": bearer(ended.accessToken),
      "access token with other claims": bearer(`${header}.${forged}.${signature}`),
      "access token without signature": bearer(`${none}.${payload}.`),
      "token of another issuer": bearer("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"),
      "expired API key": { "x-api-key": key.body.key },
      "API key that never was": { "x-api-key": `${"0".repeat(32)}.${"A".repeat(43)}` },
      "API key with another secret": { "x-api-key": `${key.body.id}.${"A".repeat(43)}` },
      "good cookie beside a bad token": { cookie, ...bearer("nonsense") },
      "good cookie beside a bad key": { cookie, "x-api-key": "nonsense" },
    };
    for (const [name, headers] of Object.entries(bad)) {
      const { status, objects, body } = await reaching(headers);
      expect([name, status, objects, body.code]).toEqual([name, 401, [], "UNAUTHORIZED"]);
    }
  });

  it("[A14] the link of a mail is no bearer token, and a bearer token no link", async () => {
    const { browser, accessToken, email } = await withTokens();
    await browser.send("POST /api/auth/password/forgot", { body: { email } });
    const { mailedToken } = await import("./browser.ts");
    const verification = await mailedToken(email, "verify-email");
    expect((await browser.send("GET /whoami", { headers: bearer(verification) })).status).toBe(401);
    expect((await browser.send("POST /api/auth/verify/confirm", { body: { token: accessToken } })).status).toBe(400);
  });

  it("[A4] a request without a credential asks the database for nothing; one with a cookie once", async () => {
    const { browser } = await signedIn();
    const statements: string[] = [];
    const counting = {
      ...env,
      LEDGE_D1: {
        prepare(sql: string) {
          statements.push(sql);
          return env.LEDGE_D1.prepare(sql);
        },
      },
    };
    const ask = (headers: Readonly<Record<string, string>>) => {
      statements.length = 0;
      return app.request(`${ORIGIN}/whoami`, { headers }, counting as never);
    };
    await ask({});
    expect(statements).toEqual([]);
    await ask({ cookie: "theme=dark" });
    expect(statements).toEqual([]);
    await ask({ cookie: `${SESSION}=${"a".repeat(43)}.${"b".repeat(43)}` });
    expect(statements).toEqual([]);
    await ask({ cookie: browser.cookies });
    expect(statements).toHaveLength(1);
  });
});
