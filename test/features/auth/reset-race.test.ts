import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { app } from "./app.ts";
import { Browser, mailedToken, ORIGIN, PASSWORD, query, signedUp, withTokens } from "./browser.ts";

/** The database, in which something happens just before the k-th call of a request. */
function interrupted(call: number, meanwhile: () => Promise<unknown>) {
  let calls = 0;
  const after = async <T>(run: () => Promise<T>): Promise<T> => {
    if (calls++ === call) await meanwhile();
    return run();
  };
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(statement, {
      get(target, name) {
        if (name === "bind") return (...values: unknown[]) => wrap(target.bind(...values));
        if (name === "bare") return target;
        if (name === "run" || name === "all") return () => after(() => target[name]());
        if (name === "first") return (column: string) => after(() => (column ? target.first(column) : target.first()));
        return Reflect.get(target, name);
      },
    });
  const database = {
    prepare: (sql: string) => wrap(env.LEDGE_D1.prepare(sql)),
    batch: (statements: readonly { readonly bare: D1PreparedStatement }[]) =>
      after(() => env.LEDGE_D1.batch(statements.map(({ bare }) => bare))),
  };
  return { database, calls: () => calls };
}

async function ask(path: string, body: object, database: object, headers: object = {}): Promise<number> {
  const background: Promise<unknown>[] = [];
  const init = {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  };
  const bindings = { ...env, LEDGE_D1: database, LEDGE_LOG_LEVEL: "silent" } as never;
  const { status } = await app.request(`${ORIGIN}/api/auth${path}`, init, bindings, {
    waitUntil: (promise) => void background.push(promise),
  });
  for (let done = 0; done < background.length; done++) await background[done];
  return status;
}

/** A person whose mailbox has a link to a new password, and what follows it. */
async function aboutToReset(email: string) {
  await new Browser().send("POST /api/auth/password/forgot", { body: { email } });
  const token = await mailedToken(email, "reset-password");
  return async () => {
    const reset = { body: { token, password: "a new one of the owner" } };
    expect((await new Browser().send("POST /api/auth/password/reset", reset)).status).toBe(204);
  };
}

const left = (table: string, email: string) =>
  query(`SELECT id FROM ${table} WHERE user_id = (SELECT id FROM auth_users WHERE email = ?)`, email);

describe("a reset in the midst of what somebody else does with the old password", { timeout: 300_000 }, () => {
  it("[A11] [A2] a sign-in that is on its way ends with it, wherever it is", async () => {
    for (let call = 0; ; call++) {
      const { email } = await signedUp();
      const { database, calls } = interrupted(call, await aboutToReset(email));
      const status = await ask("/login", { email, password: PASSWORD, session: "token" }, database);
      if (calls() <= call) break;
      expect([call, status, await left("auth_sessions", email)]).toEqual([call, expect.any(Number), []]);
    }
  });

  it("[A11] [A16] so does a key that is being made", async () => {
    for (let call = 0; ; call++) {
      const { email, accessToken } = await withTokens();
      const { database, calls } = interrupted(call, await aboutToReset(email));
      await ask("/keys", { name: "mine" }, database, { authorization: `Bearer ${accessToken}` });
      if (calls() <= call) break;
      expect([call, await left("auth_api_keys", email)]).toEqual([call, []]);
    }
  });
});
