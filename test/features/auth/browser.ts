/**
 * What a test sends: requests to the Worker as a browser would send them, with a jar of cookies and the CSRF header, or as a script
 * does; and people who have signed up.
 */

import { env, SELF } from "cloudflare:test";
import { vi } from "vitest";
import { mails } from "./app.ts";

export const ORIGIN = "https://board.test";
export const PASSWORD = "correct horse battery";

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of all kinds, looked at by the assertions
  readonly body: any;
}

interface SendOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  /** Default: all of the jar. */
  readonly cookies?: string | null;
  readonly csrf?: string | null;
}

let people = 0;
let addresses = 0;

/** A caller with cookies of its own, at an address of its own. */
export class Browser {
  readonly jar = new Map<string, string>();
  readonly address: string;

  constructor(address?: string) {
    addresses += 1;
    this.address = address ?? `10.1.${Math.floor(addresses / 250)}.${addresses % 250}`;
  }

  get cookies(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async send(to: string, { body, headers = {}, form, cookies, csrf }: SendOptions = {}): Promise<Reply> {
    const [method = "GET", path = "/"] = to.split(" ");
    const sent = new Headers({ "cf-connecting-ip": this.address, ...headers });
    const jar = cookies === undefined ? this.cookies : cookies;
    if (jar !== null && jar !== "") sent.set("cookie", jar);
    const token = csrf === undefined ? this.jar.get("csrf_token") : csrf;
    if (token !== undefined && token !== null && method !== "GET") sent.set("x-csrf-token", token);
    if (body !== undefined) sent.set("content-type", "application/json");
    if (form !== undefined) sent.set("content-type", "application/x-www-form-urlencoded");
    const text = form === undefined ? JSON.stringify(body) : String(new URLSearchParams(form));
    const response = await SELF.fetch(ORIGIN + path, {
      method,
      headers: sent,
      redirect: "manual",
      ...(body === undefined && form === undefined ? {} : { body: text }),
    });
    for (const cookie of response.headers.getSetCookie()) this.keep(cookie);
    const answered = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true && answered !== "";
    return {
      status: response.status,
      headers: response.headers,
      text: answered,
      body: isJson ? JSON.parse(answered) : null,
    };
  }

  private keep(cookie: string): void {
    const [pair = "", ...attributes] = cookie.split("; ");
    const equals = pair.indexOf("=");
    if (attributes.includes("Max-Age=0")) this.jar.delete(pair.slice(0, equals));
    else this.jar.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
}

export function newEmail(): string {
  people += 1;
  return `person${people}-${crypto.randomUUID().slice(0, 8)}@example.com`;
}

/** The token of the last mail to that address; waits until it is there. */
export async function mailedToken(to: string, kind: string): Promise<string> {
  const found = await vi.waitUntil(() => mails.findLast((mail) => mail.to === to && mail.kind === kind), {
    timeout: 10_000,
  });
  return new URL(found.link ?? "").searchParams.get("token") ?? "";
}

/** A person with a confirmed address. */
export async function signedUp(browser = new Browser()): Promise<{ email: string; browser: Browser }> {
  const email = newEmail();
  const up = await browser.send("POST /api/auth/signup", { body: { email, password: PASSWORD } });
  if (up.status !== 202) throw new Error(`sign-up answered ${up.status} ${up.text}`);
  const token = await mailedToken(email, "verify-email");
  const confirmed = await browser.send("POST /api/auth/verify/confirm", { body: { token, password: PASSWORD } });
  if (confirmed.status !== 204) throw new Error(`confirmation answered ${confirmed.status} ${confirmed.text}`);
  return { email, browser };
}

/** The same, signed in by cookie. */
export async function signedIn(browser = new Browser()) {
  const { email } = await signedUp(browser);
  const reply = await browser.send("POST /api/auth/login", { body: { email, password: PASSWORD } });
  if (reply.status !== 200) throw new Error(`sign-in answered ${reply.status} ${reply.text}`);
  return { email, browser, id: reply.body.user.id as string, sessionId: reply.body.sessionId as string };
}

/** The same, with bearer tokens. */
export async function withTokens(browser = new Browser()) {
  const { email } = await signedUp(browser);
  const body = { email, password: PASSWORD, session: "token" };
  const reply = await browser.send("POST /api/auth/login", { body });
  if (reply.status !== 200) throw new Error(`sign-in answered ${reply.status} ${reply.text}`);
  return {
    email,
    browser,
    id: reply.body.user.id as string,
    accessToken: reply.body.accessToken as string,
    refreshToken: reply.body.refreshToken as string,
  };
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Rows of a statement on the database of sign-in. */
export async function query(sql: string, ...values: unknown[]): Promise<Record<string, unknown>[]> {
  const { results } = await env.LEDGE_D1.prepare(sql)
    .bind(...values)
    .all();
  return results as Record<string, unknown>[];
}
