/** Sign-in outside development: what works as shipped, what needs mail, and where links lead. */

import { env } from "cloudflare:test";
import { decodeJwt } from "jose";
import { defineApp } from "ledge";
import { describe, expect, it, vi } from "vitest";
import { type AuthOptions, auth, type Mail } from "../../../src/features/auth/auth.ts";
import { newEmail, PASSWORD } from "./browser.ts";

const HOST = "https://attacker-chosen.test";

function deployed(options: AuthOptions, variables: object = {}) {
  const log: { readonly level: string; readonly message: string; readonly mend?: unknown }[] = [];
  const app = defineApp({
    name: "test",
    features: [auth(options)],
    observability: { sink: (entry) => void log.push(entry as never) },
  });
  const ask = async (path: string, body: object | null = null, headers: Record<string, string> = {}) => {
    const background: Promise<unknown>[] = [];
    const init = {
      method: body === null ? "GET" : "POST",
      headers: { ...(body === null ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    };
    const bindings = { ...env, LEDGE_ENV: "production", LEDGE_LOG_LEVEL: "info", ...variables } as never;
    const reply = await app.request(`${HOST}${path}`, init, bindings, {
      waitUntil: (promise) => void background.push(promise),
    });
    const text = await reply.text();
    for (let done = 0; done < background.length; done++) await background[done];
    return { status: reply.status, body: text === "" ? null : JSON.parse(text) };
  };
  return { ask, log };
}

describe("without a mailer", () => {
  it("[A1] [A2] people sign up and in at once, by accounts whose address is not confirmed, and the log says so once", async () => {
    const { ask, log } = deployed({});
    const email = newEmail();
    const up = await ask("/api/auth/signup", { email, password: PASSWORD });
    expect([up.status, up.body.user.emailVerified]).toEqual([201, false]);
    expect((await ask("/api/auth/login", { email, password: PASSWORD })).status).toBe(200);
    expect((await ask("/api/auth/signup", { email, password: "another password" })).status).toBe(409);
    const warnings = log.filter(({ message }) => message === "sign-up does not confirm addresses");
    expect(warnings.map(({ mend }) => mend)).toEqual(["give auth() a mailer"]);
  });

  it("[A11] [A12] what is nothing without mail is 503, and the log says what is missing; links that are there work", async () => {
    const { ask, log } = deployed({});
    const email = newEmail();
    for (const path of ["/password/forgot", "/verify/request"]) {
      const reply = await ask(`/api/auth${path}`, { email });
      expect([path, reply.status]).toEqual([path, 503]);
    }
    expect(log.find(({ message }) => message === "sign-in cannot send mail")?.mend).toBe("give auth() a mailer");
    expect((await ask("/api/auth/verify/confirm", { token: "x", password: PASSWORD })).status).toBe(400);
    expect((await ask("/api/auth/password/reset", { token: "x", password: PASSWORD })).status).toBe(400);
  });

  it("[A12] where a mail must be followed first, sign-up is 503, and nothing prints a link", async () => {
    const { ask } = deployed({ signUp: { verification: "required" } });
    const printed = vi.spyOn(console, "log");
    const email = newEmail();
    expect((await ask("/api/auth/signup", { email, password: PASSWORD })).status).toBe(503);
    expect((await ask("/api/auth/login", { email, password: PASSWORD })).status).toBe(401);
    expect(printed.mock.calls.flat().join(" ")).not.toContain("token=");
    printed.mockRestore();
  });
});

describe("where links and tokens say that the application is", () => {
  const withMailer = () => {
    const sent: Mail[] = [];
    return { sent, mailer: async (mail: Mail) => void sent.push(mail) };
  };

  it("[A11] [A12] links never follow the host of a request: without an origin no mail is sent, and /readyz says so", async () => {
    const { sent, mailer } = withMailer();
    const { ask, log } = deployed({ mailer });
    const email = newEmail();
    expect((await ask("/api/auth/signup", { email, password: PASSWORD })).status).toBe(503);
    expect((await ask("/api/auth/password/forgot", { email })).status).toBe(503);
    expect(sent).toEqual([]);
    expect(log.find(({ message }) => message === "sign-in cannot send mail")?.mend).toContain("LEDGE_ORIGIN");
    expect((await ask("/readyz")).body.checks.auth).toEqual({ status: "failed" });
  });

  it("[A11] [A12] they lead to the origin of the options, or of LEDGE_ORIGIN when that is one", async () => {
    for (const [options, variables, origin] of [
      [{ origin: "https://board.example.com" }, {}, "https://board.example.com"],
      [{}, { LEDGE_ORIGIN: "https://preview.example.com" }, "https://preview.example.com"],
    ] as const) {
      const { sent, mailer } = withMailer();
      const { ask } = deployed({ mailer, ...options }, variables);
      const email = newEmail();
      expect((await ask("/api/auth/signup", { email, password: PASSWORD })).status).toBe(202);
      expect((await ask("/api/auth/password/forgot", { email })).status).toBe(202);
      expect(sent.map(({ link }) => new URL(link ?? "").origin)).toEqual([origin, origin]);
      expect((await ask("/readyz")).body.checks.auth).toEqual({ status: "ok" });
    }
    const { ask } = deployed({ mailer: withMailer().mailer }, { LEDGE_ORIGIN: "board.example.com/path" });
    expect((await ask("/api/auth/signup", { email: newEmail(), password: PASSWORD })).status).toBe(503);
  });

  it("[A14] an access token names the origin or the issuer that was configured, and else nobody", async () => {
    const issuerOf = async (options: AuthOptions) => {
      const { ask } = deployed(options);
      const up = await ask("/api/auth/signup", { email: newEmail(), password: PASSWORD, session: "token" });
      return decodeJwt(up.body.accessToken).iss;
    };
    expect(await issuerOf({})).toBeUndefined();
    expect(await issuerOf({ origin: "https://board.example.com" })).toBe("https://board.example.com");
    const both = { origin: "https://board.example.com", accessToken: { issuer: "https://id.example.com" } };
    expect(await issuerOf(both)).toBe("https://id.example.com");
  });

  it("[A14] an access token lives a day at most: longer ones would outlive their published key", () => {
    expect(() => auth({ accessToken: { ttlMs: 86_400_001 } })).toThrow("a day at most");
  });
});
