import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { app } from "./app.ts";
import { mailedToken, newEmail, ORIGIN, PASSWORD, query } from "./browser.ts";

/** The database, for a Worker that dies: its k-th call still takes effect, but neither that nor any later one is answered. */
function dying(call: number) {
  let calls = 0;
  const guarded = async <T>(run: () => Promise<T>): Promise<T> => {
    calls += 1;
    if (calls > call) throw new Error("the Worker has died");
    const result = await run();
    if (calls === call) throw new Error("the Worker has died");
    return result;
  };
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(statement, {
      get(target, name) {
        if (name === "bind") return (...values: unknown[]) => wrap(target.bind(...values));
        if (name === "bare") return target;
        if (name === "run" || name === "all") return () => guarded(() => target[name]());
        if (name === "first")
          return (column: string) => guarded(() => (column ? target.first(column) : target.first()));
        return Reflect.get(target, name);
      },
    });
  const database = {
    prepare: (sql: string) => wrap(env.LEDGE_D1.prepare(sql)),
    batch: (statements: readonly { readonly bare: D1PreparedStatement }[]) =>
      guarded(() => env.LEDGE_D1.batch(statements.map(({ bare }) => bare))),
  };
  return { database, calls: () => calls };
}

async function ask(path: string, body: object, database: object = env.LEDGE_D1, headers: object = {}) {
  const background: Promise<unknown>[] = [];
  const response = await app.request(
    `${ORIGIN}/api/auth${path}`,
    {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    },
    { ...env, LEDGE_D1: database, LEDGE_LOG_LEVEL: "silent" } as never,
    { waitUntil: (promise) => void background.push(promise) },
  );
  for (let done = 0; done < background.length; done++) await background[done];
  return {
    status: response.status,
    body: response.status === 204 ? null : ((await response.json()) as Record<string, string>),
  };
}

/** Runs a step once for each place where the Worker can die in it, until it does not die any more. */
async function everywhere(step: (crash: number, database: object) => Promise<void>): Promise<number> {
  for (let call = 0; ; call++) {
    const { database, calls } = dying(call);
    await step(call, database);
    if (calls() < call) return call;
  }
}

const signUp = async (email: string, database?: object) => ask("/signup", { email, password: PASSWORD }, database);
async function person(): Promise<string> {
  const email = newEmail();
  await signUp(email);
  await ask("/verify/confirm", { token: await mailedToken(email, "verify-email"), password: PASSWORD });
  return email;
}

describe("a Worker that dies between two writes", { timeout: 300_000 }, () => {
  it("[A1] leaves a whole person or none, whom signing up again mends either way", async () => {
    const crashes = await everywhere(async (crash, database) => {
      const email = newEmail();
      await signUp(email, database);
      const people = await query("SELECT id FROM auth_users WHERE email = ?", email);
      const passwords = await query(
        "SELECT id FROM auth_accounts WHERE user_id IN (SELECT id FROM auth_users WHERE email = ?)",
        email,
      );
      expect([crash, passwords.length]).toEqual([crash, people.length]);
      expect((await signUp(email)).status).toBe(202);
      const token = await mailedToken(email, "verify-email");
      expect((await ask("/verify/confirm", { token, password: PASSWORD })).status).toBe(204);
      expect([crash, (await ask("/login", { email, password: PASSWORD })).status]).toEqual([crash, 200]);
    });
    expect(crashes).toBeGreaterThanOrEqual(3);
  });

  it("[A2] leaves at most a session that nobody holds; signing in again works", async () => {
    const email = await person();
    const crashes = await everywhere(async (crash, database) => {
      const body = { email, password: PASSWORD, session: "token" };
      const first = await ask("/login", body, database);
      if (first.status === 200) expect(first.body?.refreshToken).toBeDefined();
      await query("DELETE FROM auth_attempts");
      expect([crash, (await ask("/login", body)).status]).toEqual([crash, 200]);
    });
    expect(crashes).toBeGreaterThanOrEqual(6);
  });

  it("[A11] leaves the old password with its link, or the new one without any session", async () => {
    const crashes = await everywhere(async (crash, database) => {
      const email = await person();
      await ask("/login", { email, password: PASSWORD, session: "token" });
      await ask("/password/forgot", { email });
      const token = await mailedToken(email, "reset-password");
      const wanted = "a new and better one";
      await ask("/password/reset", { token, password: wanted }, database);
      await query("DELETE FROM auth_attempts");
      const works = async (password: string) => (await ask("/login", { email, password })).status === 200;
      const of = "FROM auth_sessions WHERE user_id IN (SELECT id FROM auth_users WHERE email = ?)";
      const sessions = (await query(`SELECT id ${of}`, email)).length;
      if (await works(PASSWORD)) {
        expect([crash, sessions]).toEqual([crash, 1]);
        expect([crash, (await ask("/password/reset", { token, password: wanted })).status]).toEqual([crash, 204]);
      } else {
        expect([crash, sessions]).toEqual([crash, 0]);
        expect([crash, (await ask("/password/reset", { token, password: "yet another one" })).status]).toEqual([
          crash,
          400,
        ]);
      }
      expect([crash, await works(wanted)]).toEqual([crash, true]);
    });
    expect(crashes).toBeGreaterThanOrEqual(3);
  });

  it("[A14] never costs a client its session: it repeats the refresh whose answer was lost", async () => {
    const email = await person();
    const crashes = await everywhere(async (crash, database) => {
      const { body } = await ask("/login", { email, password: PASSWORD, session: "token" });
      const refreshToken = body?.refreshToken;
      await ask("/refresh", { refreshToken }, database);
      const again = await ask("/refresh", { refreshToken });
      expect([crash, again.status]).toEqual([crash, 200]);
      expect([crash, (await ask("/refresh", { refreshToken: again.body?.refreshToken })).status]).toEqual([crash, 200]);
    });
    expect(crashes).toBeGreaterThanOrEqual(3);
  });
});
