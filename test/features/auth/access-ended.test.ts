import { describe, expect, it } from "vitest";
import { isEnded } from "../../../src/core/scope/access-ended.ts";
import { ended } from "./app.ts";
import { Browser, bearer, mailedToken, PASSWORD, query, signedIn, withTokens } from "./browser.ts";

/** What features are told of a person from here on. */
function listen(userId: string) {
  const from = ended.length;
  return () => ended.slice(from).filter((each) => each.userId === userId);
}

describe("whoever keeps something open for a caller hears that access has ended", () => {
  it("[RV6] [A3] sign-out names the session that its principals carried; everywhere all of them, or keys as well", async () => {
    const { browser, email, id, sessionId } = await signedIn();
    const heard = listen(id);
    const { credential } = (await browser.send("GET /whoami")).body;
    expect(credential).toBe(`session:${sessionId}`);
    await browser.send("POST /api/auth/logout");
    await expect.poll(heard).toEqual([{ kind: "credential", userId: id, credential }]);
    const again = async () => browser.send("POST /api/auth/login", { body: { email, password: PASSWORD } });
    await again();
    const key = await browser.send("POST /api/auth/keys", { body: { name: "ci" } });
    const byKey = () => browser.send("GET /whoami", { cookies: null, headers: { "x-api-key": key.body.key } });
    await browser.send("POST /api/auth/logout", { body: { everywhere: true } });
    await expect.poll(() => heard().at(-1)).toEqual({ kind: "sessions", userId: id, except: null });
    expect((await byKey()).status).toBe(200);
    await again();
    await browser.send("POST /api/auth/logout", { body: { everywhere: true, keys: true } });
    await expect.poll(() => heard().at(-1)).toEqual({ kind: "everything", userId: id });
    expect((await byKey()).status).toBe(401);
  });

  it("[RV6] [A16] a key that is revoked or gets another secret is named", async () => {
    const { browser, id } = await signedIn();
    const heard = listen(id);
    const { body } = await browser.send("POST /api/auth/keys", { body: { name: "ci" } });
    const rotated = await browser.send(`POST /api/auth/keys/${body.id}/rotate`);
    const seen = await browser.send("GET /whoami", { cookies: null, headers: { "x-api-key": rotated.body.key } });
    expect(seen.body.credential).toBe(`key:${body.id}`);
    await browser.send(`DELETE /api/auth/keys/${body.id}`);
    const told = { kind: "credential", userId: id, credential: `key:${body.id}` };
    await expect.poll(heard).toEqual([told, told]);
  });

  it("[RV6] [A11] a reset ends everything, keys too; a change of the password all sessions but one's own", async () => {
    const { browser, email, id, sessionId } = await signedIn();
    const heard = listen(id);
    const key = await browser.send("POST /api/auth/keys", { body: { name: "ci" } });
    await browser.send("POST /api/auth/password/change", {
      body: { currentPassword: PASSWORD, newPassword: "a new and better one" },
    });
    await expect.poll(() => heard().at(-1)).toEqual({ kind: "sessions", userId: id, except: `session:${sessionId}` });
    await browser.send("POST /api/auth/password/forgot", { body: { email } });
    const token = await mailedToken(email, "reset-password");
    await browser.send("POST /api/auth/password/reset", { body: { token, password: PASSWORD } });
    await expect.poll(() => heard().at(-1)).toEqual({ kind: "everything", userId: id });
    const byKey = await browser.send("GET /whoami", { cookies: null, headers: { "x-api-key": key.body.key } });
    expect(byKey.status).toBe(401);
  });

  it("[RV6] [A13] a session that a sign-in replaces, and one whose refresh token was stolen", async () => {
    const { browser, email, id, sessionId } = await signedIn();
    const heard = listen(id);
    await browser.send("POST /api/auth/login", { body: { email, password: PASSWORD } });
    await expect.poll(heard).toEqual([{ kind: "credential", userId: id, credential: `session:${sessionId}` }]);

    const device = await withTokens();
    const stolen = listen(device.id);
    const { credential } = (await device.browser.send("GET /whoami", { headers: bearer(device.accessToken) })).body;
    const renew = (refreshToken: string) => new Browser().send("POST /api/auth/refresh", { body: { refreshToken } });
    await renew(device.refreshToken);
    await query("UPDATE auth_sessions SET refreshed_at = 0 WHERE user_id = ?", device.id);
    await renew(device.refreshToken);
    await expect.poll(stolen).toEqual([{ kind: "credential", userId: device.id, credential }]);
  });

  it("[RV6] what has to end is told by person and credential", () => {
    const of = (credential: string | null, userId = "u") => ({ userId, credential });
    const one = { kind: "credential", userId: "u", credential: "session:1" } as const;
    expect(
      [of("session:1"), of("session:2"), of(null), of("session:1", "v")].map((each) => isEnded(each, one)),
    ).toEqual([true, false, false, false]);
    const sessions = { kind: "sessions", userId: "u", except: "session:2" } as const;
    expect([of("session:1"), of("session:2"), of("key:1"), of(null)].map((each) => isEnded(each, sessions))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    const all = { kind: "everything", userId: "u" } as const;
    expect([of("session:1"), of("key:1"), of(null), of("key:1", "v")].map((each) => isEnded(each, all))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });
});
