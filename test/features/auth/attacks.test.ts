import { env } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { app, mails, openApp } from "./app.ts";
import {
  Browser,
  bearer,
  mailedToken,
  newEmail,
  ORIGIN,
  PASSWORD,
  query,
  signedIn,
  signedUp,
  withTokens,
} from "./browser.ts";

const login = (browser: Browser, email: string, password: string) =>
  browser.send("POST /api/auth/login", { body: { email, password } });

describe("throttling", () => {
  it("[A34] five failures for a mail, from wherever, and the sixth try is 429, also with the right password", async () => {
    const { email } = await signedUp();
    for (let k = 0; k < 5; k++) expect((await login(new Browser(), email, "wrong password")).status).toBe(401);
    const reply = await login(new Browser(), email, PASSWORD);
    expect([reply.status, reply.body.code]).toEqual([429, "RATE_LIMIT_EXCEEDED"]);
    const seconds = Number(reply.headers.get("retry-after"));
    expect(seconds).toBe(reply.body.retryAfter);
    expect(seconds).toBeGreaterThan(800);
    expect(seconds).toBeLessThanOrEqual(900);
    // When the window is over, it begins anew.
    await query("UPDATE auth_attempts SET resets_at = ?", Date.now() - 1);
    expect((await login(new Browser(), email, PASSWORD)).status).toBe(200);
  });

  it("[A34] five failures of an address, for whomever, and the sixth is 429; another address may", async () => {
    const browser = new Browser();
    for (let k = 0; k < 5; k++) expect((await login(browser, newEmail(), "wrong password")).status).toBe(401);
    const { email } = await signedUp();
    expect((await login(browser, email, PASSWORD)).status).toBe(429);
    expect((await login(new Browser(), email, PASSWORD)).status).toBe(200);
  });

  it("[A34] the addresses of one IPv6 network are one", async () => {
    for (let k = 0; k < 5; k++) await login(new Browser(`2001:db8:1:2::${k}`), newEmail(), "wrong password");
    expect((await login(new Browser("2001:DB8:1:2:ffff::1"), newEmail(), "wrong password")).status).toBe(429);
    expect((await login(new Browser("2001:db8:1:3::1"), newEmail(), "wrong password")).status).toBe(401);
  });

  it("[A34] twenty tries at once are no more than five", async () => {
    const { email } = await signedUp();
    const replies = await Promise.all(Array.from({ length: 20 }, () => login(new Browser(), email, "wrong password")));
    expect(replies.filter(({ status }) => status === 401)).toHaveLength(5);
    expect(replies.filter(({ status }) => status === 429)).toHaveLength(15);
  });

  it("[A34] who may not try any more counts against nobody's mail: an address cannot lock accounts", async () => {
    const { email } = await signedUp();
    const attacker = new Browser();
    for (let k = 0; k < 5; k++) await login(attacker, newEmail(), "wrong password");
    for (let k = 0; k < 8; k++) expect((await login(attacker, email, "wrong password")).status).toBe(429);
    expect((await login(new Browser(), email, PASSWORD)).status).toBe(200);
    // Nor the other way round: tries for a locked mail are none of an address's own.
    const { email: other } = await signedUp();
    const locked = newEmail();
    for (let k = 0; k < 5; k++) await login(new Browser(), locked, "wrong password");
    const visitor = new Browser();
    for (let k = 0; k < 8; k++) expect((await login(visitor, locked, "wrong password")).status).toBe(429);
    expect((await login(visitor, other, PASSWORD)).status).toBe(200);
  });

  it("[A34] eight right ones at once all get in: they wait for each other's outcome", async () => {
    const { email, browser } = await signedUp();
    const replies = await Promise.all(
      Array.from({ length: 8 }, () =>
        new Browser(browser.address).send("POST /api/auth/login", { body: { email, password: PASSWORD } }),
      ),
    );
    expect(replies.map(({ status }) => status)).toEqual(Array(8).fill(200));
    const failed = await query("SELECT count, undecided FROM auth_attempts WHERE undecided > 0");
    expect(failed).toEqual([]);
  });

  it("[A34] an office may sign up: twenty requests of an address, and no more", async () => {
    const office = new Browser();
    const signUp = (password: string) =>
      office.send("POST /api/auth/signup", { body: { email: newEmail(), password } });
    for (let k = 0; k < 20; k++) expect((await signUp(PASSWORD)).status).toBe(202);
    expect((await signUp("short")).status).toBe(400);
    expect((await signUp(PASSWORD)).status).toBe(429);
  });

  it("[A34] what succeeds does not count", async () => {
    const { email, browser } = await signedUp();
    for (let k = 0; k < 7; k++) expect((await login(browser, email, PASSWORD)).status).toBe(200);
  });

  it("[A34] mails to one address are limited too", async () => {
    const { email } = await signedUp();
    const forgot = () => new Browser().send("POST /api/auth/password/forgot", { body: { email } });
    for (let k = 0; k < 5; k++) expect((await forgot()).status).toBe(202);
    expect((await forgot()).status).toBe(429);
  });

  it("[A34] [A1] so are those that a sign-up sends, from wherever and whether the address is known or not", async () => {
    for (const email of [newEmail(), (await signedUp()).email]) {
      const before = mails.length;
      const signUp = async () =>
        (await new Browser().send("POST /api/auth/signup", { body: { email, password: PASSWORD } })).status;
      const told: number[] = [];
      while (told.at(-1) !== 429 && told.length < 8) told.push(await signUp());
      expect([told.length <= 6, told.at(-1)]).toEqual([true, 429]);
      expect(mails.slice(before).filter(({ to }) => to === email).length).toBeLessThanOrEqual(5);
    }
  });
});

describe("other sites", () => {
  it("[Y1] a change by cookie needs the session's own CSRF token; reading does not", async () => {
    const { browser } = await signedIn();
    const stranger = await signedIn();
    const create = (csrf: string | null) => browser.send("POST /api/notes", { body: { body: "x" }, csrf });
    for (const csrf of [null, "", "guess", stranger.browser.jar.get("csrf_token") ?? ""]) {
      const reply = await create(csrf);
      expect([csrf, reply.status, reply.body.reason]).toEqual([csrf, 403, "csrf"]);
    }
    expect((await browser.send("GET /api/notes", { csrf: null })).status).toBe(200);
    expect((await create(browser.jar.get("csrf_token") ?? "")).status).toBe(201);
  });

  it("[Y1] a CSRF cookie that somebody planted is worth nothing: the token belongs to the session", async () => {
    const { browser } = await signedIn();
    browser.jar.set("csrf_token", "planted-planted-planted-planted-planted-pla");
    expect((await browser.send("POST /api/notes", { body: { body: "x" } })).status).toBe(403);
  });

  it("[Y1] a change from another origin is refused even with the token, and so is a socket", async () => {
    const { browser } = await signedIn();
    for (const headers of [
      { origin: "https://evil.test" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ]) {
      const reply = await browser.send("POST /api/notes", { body: { body: "x" }, headers });
      expect([headers, reply.status, reply.body.reason]).toEqual([headers, 403, "origin"]);
    }
    const socket = await browser.send("GET /whoami", {
      headers: { upgrade: "websocket", origin: "https://evil.test" },
    });
    expect([socket.status, socket.body.reason]).toEqual([403, "origin"]);
    const own = await browser.send("POST /api/notes", { body: { body: "x" }, headers: { origin: ORIGIN } });
    expect(own.status).toBe(201);
  });

  it("[Y1] bearer tokens and API keys need neither", async () => {
    const { browser, accessToken } = await withTokens();
    const headers = { ...bearer(accessToken), origin: "https://elsewhere.test" };
    expect((await browser.send("POST /api/notes", { body: { body: "x" }, headers, csrf: null })).status).toBe(201);
    const key = await browser.send("POST /api/auth/keys", { body: { name: "ci" }, headers: bearer(accessToken) });
    const byKey = { "x-api-key": key.body.key, origin: "https://elsewhere.test" };
    expect((await browser.send("POST /api/notes", { body: { body: "x" }, headers: byKey, csrf: null })).status).toBe(
      201,
    );
  });

  it("[Y1] no other site signs anybody in, by script or by form", async () => {
    const { email, browser } = await signedUp();
    const body = { email, password: PASSWORD };
    for (const sent of [{ body }, { form: body }]) {
      const reply = await browser.send("POST /api/auth/login", { ...sent, headers: { origin: "https://evil.test" } });
      expect([reply.status, reply.body.reason]).toEqual([403, "origin"]);
    }
    expect(browser.jar.size).toBe(0);
  });

  it("[A2] a form leads on to a place of this site, and back to its page with a word when it fails", async () => {
    const { email, browser } = await signedUp();
    const send = (form: Record<string, string>) => browser.send("POST /api/auth/login", { form });
    const wrong = await send({ email, password: "wrong password", page: "/sign-in?next=%2Fboard" });
    expect([wrong.status, wrong.headers.get("location")]).toEqual([
      303,
      "/sign-in?next=%2Fboard&problem=invalid-credentials",
    ]);
    for (const next of ["https://evil.test/", "/.//evil.test", "/\t/evil.test", "javascript:alert(1)", "evil"]) {
      const reply = await send({ email, password: PASSWORD, next });
      expect([next, reply.status, reply.headers.get("location")]).toEqual([next, 303, "/"]);
    }
    const up = (sent: string) =>
      browser.send("POST /api/auth/signup", { form: { email: newEmail(), password: PASSWORD, next: "/board", sent } });
    expect((await up("/check-mail")).headers.get("location")).toBe("/check-mail");
    expect((await up("//evil.test")).headers.get("location")).toBe("/board");
    expect((await send({ email, password: PASSWORD, next: "/board?x=1" })).headers.get("location")).toBe("/board?x=1");
    const out = { csrf_token: browser.jar.get("csrf_token") ?? "" };
    expect((await browser.send("POST /api/auth/logout", { form: {}, csrf: null })).headers.get("location")).toBe(
      "/?problem=csrf",
    );
    expect((await browser.send("POST /api/auth/logout", { form: out, csrf: null })).headers.get("location")).toBe("/");
    expect(browser.jar.size).toBe(0);
  });
});

describe("whether somebody has an account", () => {
  const asKnown = async (to: string, known: object, unknown: object) => {
    const [first, second] = [
      await new Browser().send(to, { body: known }),
      await new Browser().send(to, { body: unknown }),
    ];
    const shown = ({ status, headers, body }: typeof first) => {
      const { requestId: _, ...rest } = body ?? {};
      const names = [...headers].filter(([name]) => !/x-request-id|traceparent/.test(name));
      return { status, names, rest };
    };
    expect(shown(second)).toEqual(shown(first));
    return first.status;
  };

  it("[A1] [A2] [A11] [A12] no answer tells: sign-up, sign-in, forgotten password, confirmation", async () => {
    const { email } = await signedUp();
    const password = "wrong password";
    expect(await asKnown("POST /api/auth/signup", { email, password }, { email: newEmail(), password })).toBe(202);
    expect(await asKnown("POST /api/auth/login", { email, password }, { email: newEmail(), password })).toBe(401);
    expect(await asKnown("POST /api/auth/password/forgot", { email }, { email: newEmail() })).toBe(202);
    expect(await asKnown("POST /api/auth/verify/request", { email }, { email: newEmail() })).toBe(202);
  });

  it("[A1] the owner of an address is told by mail, and their password stays", async () => {
    const { email, browser } = await signedUp();
    await new Browser().send("POST /api/auth/signup", { body: { email, password: "of somebody else" } });
    await vi.waitUntil(() => mails.some(({ to, kind }) => to === email && kind === "account-exists"), {
      timeout: 10_000,
    });
    expect((await login(browser, email, PASSWORD)).status).toBe(200);
    expect((await login(new Browser(), email, "of somebody else")).status).toBe(401);
  });

  it("[A2] both cost one password hash and as many calls of the database", async () => {
    const { email } = await signedUp();
    const calls: string[] = [];
    const database = new Proxy(env.LEDGE_D1, {
      get(target, name) {
        if (name === "batch" || name === "prepare") calls.push(String(name));
        const member = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const attempt = async (address: string) => {
      calls.length = 0;
      const body = JSON.stringify({ email: address, password: "wrong password" });
      const headers = { "content-type": "application/json" };
      const bindings = { ...env, LEDGE_D1: database } as never;
      const reply = await app.request(`${ORIGIN}/api/auth/login`, { method: "POST", headers, body }, bindings);
      return [reply.status, ...calls];
    };
    const known = await attempt(email);
    expect(await attempt(newEmail())).toEqual(known);
    expect(known[0]).toBe(401);
  });

  it("[A1] [A2] [A11] [A12] the answer of sign-up, of a forgotten password and of a confirmation does not wait for the work", async () => {
    const { email } = await signedUp();
    for (const [path, body] of [
      ["/signup", { password: PASSWORD }],
      ["/password/forgot", {}],
      ["/verify/request", {}],
    ] as const) {
      for (const address of [email, newEmail()]) {
        let reads = 0;
        const held = Promise.withResolvers<void>();
        // Only what counts tries is answered; everything else waits.
        const database = {
          batch: async (statements: D1PreparedStatement[]) => {
            reads += 1;
            if (reads > 1) await held.promise;
            return env.LEDGE_D1.batch(statements);
          },
          prepare: (sql: string) => env.LEDGE_D1.prepare(sql),
        };
        const background: Promise<unknown>[] = [];
        const init = {
          method: "POST",
          headers: { "content-type": "application/json", "cf-connecting-ip": new Browser().address },
          body: JSON.stringify({ email: address, ...body }),
        };
        const bindings = { ...env, LEDGE_D1: database } as never;
        const context = { waitUntil: (promise: Promise<unknown>) => void background.push(promise) };
        const reply = await app.request(`${ORIGIN}/api/auth${path}`, init, bindings, context);
        expect([path, reply.status]).toEqual([path, 202]);
        held.resolve();
        for (let done = 0; done < background.length; done++) await background[done];
      }
    }
  });

  it("[A1] [Z7] where sign-up signs in at once, a known address is 409; enforceAuth lets people sign up, and nobody else in", async () => {
    const ask = async (path: string, init: RequestInit = {}) => {
      const response = await openApp.request(`${ORIGIN}${path}`, init, env as never);
      return {
        status: response.status,
        body: (await response.json()) as Record<string, unknown>,
        headers: response.headers,
      };
    };
    const post = (body: object) => ({
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect((await ask("/api/whoami")).status).toBe(401);
    const person = { email: newEmail(), password: PASSWORD };
    const up = await ask("/api/auth/signup", post(person));
    expect([up.status, up.body.user]).toMatchObject([201, { email: person.email, emailVerified: false }]);
    const cookie = up.headers
      .getSetCookie()
      .map((each) => each.split(";")[0])
      .join("; ");
    expect((await ask("/api/whoami", { headers: { cookie } })).status).toBe(200);
    const again = await ask("/api/auth/signup", post(person));
    expect([again.status, again.body.reason, again.body.fields]).toEqual([409, "unique", ["email"]]);
  });
});

describe("passwords that were forgotten", () => {
  it("[A11] the link works once, for an hour, and ends every session", async () => {
    const { email, browser } = await signedIn();
    const ask = () => new Browser().send("POST /api/auth/password/forgot", { body: { email } });
    const reset = (token: string, password: string) =>
      new Browser().send("POST /api/auth/password/reset", { body: { token, password } });
    await ask();
    const token = await mailedToken(email, "reset-password");
    expect((await reset(token, "short")).status).toBe(400);
    expect((await reset(token, email.toUpperCase())).body.errors[0]).toMatchObject({
      field: "password",
      code: "email",
    });
    expect((await reset(token, "a new and better one")).status).toBe(204);
    expect((await browser.send("GET /whoami")).status).toBe(401);
    expect((await login(new Browser(), email, PASSWORD)).status).toBe(401);
    expect((await login(new Browser(), email, "a new and better one")).status).toBe(200);
    const again = await reset(token, "yet another one");
    expect([again.status, again.body.errors[0].field]).toEqual([400, "token"]);

    const before = mails.length;
    await ask();
    await vi.waitUntil(() => mails.length > before, { timeout: 10_000 });
    const old = await mailedToken(email, "reset-password");
    await query("UPDATE auth_verifications SET expires_at = ?", Date.now() - 1);
    expect((await reset(old, "yet another one")).status).toBe(400);
  });

  it("[A11] of two who follow one link at once, one wins", async () => {
    const { email } = await signedUp();
    await new Browser().send("POST /api/auth/password/forgot", { body: { email } });
    const token = await mailedToken(email, "reset-password");
    // Both have seen that the link is good before either writes.
    const both = Promise.withResolvers<void>();
    let arrived = 0;
    const database = new Proxy(env.LEDGE_D1, {
      get(target, name) {
        if (name !== "batch") return Reflect.get(target, name).bind(target);
        return async (statements: D1PreparedStatement[]) => {
          arrived += 1;
          if (arrived === 2) both.resolve();
          await both.promise;
          return target.batch(statements);
        };
      },
    });
    const replies = await Promise.all(
      ["first new password", "second new password"].map(async (password) => {
        const body = JSON.stringify({ token, password });
        const init = { method: "POST", headers: { "content-type": "application/json" }, body };
        const bindings = { ...env, LEDGE_D1: database } as never;
        const reply = await app.request(`${ORIGIN}/api/auth/password/reset`, init, bindings);
        return { status: reply.status, works: (await login(new Browser(), email, password)).status === 200 };
      }),
    );
    expect(arrived).toBe(2);
    expect(replies.map(({ status }) => status).sort()).toEqual([204, 400]);
    for (const { status, works } of replies) expect(works).toBe(status === 204);
  });

  it("[A1] of two who sign up with one address at once, one does, and neither is told of the other", async () => {
    const email = newEmail();
    const replies = await Promise.all(
      [1, 2].map(() => new Browser().send("POST /api/auth/signup", { body: { email, password: PASSWORD } })),
    );
    expect(replies.map(({ status }) => status)).toEqual([202, 202]);
    // The second may still be hashing its password, and take the place of the first: then the last mail is the one that counts.
    const confirm = async () => {
      const body = { token: await mailedToken(email, "verify-email"), password: PASSWORD };
      return (await new Browser().send("POST /api/auth/verify/confirm", { body })).status;
    };
    await expect.poll(confirm, { timeout: 10_000 }).toBe(204);
    expect(await query("SELECT id FROM auth_users WHERE email = ?", email)).toHaveLength(1);
  });

  it("[A11] a change needs the current password and ends the other sessions", async () => {
    const { email, browser } = await signedIn();
    const other = new Browser();
    await login(other, email, PASSWORD);
    const change = (currentPassword: string, newPassword: string) =>
      browser.send("POST /api/auth/password/change", { body: { currentPassword, newPassword } });
    expect((await change("wrong password", "a new and better one")).status).toBe(403);
    expect((await change(PASSWORD, email)).body.errors[0]).toMatchObject({ field: "newPassword", code: "email" });
    expect((await change(PASSWORD, "a new and better one")).status).toBe(204);
    expect((await browser.send("GET /whoami")).status).toBe(200);
    expect((await other.send("GET /whoami")).status).toBe(401);
    expect((await login(other, email, "a new and better one")).status).toBe(200);
  });

  it("[A12] a confirmation can be asked for again, works for a day, and signs nobody in", async () => {
    const browser = new Browser();
    const email = newEmail();
    await browser.send("POST /api/auth/signup", { body: { email, password: PASSWORD } });
    await mailedToken(email, "verify-email");
    const before = mails.length;
    expect((await browser.send("POST /api/auth/verify/request", { body: { email } })).status).toBe(202);
    await vi.waitUntil(() => mails.length > before, { timeout: 10_000 });
    const token = await mailedToken(email, "verify-email");
    const confirm = (sent: string) =>
      browser.send("POST /api/auth/verify/confirm", { body: { token: sent, password: PASSWORD } });
    expect((await confirm(`${token.slice(0, -3)}abc`)).status).toBe(400);
    const late = (Date.now() + 86_400_000 + 5000).toString();
    expect(Number.parseInt(token.split(".")[1] ?? "", 36) * 1000).toBeLessThan(Number(late));
    vi.useFakeTimers({ now: Number(late), toFake: ["Date"] });
    try {
      const init = {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token, password: PASSWORD }),
      };
      const reply = await app.request(`${ORIGIN}/api/auth/verify/confirm`, init, env as never);
      expect(reply.status).toBe(400);
      expect(await reply.json()).toMatchObject({ errors: [{ field: "token", code: "expired" }] });
    } finally {
      vi.useRealTimers();
    }
    expect((await confirm(token)).status).toBe(204);
    expect(browser.jar.size).toBe(0);
    expect((await confirm("nonsense")).body.errors[0]).toMatchObject({ field: "token" });
  });
});
