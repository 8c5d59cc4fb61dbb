/** Two people and one address: whoever reads the mailbox lets nobody in but who also knows the password of that sign-up, and no answer tells of accounts. */

import { env } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { Fault } from "../../../src/core/fault.ts";
import { openResetToken, resetByLink } from "../../../src/features/auth/mail-link.ts";
import { mails } from "./app.ts";
import { Browser, mailedToken, newEmail, PASSWORD, query, signedUp } from "./browser.ts";

const ATTACKER = "the attacker's password";

const send = (path: string, body: object) => new Browser().send(`POST /api/auth${path}`, { body });
const confirm = (token: string, password: string) => send("/verify/confirm", { token, password });
const login = (email: string, password: string) => send("/login", { email, password });

/** Asks for a mail, and gives the token of its link. */
async function mailOf(email: string, kind: string, path: string, more: object = {}): Promise<string> {
  const before = mails.length;
  expect((await send(path, { email, ...more })).status).toBe(202);
  await vi.waitUntil(() => mails.slice(before).some((mail) => mail.to === email && mail.kind === kind), {
    timeout: 10_000,
  });
  return mailedToken(email, kind);
}
const signUp = (email: string, password: string) => mailOf(email, "verify-email", "/signup", { password });

describe("a stranger who signs up last with somebody's address", () => {
  it("[A12] is let in by no link that the owner follows, neither the stranger's mail nor one asked for again", async () => {
    const email = newEmail();
    const own = await signUp(email, PASSWORD);
    const strangers = await signUp(email, ATTACKER);
    expect((await confirm(own, PASSWORD)).status).toBe(400);
    const again = await mailOf(email, "verify-email", "/verify/request");
    for (const token of [strangers, again]) {
      const reply = await confirm(token, PASSWORD);
      expect([reply.status, reply.body.reason]).toEqual([401, "invalid-credentials"]);
      expect((await send("/verify/confirm", { token })).body.errors[0]).toMatchObject({ field: "password" });
    }
    expect((await login(email, ATTACKER)).status).toBe(401);
    expect(await query("SELECT email_verified, is_pending FROM auth_users WHERE email = ?", email)).toEqual([
      { email_verified: 0, is_pending: 1 },
    ]);
    // The owner has two ways out: another sign-up, or a reset.
    const reset = await mailOf(email, "reset-password", "/password/forgot");
    expect((await send("/password/reset", { token: reset, password: PASSWORD })).status).toBe(204);
    expect([(await login(email, ATTACKER)).status, (await login(email, PASSWORD)).status]).toEqual([401, 200]);
  });

  it("[A12] a form without scripts asks for the password too, and comes back to its page with the link", async () => {
    const email = newEmail();
    const token = await signUp(email, PASSWORD);
    const page = `/verify-email?token=${token}`;
    const post = async (password: string) => {
      const form = { token, password, page, next: "/sign-in?confirmed" };
      const { status, headers } = await new Browser().send("POST /api/auth/verify/confirm", { form });
      return [status, headers.get("location")];
    };
    expect(await post(ATTACKER)).toEqual([303, `${page}&problem=invalid-credentials`]);
    expect(await post(PASSWORD)).toEqual([303, "/sign-in?confirmed"]);
    expect((await login(email, PASSWORD)).status).toBe(200);
  });

  it("[A12] [A34] a link is tried with five passwords, and no more", async () => {
    const token = await signUp(newEmail(), ATTACKER);
    for (let k = 0; k < 5; k++) expect((await confirm(token, `${PASSWORD} ${k}`)).status).toBe(401);
    expect((await confirm(token, ATTACKER)).status).toBe(429);
  });

  it("[A11] voids no link to a new password that is on its way", async () => {
    const email = newEmail();
    await signUp(email, PASSWORD);
    const token = await mailOf(email, "reset-password", "/password/forgot");
    await signUp(email, ATTACKER);
    expect((await send("/password/reset", { token, password: PASSWORD })).status).toBe(204);
    expect([(await login(email, ATTACKER)).status, (await login(email, PASSWORD)).status]).toEqual([401, 200]);
  });

  it("[A11] between the two steps of a reset makes it fail, and never say that a password was set", async () => {
    const email = newEmail();
    await signUp(email, PASSWORD);
    const token = await mailOf(email, "reset-password", "/password/forgot");
    const place = { database: env.LEDGE_D1, nowMs: Date.now() };
    const resetting = await openResetToken(token, place);
    await signUp(email, ATTACKER);
    await expect(resetByLink(resetting, "hash", place)).rejects.toThrow(Fault);
    expect((await send("/password/reset", { token, password: PASSWORD })).status).toBe(204);
  });
});

it("[A1] [A2] a sign-up and a sign-in after it tell nobody whether there was an account before", async () => {
  const [known, unknown] = [(await signedUp()).email, newEmail()];
  const asked = async (email: string) => {
    const up = await send("/signup", { email, password: ATTACKER });
    await mailedToken(email, "verify-email");
    const replies = [];
    for (let k = 0; k < 6; k++) {
      const { status, body } = await login(email, ATTACKER);
      replies.push([status, body.reason, body.detail]);
    }
    return [up.status, up.body, replies.slice(0, 5), replies[5]?.[0]];
  };
  const told = await asked(unknown);
  expect(told).toEqual(await asked(known));
  expect(told[3]).toBe(429);
});

it("[A17] the statement that makes a hash anew goes by an index", async () => {
  const { email } = await signedUp();
  const { rehash } = await import("../../../src/features/auth/library/rehash.ts");
  const [{ id, password } = {}] = await query(
    "SELECT u.id, a.password FROM auth_users AS u JOIN auth_accounts AS a ON a.user_id = u.id WHERE u.email = ?",
    email,
  );
  const run: string[] = [];
  const database = new Proxy(env.LEDGE_D1, {
    get: (target, name: "prepare") => (sql: string) => {
      run.push(sql);
      return target[name](sql);
    },
  });
  await rehash(database, { userId: String(id), hash: String(password) }, PASSWORD);
  expect(run).toHaveLength(1);
  const [plan] = await query(`EXPLAIN QUERY PLAN ${run[0]}`, "", "", "");
  expect(plan?.detail).toContain("USING INDEX auth_accounts_by_user");
  const [after] = await query("SELECT password FROM auth_accounts WHERE user_id = ?", id);
  expect(after?.password).not.toBe(password);
});
