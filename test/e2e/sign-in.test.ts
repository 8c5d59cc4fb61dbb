import { createClient } from "ledge/client/auth";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { app } from "../../src/app.ts";
import { arrive as arriveAt, fill, mailedLink as linkInMail, PASSWORD } from "./arrive.ts";
import { freePort } from "./free-port.ts";
import { type FreshCopy, freshCopy } from "./fresh-copy.ts";
import { type Running, startShell } from "./shell.ts";

let copy: FreshCopy;
let base: string;
let port: number;
let dev: Running;
let browser: Browser;

const start = async () => {
  dev = startShell(`exec npm run dev -- --port ${port}`, copy.root);
  await dev.until(/Ledge runs on/, 110_000);
};
beforeAll(async () => {
  copy = freshCopy("installed");
  port = await freePort();
  base = `http://127.0.0.1:${port}`;
  await start();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await dev?.terminate();
  copy?.remove();
});

let people = 0;
const newEmail = () => `person${++people}-${port}@example.com`;

const mailedLink = (email: string, subject: string) => linkInMail(dev, email, subject);
const arrive = (page: Page, email: string) => arriveAt(page, { base, dev, email });

/** Names in the menu of boards, once the page is live. */
async function projectsOf(page: Page): Promise<string[]> {
  await expect.poll(() => page.locator(".sync").textContent(), { timeout: 30_000 }).toBe("Live");
  await page.locator("main h1").waitFor();
  await page.click(".boards-button");
  const names = await page.locator("nav[aria-label=Boards] .item").allTextContents();
  await page.keyboard.press("Escape");
  return names.filter((name) => name !== "Shared with you");
}
const addProject = async (page: Page, name: string) => {
  await page.getByLabel("Name of a new board").fill(name);
  await page.keyboard.press("Enter");
  await expect.poll(() => page.locator("h1").textContent()).toBe(name);
};
const sessionCookie = async (context: BrowserContext) =>
  (await context.cookies()).find(({ name }) => name === "ledge_session");

describe("in a real browser", () => {
  let context: BrowserContext;
  let page: Page;
  const alice = newEmail();

  test("[A1] [A2] a person signs up, confirms the address, signs in, and has rows of their own", async () => {
    context = await browser.newContext();
    page = await context.newPage();
    const complaints: string[] = [];
    page.on("pageerror", ({ message }) => complaints.push(message));
    await arrive(page, alice);
    await addProject(page, "Garden");
    expect(await projectsOf(page)).toEqual(["Garden"]);
    expect(complaints).toEqual([]);
  }, 120_000);

  test("[O2] [RH6] what is written in the page is the person's own, by their cookie", async () => {
    await page.click(".boards-button");
    await addProject(page, "Pond");
    await page.getByLabel("New task in To do").fill("Dig");
    await page.keyboard.press("Enter");
    const me = await page.evaluate<{ user: { id: string } }>("fetch('/api/auth/me').then((reply) => reply.json())");
    const tasks = () => page.evaluate("fetch('/api/tasks').then((reply) => reply.json())");
    await expect.poll(tasks, { timeout: 30_000 }).toMatchObject({ items: [{ title: "Dig", authorId: me.user.id }] });
    await expect.poll(() => page.locator(".sync").textContent(), { timeout: 30_000 }).toBe("Live");
    expect(await projectsOf(page)).toEqual(["Garden", "Pond"]);
  }, 60_000);

  test("[HT28] [Z5] somebody else, signed in, finds nothing of it: on the board, by id, by list, count or search", async () => {
    type Read = { status: number; body: { items: { id: string }[]; count: number } };
    const read = (reader: Page, path: string): Promise<Read> =>
      reader.evaluate(async (address) => {
        const reply = await fetch(address);
        return { status: reply.status, body: (await reply.json()) as Read["body"] };
      }, `${base}/api${path}`);
    const ids = (reply: Read) => reply.body.items.map(({ id }) => id);
    const id = ids(await read(page, `/projects?filter=${encodeURIComponent('name=="Garden"')}`))[0] ?? "";
    expect(id).not.toBe("");
    const finds = async (reader: Page) => ({
      get: (await read(reader, `/projects/${id}`)).status,
      list: ids(await read(reader, `/projects?filter=${encodeURIComponent('name=="Garden"')}`)),
      count: (await read(reader, "/projects/count")).body.count,
      search: ids(await read(reader, "/projects/search?q=garden")),
    });
    expect(await finds(page)).toEqual({ get: 200, list: [id], count: 2, search: [id] });

    const other = await browser.newContext();
    const bob = await other.newPage();
    await arrive(bob, newEmail());
    expect(await projectsOf(bob)).toEqual([]);
    expect(await finds(bob)).toEqual({ get: 404, list: [], count: 0, search: [] });
    await other.close();
    expect((await fetch(`${base}/api/projects/${id}`)).status).toBe(401);
  }, 120_000);

  test("[O2] [LS11] two tabs, one signs out and somebody else in: nothing of the first takes place as the second", async () => {
    const shared = await browser.newContext();
    const [bob, carol] = [newEmail(), newEmail()];
    const first = await shared.newPage();
    await arrive(first, carol);
    await arrive(first, bob);
    await addProject(first, "Bob's");
    const second = await shared.newPage();
    await second.goto(`${base}/board`);
    await second.click(".face");
    let asked = 0;
    first.on("request", (request) => {
      if (request.method() === "POST") asked += 1;
    });
    await second.getByText("Sign out").click();
    await second.waitForURL(`${base}/sign-in`);
    await first.getByRole("heading", { name: "You are signed out" }).waitFor();
    await first.click(".boards-button");
    await first.getByLabel("Name of a new board").fill("Bob's secret");
    await first.keyboard.press("Enter");
    await expect.poll(() => first.locator(".sync").textContent()).toBe("Signed out · 1 unsent");
    expect(asked).toBeLessThan(12);
    await fill(second, carol, PASSWORD);
    await second.waitForURL("**/board");
    // The other tab is hers now, too: who is signed in is one for all tabs.
    const face = `You are ${carol}. Show your menu`;
    for (const page of [first, second]) {
      await page.getByLabel(face).waitFor();
      expect(await projectsOf(page)).toEqual([]);
    }
    await second.click(".face");
    await second.getByText("Sign out").click();
    await second.waitForURL(`${base}/sign-in`);
    await fill(second, bob, PASSWORD);
    await second.waitForURL("**/board");
    await expect.poll(() => projectsOf(second), { timeout: 30_000 }).toEqual(["Bob's", "Bob's secret"]);
    await shared.close();
  }, 120_000);

  test("[A13] the page's scripts cannot read the session's cookie", async () => {
    expect(
      await page.evaluate(() => (globalThis as unknown as { document: { cookie: string } }).document.cookie),
    ).not.toContain("ledge_session");
    expect(await sessionCookie(context)).toMatchObject({ httpOnly: true, sameSite: "Lax", path: "/" });
  });

  test("[A2] a wrong password is told on the page, and what was typed stays", async () => {
    const stranger = await browser.newPage();
    await stranger.goto(`${base}/board`);
    expect(stranger.url()).toBe(`${base}/sign-in?next=%2Fboard`);
    await fill(stranger, alice, "wrong password");
    await expect.poll(() => stranger.textContent(".notice")).toContain("wrong");
    expect(await stranger.inputValue("[name=email]")).toBe(alice);
    await stranger.close();
  }, 60_000);

  test("[Y1] another site's page can neither read nor write with the person's cookie", async () => {
    const evil = await context.newPage();
    // Another origin: the same server under its other name. Cookies of a host go to all of its ports and to no other host.
    await evil.goto(`${base.replace("127.0.0.1", "localhost")}/healthz`);
    const outcome = await evil.evaluate(async (target) => {
      const withCookies = { credentials: "include" } as RequestInit;
      const post = { ...withCookies, method: "POST", mode: "no-cors", body: "name=Stolen" } as RequestInit;
      await fetch(`${target}/api/projects`, post);
      return fetch(`${target}/api/auth/me`, withCookies).then(
        () => "read",
        () => "refused",
      );
    }, base);
    expect(outcome).toBe("refused");
    await evil.close();
    await page.reload();
    expect(await projectsOf(page)).toEqual(["Garden", "Pond"]);
  }, 60_000);

  test("[A13] the session survives a restart of the process", async () => {
    await dev.terminate();
    await start();
    await page.goto(`${base}/board`);
    expect(await projectsOf(page)).toEqual(["Garden", "Pond"]);
  }, 180_000);

  test("[A3] signing out takes the cookie away, and a copy of it is worth nothing", async () => {
    const copied = await context.cookies();
    await page.click(".face");
    await page.getByText("Sign out").click();
    await page.waitForURL(`${base}/sign-in`);
    expect(await page.evaluate("caches.match('/board').then((kept) => kept === undefined)")).toBe(true);
    expect(await sessionCookie(context)).toBeUndefined();
    const thief = await browser.newContext();
    await thief.addCookies(copied);
    const attempt = await thief.newPage();
    await attempt.goto(`${base}/board`);
    expect(attempt.url()).toContain("/sign-in");
    await thief.close();
  }, 60_000);

  test("[A11] a forgotten password: the mail's link, a new one, and the old one ends", async () => {
    await page.goto(`${base}/forgot-password`);
    await fill(page, alice, null);
    await page.waitForURL("**/check-mail");
    await page.goto(await mailedLink(alice, "Choose"));
    await fill(page, null, "a new and better one");
    await page.waitForURL("**/sign-in");
    await fill(page, alice, PASSWORD);
    await expect.poll(() => page.textContent(".notice")).toContain("wrong");
    await fill(page, alice, "a new and better one");
    await page.waitForURL("**/board");
    expect(await projectsOf(page)).toEqual(["Garden", "Pond"]);
    await context.close();
  }, 120_000);

  test("[A2] all of it works without scripts", async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false });
    const bare = await plain.newPage();
    const email = newEmail();
    await bare.goto(`${base}/sign-up`);
    await fill(bare, email, "password123");
    await bare.waitForURL("**/sign-up?problem=password-common");
    expect(await bare.textContent(".notice")).toContain("Many people use");
    await arrive(bare, email);
    await bare.click(".line button");
    await bare.waitForURL(`${base}/`);
    await bare.goto(`${base}/board`);
    expect(bare.url()).toContain("/sign-in");
    await plain.close();
  }, 120_000);
});

describe("from a program, by the typed client", () => {
  test("[A6] [SDK1] sign-up, sign-in, rows, sign-out everywhere", async () => {
    const email = newEmail();
    const [here, there] = [createClient<typeof app>({ url: base }), createClient<typeof app>({ url: base })];
    expect(await here.auth.signUp({ email, password: PASSWORD })).toBeNull();
    const token = new URL(await mailedLink(email, "Confirm")).searchParams.get("token") ?? "";
    await here.auth.confirmVerification({ token, password: PASSWORD });
    const changes: string[] = [];
    here.auth.onAuthStateChange((change) => changes.push(change));
    const { user } = await here.auth.signInWithPassword({ email, password: PASSWORD });
    await there.auth.signInWithPassword({ email, password: PASSWORD });
    const made = await here.projects.create({ name: "Pond" });
    expect(made.ownerId).toBe(user.id);
    expect(await there.projects.count({ filter: { ownerId: user.id } })).toBe(1);
    await there.messages.in("lobby").create({ body: "hello" });
    expect(await here.auth.refreshSession()).toMatchObject({ user: { id: user.id } });
    await there.auth.signOut({ scope: "everywhere" });
    await expect(here.projects.create({ name: "Late" })).rejects.toMatchObject({ status: 401 });
    const again = createClient<typeof app>({ url: base });
    await again.auth.signInWithPassword({ email, password: PASSWORD });
    expect((await again.projects.list()).items.map(({ name }) => name)).toEqual(["Pond"]);
    expect(changes).toEqual(["INITIAL_SESSION", "SIGNED_IN", "TOKEN_REFRESHED"]);
  }, 60_000);

  test("[A3] [A14] [A16] calls without a body need no type of one, however the program sends them", async () => {
    const email = newEmail();
    const client = createClient<typeof app>({ url: base });
    await client.auth.signUp({ email, password: PASSWORD });
    const token = new URL(await mailedLink(email, "Confirm")).searchParams.get("token") ?? "";
    await client.auth.confirmVerification({ token, password: PASSWORD });
    const { accessToken } = await client.auth.signInWithPassword({ email, password: PASSWORD });
    const send = async (method: string, path: string, more: object = {}) => {
      const { headers, ...rest } = { headers: {}, ...more };
      const reply = await fetch(`${base}/api/auth${path}`, {
        method,
        headers: { authorization: `Bearer ${accessToken}`, ...headers },
        ...rest,
      });
      return reply.status;
    };
    // Chunked, without a length: what proxies make of a body that may come.
    const empty = () => ({ body: new Blob([]).stream(), duplex: "half" });
    const keyFor = async () => {
      const body = JSON.stringify({ name: "ci" });
      const headers = { authorization: `Bearer ${accessToken}`, "content-type": "application/json" };
      const made = await fetch(`${base}/api/auth/keys`, { method: "POST", headers, body });
      return ((await made.json()) as { id: string }).id;
    };
    for (const body of [() => ({}), empty, () => ({ body: "" })]) {
      expect(await send("POST", "/token", body())).toBe(200);
      const id = await keyFor();
      expect(await send("POST", `/keys/${id}/rotate`, body())).toBe(200);
      expect(await send("DELETE", `/keys/${id}`, body())).toBe(204);
      // By a bearer token there is no cookie to renew: a field is missing, not a type.
      expect(await send("POST", "/refresh", body())).toBe(400);
    }
    const curl = startShell(
      `curl -s -o /dev/null -w 'status %{http_code}' -X POST ${base}/api/auth/logout -H 'Authorization: Bearer ${accessToken}'`,
      copy.root,
    );
    await curl.until(/status 204/, 20_000);
    expect(await send("POST", "/token")).toBe(401);
  }, 60_000);

  test("[PF7] development tokens go on working beside it", async () => {
    const alice = createClient<typeof app>({ url: base, headers: { authorization: "Bearer dev:alice" } });
    expect((await alice.projects.create({ name: "By token" })).ownerId).toBe("alice");
  });
});
