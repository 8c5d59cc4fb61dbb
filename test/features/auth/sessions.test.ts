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

  it("[A13] [O2] a page says whose its requests are: a cookie of somebody else is not taken for theirs, nor is none", async () => {
    const ann = await signedIn();
    const bob = await signedIn();
    const headers = { "ledge-user": ann.id };
    const asks = ["GET /whoami", "POST /api/notes", "POST /api/auth/refresh"];
    const statuses = async ({ browser }: { readonly browser: Browser }, cookies?: null) => {
      const found: number[] = [];
      for (const to of asks)
        found.push(
          (
            await browser.send(to, {
              headers,
              ...(to.endsWith("notes") && { body: { body: "x" } }),
              ...(cookies === null && { cookies }),
            })
          ).status,
        );
      return found;
    };
    expect(await statuses(ann)).toEqual([200, 201, 200]);
    expect(await statuses(bob)).toEqual([401, 401, 401]);
    expect(await statuses(ann, null)).toEqual([401, 401, 401]);
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

  it("[A3] [A4] an answer to a session that has ended touches no cookie: the browser may have a better one by then", async () => {
    const { browser, id } = await signedIn();
    await query("DELETE FROM auth_sessions WHERE user_id = ?", id);
    for (const to of ["GET /api/auth/me", "POST /api/auth/logout"]) {
      const reply = await browser.send(to);
      expect([to, reply.status < 300, reply.headers.getSetCookie()]).toEqual([to, true, []]);
    }
  });

  it("[A4] a cookie that is good no longer is told as such to the API, and forgiven by /me and pages", async () => {
    const { browser, id } = await signedIn();
    await query("UPDATE auth_sessions SET expires_at = ? WHERE user_id = ?", Date.now() - 1, id);
    const refused = await browser.send("GET /api/notes");
    expect([refused.status, refused.body.code, refused.body.reason]).toEqual([401, "UNAUTHORIZED", "expired"]);
    expect((await browser.send("GET /page")).body).toEqual({ kind: "anonymous" });
    const me = await browser.send("GET /api/auth/me");
    expect([me.status, me.body]).toEqual([200, { user: null, session: null }]);
  });

  it("[A5] a refresh rotates the cookie of the same session and lengthens it, within its age", async () => {
    const { browser, id, sessionId } = await signedIn();
    await query("UPDATE auth_sessions SET expires_at = ? WHERE user_id = ?", Date.now() + 60_000, id);
    const former = browser.cookies;
    const reply = await browser.send("POST /api/auth/refresh");
    expect([reply.status, reply.body.sessionId]).toEqual([200, sessionId]);
    expect((await browser.send("GET /whoami")).status).toBe(200);
    await query("UPDATE auth_sessions SET refreshed_at = ? WHERE user_id = ?", Date.now() - 31_000, id);
    expect((await browser.send("GET /whoami", { cookies: former })).status).toBe(401);
    const [row] = await query("SELECT expires_at FROM auth_sessions WHERE user_id = ?", id);
    expect(Number(row?.expires_at)).toBeGreaterThan(Date.now() + 6 * 86_400_000);

    await query("UPDATE auth_sessions SET created_at = ? WHERE user_id = ?", Date.now() - 30 * 86_400_000 + 60_000, id);
    await browser.send("POST /api/auth/refresh");
    const [old] = await query("SELECT expires_at FROM auth_sessions WHERE user_id = ?", id);
    expect(Number(old?.expires_at)).toBeLessThan(Date.now() + 120_000);
  });

  it("[A5] refreshes at the same time lead to one cookie; what was on its way with the former one still arrives", async () => {
    const { browser, id, sessionId } = await signedIn();
    const former = browser.cookies;
    const csrf = browser.jar.get("csrf_token") ?? "";
    const replies = await Promise.all(
      [1, 2, 3].map(() => browser.send("POST /api/auth/refresh", { cookies: former, csrf })),
    );
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(replies.map(({ headers }) => headers.getSetCookie()[0]?.split(";")[0])).size).toBe(1);
    const late = await browser.send("POST /api/notes", { body: { body: "late" }, cookies: former, csrf });
    expect(late.status).toBe(201);
    // A page that was open before the refresh has the token of its form, still.
    expect((await browser.send("POST /api/notes", { body: { body: "open page" }, csrf })).status).toBe(201);
    const again = await browser.send("POST /api/auth/refresh", { cookies: former, csrf });
    expect([again.status, again.body.sessionId]).toEqual([200, sessionId]);
    expect(await query("SELECT id FROM auth_sessions WHERE user_id = ?", id)).toHaveLength(1);
    await query("UPDATE auth_sessions SET refreshed_at = ? WHERE user_id = ?", Date.now() - 31_000, id);
    expect((await browser.send("POST /api/auth/refresh", { cookies: former, csrf })).status).toBe(401);
    expect((await browser.send("GET /whoami")).status).toBe(200);
  });

  it("[A5] [A14] a refresh whose answer was lost may be repeated after the secret has changed", async () => {
    const first = env.LEDGE_SECRET;
    const changed = { LEDGE_SECRET: "another-secret-another-secret-another-0123", LEDGE_SECRET_OLD: first };
    const ask = async (body: object, headers: Record<string, string>, secrets = {}) => {
      const init = {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      };
      const reply = await app.request(`${ORIGIN}/api/auth/refresh`, init, { ...env, ...secrets } as never);
      return { status: reply.status, text: await reply.text(), cookie: reply.headers.getSetCookie()[0]?.split(".")[0] };
    };
    const { refreshToken } = await withTokens();
    const before = await ask({ refreshToken }, {});
    const after = await ask({ refreshToken }, {}, changed);
    expect([before.status, after.status]).toEqual([200, 200]);
    const secretOf = ({ text }: { readonly text: string }) => JSON.parse(text).refreshToken.split(".")[1];
    expect(secretOf(after)).toBe(secretOf(before));

    const { browser } = await signedIn();
    const cookie = { cookie: browser.cookies, "x-csrf-token": browser.jar.get("csrf_token") ?? "" };
    const own = await ask({}, cookie);
    const lost = await ask({}, cookie, changed);
    expect([own.status, lost.status, lost.cookie]).toEqual([200, 200, own.cookie]);
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
    const [session, secret] = refreshToken.split(".");
    for (const guess of [`${session}.${"A".repeat(43)}.${"A".repeat(43)}`, `${session}.${secret}.${"A".repeat(43)}`]) {
      let calls = 0;
      const database = new Proxy(env.LEDGE_D1, {
        get(target, name) {
          calls += 1;
          return Reflect.get(target, name).bind(target);
        },
      });
      const init = {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ refreshToken: guess }),
      };
      const bindings = { ...env, LEDGE_D1: database } as never;
      const reply = await app.request(`${ORIGIN}/api/auth/refresh`, init, bindings);
      expect([reply.status, calls]).toEqual([401, 0]);
    }
    expect((await browser.send("POST /api/auth/refresh", { body: { refreshToken } })).status).toBe(200);
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
    expect(
      (await browser.send("POST /api/auth/verify/confirm", { body: { token: accessToken, password: PASSWORD } }))
        .status,
    ).toBe(400);
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
