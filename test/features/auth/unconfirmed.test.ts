import { describe, expect, it, vi } from "vitest";
import { mails } from "./app.ts";
import { Browser, mailedToken, newEmail, PASSWORD, query } from "./browser.ts";

const ATTACKER = "the attacker's password";

/** Signs up and gives the token of the mail that comes of it. */
async function signUp(email: string, password: string, more: object = {}): Promise<string> {
  const before = mails.length;
  const reply = await new Browser().send("POST /api/auth/signup", { body: { email, password, ...more } });
  expect(reply.status).toBe(202);
  await vi.waitUntil(() => mails.slice(before).some(({ to }) => to === email), { timeout: 10_000 });
  return mailedToken(email, "verify-email");
}

const confirm = (token: string, password = PASSWORD) =>
  new Browser().send("POST /api/auth/verify/confirm", { body: { token, password } });
const login = (email: string, password: string) =>
  new Browser().send("POST /api/auth/login", { body: { email, password } });

describe("a sign-up that nobody has confirmed", () => {
  it("[A1] the next one takes its place: password, name and data are those of whoever signed up last", async () => {
    const email = newEmail();
    await signUp(email, ATTACKER, { name: "Mallory", data: { trap: true } });
    const token = await signUp(email, PASSWORD, { name: "Alice", data: { theme: "dark" } });
    expect((await confirm(token)).status).toBe(204);
    expect((await login(email, ATTACKER)).status).toBe(401);
    const reply = await login(email, PASSWORD);
    expect(reply.body.user).toMatchObject({ name: "Alice", data: { theme: "dark" }, emailVerified: true });
    expect(await query("SELECT id FROM auth_users WHERE email = ?", email)).toHaveLength(1);
    expect(await query("SELECT id FROM auth_accounts WHERE user_id = ?", reply.body.user.id)).toHaveLength(1);
  });

  it("[A12] a link confirms the sign-up it was sent for, and is void once another has taken its place", async () => {
    const email = newEmail();
    const first = await signUp(email, PASSWORD);
    const second = await signUp(email, ATTACKER);
    const stale = await confirm(first);
    expect([stale.status, stale.body.errors[0].code]).toEqual([400, "invalid"]);
    expect((await login(email, ATTACKER)).status).toBe(401);
    // The owner signs up again, and has the last word.
    const third = await signUp(email, PASSWORD);
    expect((await confirm(second, ATTACKER)).status).toBe(400);
    expect((await confirm(third)).status).toBe(204);
    expect((await login(email, PASSWORD)).status).toBe(200);
    // Followed twice, by a program that looks at mails say, it still says yes.
    expect((await confirm(third)).status).toBe(204);
  });

  it("[A12] nothing of the earlier one is left: neither sessions nor keys of it, by another configuration say", async () => {
    const email = newEmail();
    await signUp(email, ATTACKER);
    const [{ id } = { id: "" }] = await query("SELECT id FROM auth_users WHERE email = ?", email);
    const later = Date.now() + 60_000;
    await query(
      "INSERT INTO auth_sessions (id, user_id, token_hash, expires_at, created_at, updated_at) VALUES ('s-' || ?1, ?1, ?1, ?2, 0, 0)",
      id,
      later,
    );
    await query(
      "INSERT INTO auth_api_keys (id, user_id, name, prefix, secret_hash, created_at) VALUES ('k-' || ?1, ?1, '', '', '', 0)",
      id,
    );
    await signUp(email, PASSWORD);
    for (const table of ["auth_sessions", "auth_api_keys", "auth_accounts"])
      expect([table, await query(`SELECT id FROM ${table} WHERE user_id = ?`, id)]).toEqual([table, []]);
  });

  it("[A1] an account that is in use is never replaced, confirmed or not", async () => {
    const email = newEmail();
    const token = await signUp(email, PASSWORD);
    await confirm(token);
    // As an application has them that let people in at once before it had a mailer.
    await query("UPDATE auth_users SET email_verified = 0 WHERE email = ?", email);
    const [before] = await query("SELECT id FROM auth_users WHERE email = ?", email);
    const sent = mails.length;
    await new Browser().send("POST /api/auth/signup", { body: { email, password: ATTACKER } });
    await vi.waitUntil(() => mails.slice(sent).some(({ to, kind }) => to === email && kind === "account-exists"), {
      timeout: 10_000,
    });
    expect(await query("SELECT id FROM auth_users WHERE email = ?", email)).toEqual([before]);
    expect((await login(email, ATTACKER)).status).toBe(401);
  });

  it("[A11] a reset by its owner takes it over: the address is confirmed, and the other one's name and data are gone", async () => {
    const email = newEmail();
    await signUp(email, ATTACKER, { name: "Mallory", data: { trap: true } });
    await new Browser().send("POST /api/auth/password/forgot", { body: { email } });
    const token = await mailedToken(email, "reset-password");
    const done = await new Browser().send("POST /api/auth/password/reset", { body: { token, password: PASSWORD } });
    expect(done.status).toBe(204);
    expect((await login(email, ATTACKER)).status).toBe(401);
    expect((await login(email, PASSWORD)).body.user).toMatchObject({ name: "", data: {}, emailVerified: true });
  });

  it("[A1] [A11] what nobody followed in time is removed by later sign-ins, and nothing else is", async () => {
    const [stale, fresh, person] = [newEmail(), newEmail(), newEmail()];
    await signUp(stale, PASSWORD);
    await signUp(fresh, PASSWORD);
    await confirm(await signUp(person, PASSWORD));
    const forgot = (email: string) => new Browser().send("POST /api/auth/password/forgot", { body: { email } });
    await forgot(stale);
    await forgot(person);
    await mailedToken(person, "reset-password");
    const old = Date.now() - 3 * 86_400_000;
    await query("UPDATE auth_users SET created_at = ? WHERE email IN (?, ?)", old, stale, person);
    await query(
      "UPDATE auth_verifications SET expires_at = ? WHERE value = (SELECT id FROM auth_users WHERE email = ?)",
      Date.now() - 1,
      person,
    );
    expect((await login(person, PASSWORD)).status).toBe(200);
    const left = async () => ({
      people: (await query("SELECT email FROM auth_users WHERE email IN (?, ?, ?)", stale, fresh, person))
        .map(({ email }) => email)
        .sort(),
      links: await query(
        "SELECT v.id FROM auth_verifications AS v JOIN auth_users AS u ON u.id = v.value WHERE u.email = ?",
        person,
      ),
    });
    await expect.poll(left, { timeout: 10_000 }).toEqual({ people: [fresh, person].sort(), links: [] });
  });
});
