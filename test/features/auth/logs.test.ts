import { env } from "cloudflare:test";
import { defineApp } from "ledge";
import { expect, it, vi } from "vitest";
import { auth, type Mail } from "../../../src/features/auth/auth.ts";
import { app, mailbox } from "./app.ts";
import { newEmail, ORIGIN, PASSWORD, query } from "./browser.ts";

/** Everything that goes to the console while `run` goes on. */
async function printedWhile(run: () => Promise<unknown>): Promise<string> {
  const lines: string[] = [];
  const spies = (["debug", "log", "info", "warn", "error"] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation((...given: unknown[]) => void lines.push(given.map(String).join(" "))),
  );
  try {
    await run();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return lines.join("\n");
}

/** A whole life of an account; gives every secret that occurred in it. */
async function life(sent: Mail[], fetchApp: typeof app.request, variables: object): Promise<string[]> {
  const email = newEmail();
  const secrets = [PASSWORD, email];
  const ask = async (method: string, path: string, body: object | null, headers: Record<string, string> = {}) => {
    const background: Promise<unknown>[] = [];
    const init = {
      method,
      headers: { ...(body === null ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    };
    const response = await fetchApp(`${ORIGIN}${path}`, init, { ...env, ...variables } as never, {
      waitUntil: (promise) => void background.push(promise),
    });
    for (let done = 0; done < background.length; done++) await background[done];
    const text = await response.text();
    for (const cookie of response.headers.getSetCookie()) secrets.push(cookie.split("; ")[0]?.split("=")[1] ?? "");
    return { status: response.status, body: (text === "" ? {} : JSON.parse(text)) as Record<string, string> };
  };
  const token = (kind: string) => {
    const link = sent.findLast((mail) => mail.to === email && mail.kind === kind)?.link;
    const found = new URL(link ?? "x:/").searchParams.get("token") ?? "";
    secrets.push(found);
    return found;
  };
  await ask("POST", "/api/auth/signup", { email, password: PASSWORD });
  await ask("POST", "/api/auth/signup", { email, password: PASSWORD });
  await ask("POST", "/api/auth/verify/confirm", { token: token("verify-email"), password: PASSWORD });
  await ask("POST", "/api/auth/login", { email, password: "wrong password" });
  await ask("POST", "/api/auth/login", { email, password: PASSWORD });
  const { body } = await ask("POST", "/api/auth/login", { email, password: PASSWORD, session: "token" });
  const own = { authorization: `Bearer ${body.accessToken}` };
  secrets.push(body.accessToken ?? "", body.refreshToken ?? "");
  const key = await ask("POST", "/api/auth/keys", { name: "ci" }, own);
  secrets.push(key.body.key ?? "");
  await ask("GET", "/whoami", null, { "x-api-key": key.body.key ?? "" });
  await ask("GET", "/whoami", null, { "x-api-key": `${key.body.key}x` });
  await ask("GET", "/whoami", null, { authorization: `Bearer ${body.accessToken}x` });
  const next = await ask("POST", "/api/auth/refresh", { refreshToken: body.refreshToken });
  await ask("POST", "/api/auth/refresh", { refreshToken: next.body.refreshToken });
  await ask("POST", "/api/auth/refresh", { refreshToken: body.refreshToken });
  await ask("POST", "/api/auth/password/forgot", { email });
  mailbox.isBroken = true;
  await ask("POST", "/api/auth/password/forgot", { email });
  mailbox.isBroken = false;
  await ask("POST", "/api/auth/password/reset", { token: token("reset-password"), password: "a new and better one" });
  secrets.push("a new and better one");
  for (const { password } of await query("SELECT password FROM auth_accounts")) secrets.push(String(password));
  return secrets.filter((secret) => secret.length > 8);
}

it("[OB2] no password, hash, token, key, link or address stands in a log, at any level", async () => {
  const { mails } = await import("./app.ts");
  let secrets: string[] = [];
  const printed = await printedWhile(async () => {
    secrets = await life(mails, app.request, { LEDGE_LOG_LEVEL: "debug" });
  });
  expect(secrets.length).toBeGreaterThan(10);
  expect(printed).toContain('"path":"/api/auth/login"');
  expect(printed).toContain("a used refresh token came again");
  expect(printed).toContain("a mail was not sent");
  for (const secret of secrets) expect(printed).not.toContain(secret);
});

it("[A12] in development the mail is printed, link and all", async () => {
  const silent = defineApp({ name: "test", features: [auth()] });
  const email = newEmail();
  const init = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password: PASSWORD }),
  };
  const printed = await printedWhile(async () => {
    const background: Promise<unknown>[] = [];
    const context = { waitUntil: (promise: Promise<unknown>) => void background.push(promise) };
    await silent.request(`${ORIGIN}/api/auth/signup`, init, { ...env } as never, context);
    for (let done = 0; done < background.length; done++) await background[done];
  });
  expect(printed).toContain(`mail to ${email}`);
  expect(printed).toMatch(/board\.test\/verify-email\?token=\S{40}/);
});
