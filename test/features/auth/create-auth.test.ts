import { env } from "cloudflare:test";
import { expect, it } from "vitest";
import { createAuth } from "../../../src/features/auth/create-auth.ts";
import { mails } from "./app.ts";
import { newEmail, ORIGIN, PASSWORD } from "./browser.ts";

it("[A25] one call gives a router of sign-in and a guard, for an application with routes of its own", async () => {
  const { router, middleware } = createAuth({
    basePath: "/v1",
    signup: { verification: "later" },
    login: { attempts: 2 },
    session: { ttlMs: 60_000 },
    mailer: async (mail) => void mails.push(mail),
  });
  const post = (path: string, body: object) =>
    router(
      new Request(`${ORIGIN}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
      env as never,
    );
  const person = { email: newEmail(), password: PASSWORD };
  const up = await post("/v1/auth/signup", person);
  expect(up.status).toBe(201);
  const [cookie = ""] = up.headers.getSetCookie();
  expect(cookie).toContain("Max-Age=60;");
  const ask = (headers: Record<string, string>, method = "GET") =>
    middleware(new Request(`${ORIGIN}/anything`, { method, headers }), env as never);
  expect(await ask({ cookie: cookie.split(";")[0] ?? "" })).toMatchObject({
    kind: "user",
    claims: { email: person.email },
  });
  for (const refused of [await ask({}), await ask({ cookie: "__Host-ledge_session=x" })]) {
    expect([(refused as Response).status, (refused as Response).headers.get("content-type")]).toEqual([
      401,
      "application/problem+json",
    ]);
  }
  expect(((await ask({ cookie: cookie.split(";")[0] ?? "" }, "DELETE")) as Response).status).toBe(403);
  for (const status of [401, 401, 429]) {
    expect((await post("/v1/auth/login", { ...person, password: "wrong password" })).status).toBe(status);
  }
});
