import { describe, expect, it } from "vitest";
import { mails } from "./app.ts";
import { Browser, mailedToken, newEmail, PASSWORD, signedIn, signedUp } from "./browser.ts";

describe("from sign-up to a row of one's own", () => {
  it("[A1] sign-up sends a mail; its link confirms the address; then sign-in works", async () => {
    const browser = new Browser();
    const email = newEmail();
    const up = await browser.send("POST /api/auth/signup", {
      body: { email: email.toUpperCase(), password: PASSWORD, name: "Alice", data: { theme: "dark" } },
    });
    expect([up.status, up.body]).toEqual([202, { status: "verification-sent" }]);
    const token = await mailedToken(email, "verify-email");
    const early = await browser.send("POST /api/auth/login", { body: { email, password: PASSWORD } });
    expect(early.status).toBe(401);
    expect(early.body).toMatchObject({ code: "UNAUTHORIZED", reason: "invalid-credentials" });
    expect((await browser.send("POST /api/auth/verify/confirm", { body: { token, password: PASSWORD } })).status).toBe(
      204,
    );

    const reply = await browser.send("POST /api/auth/login", { body: { email, password: PASSWORD } });
    expect(reply.status).toBe(200);
    expect(reply.body.user).toMatchObject({
      email,
      emailVerified: true,
      name: "Alice",
      data: { theme: "dark" },
      roles: [],
    });
    expect(mails.filter(({ to }) => to === email)).toHaveLength(1);
  });

  it("[A13] the session is a cookie that scripts cannot read, for this host, over https, for a week", async () => {
    const { email, browser } = await signedUp();
    const reply = await browser.send("POST /api/auth/login", { body: { email, password: PASSWORD } });
    const [session, csrf] = reply.headers.getSetCookie();
    expect(session).toMatch(
      /^__Host-ledge_session=[\w-]{32,64}\.[\w-]{43}; Path=\/; SameSite=Lax; Max-Age=604800; Secure; HttpOnly$/,
    );
    expect(csrf).toMatch(/^csrf_token=[\w-]{43}; Path=\/; SameSite=Lax; Max-Age=604800; Secure$/);
  });

  it("[A4] the cookie makes the caller known to scopes: one's own rows and no others", async () => {
    const [alice, bob] = [await signedIn(), await signedIn()];
    const created = await alice.browser.send("POST /api/notes", { body: { body: "mine" } });
    expect([created.status, created.body.ownerId]).toEqual([201, alice.id]);
    expect((await alice.browser.send("GET /api/notes")).body.items).toHaveLength(1);
    expect((await bob.browser.send("GET /api/notes")).body.items).toEqual([]);
    expect((await bob.browser.send(`GET /api/notes/${created.body.id}`)).status).toBe(404);
    expect((await new Browser().send("GET /api/notes")).status).toBe(401);
    const me = await alice.browser.send("GET /api/auth/me");
    expect(me.body).toMatchObject({ user: { id: alice.id, email: alice.email }, session: { id: alice.sessionId } });
    expect((await new Browser().send("GET /api/auth/me")).body).toEqual({ user: null, session: null });
  });
});
