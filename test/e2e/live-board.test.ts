/** The board in two windows of a real browser: one changes, the other follows, without being loaded anew; a move over two objects is one step. */

import { mkdirSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { arrive } from "./arrive.ts";
import { freePort } from "./free-port.ts";
import { type FreshCopy, freshCopy } from "./fresh-copy.ts";
import { type Running, startShell } from "./shell.ts";

/** A folder for pictures of the page, for whoever wants to look at it. */
const PICTURES = process.env.PICTURES;

/** Notes after each step what every project shows: its counter, and how many tasks. */
const WATCH_STEPS = `
seen = [];
new MutationObserver(() => {
  const projects = [...document.querySelectorAll(".projects > li")];
  seen.push(projects.map((item) => item.querySelector(".count").textContent + "/" + item.querySelectorAll(".title").length).join(" "));
}).observe(document.querySelector("#board"), { childList: true, subtree: true, characterData: true });
`;

let copy: FreshCopy;
let base: string;
let dev: Running;
let browser: Browser;
let context: BrowserContext;
let writer: Page;
let follower: Page;
const complaints: string[] = [];

beforeAll(async () => {
  copy = freshCopy("installed");
  const port = await freePort();
  base = `http://127.0.0.1:${port}`;
  dev = startShell(`exec npm run dev -- --port ${port}`, copy.root);
  await dev.until(/Ledge runs on/, 110_000);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  context = await browser.newContext();
  writer = await context.newPage();
  await arrive(writer, { base, dev, email: `live-${port}@example.com` });
  follower = await context.newPage();
  await follower.goto(`${base}/board`);
  for (const page of [writer, follower]) {
    page.on("pageerror", ({ message }) => complaints.push(message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
  }
}, 240_000);
afterAll(async () => {
  await browser?.close();
  await dev?.terminate();
  copy?.remove();
});

const status = (page: Page) => page.locator("#board .live").textContent();
const heads = (page: Page) => page.locator(".projects .head").allTextContents();
const tasks = (page: Page) => page.locator(".tasks .title").allTextContents();
/** A process that has just begun makes all its objects anew at the first request. */
const PATIENT = { timeout: 20_000 };
const isLive = (page: Page) => expect.poll(() => status(page), { timeout: 30_000 }).toMatch(/^Live/);

async function addProject(page: Page, name: string): Promise<void> {
  await page.fill("#board > .add [name=name]", name);
  await page.click("#board > .add button");
}

test("[CI5] [SDK14] what one window changes, the other shows, and neither is loaded anew", async () => {
  await isLive(writer);
  await isLive(follower);
  const loads: string[] = [];
  for (const page of [writer, follower]) page.on("load", () => loads.push(page.url()));
  await addProject(writer, "Pond");
  await expect.poll(() => heads(follower), PATIENT).toEqual(["Pond0 tasks"]);
  await addProject(follower, "Garden");
  await expect.poll(() => heads(writer), PATIENT).toEqual(["Garden0 tasks", "Pond0 tasks"]);
  // What a person is typing stays while the list around it changes.
  await follower.locator(".projects [name=title]").last().fill("half a tho");
  await writer.locator(".projects [name=title]").first().fill("Dig <b>deep</b>");
  await writer.locator(".projects li > .add button").first().click();
  await expect.poll(() => tasks(follower), PATIENT).toEqual(["Dig <b>deep</b>"]);
  expect(await heads(follower)).toEqual(["Garden1 task", "Pond0 tasks"]);
  expect(await follower.locator(".projects [name=title]").last().inputValue()).toBe("half a tho");
  expect([loads, complaints]).toEqual([[], []]);
}, 60_000);

test("[CC2] a task that moves is seen in both projects at once: no step shows it counted twice, or not at all", async () => {
  await follower.evaluate(WATCH_STEPS);
  await writer.locator(".move select").selectOption({ label: "Pond" });
  await writer.click(".move button");
  await expect.poll(() => heads(follower), PATIENT).toEqual(["Garden0 tasks", "Pond1 task"]);
  const seen = await follower.evaluate<string[]>("seen");
  const whole = ["1 task/1 0 tasks/0", "0 tasks/0 1 task/1"];
  expect(seen.filter((step) => !whole.includes(step))).toEqual([]);
  expect(seen.at(-1)).toBe(whole[1]);
}, 60_000);

test("[CI1] a window that was cut off says so, and catches up by itself", async () => {
  await dev.terminate();
  await expect.poll(() => status(follower), { timeout: 30_000 }).toMatch(/again|Not connected/);
  const port = new URL(base).port;
  dev = startShell(`exec npm run dev -- --port ${port}`, copy.root);
  await dev.until(/Ledge runs on/, 110_000);
  await isLive(follower);
  await isLive(writer);
  await writer.click(".remove button");
  await expect.poll(() => heads(follower), PATIENT).toEqual(["Garden0 tasks", "Pond0 tasks"]);
}, 180_000);

test.runIf(PICTURES !== undefined)(
  "pictures of the page: wide and narrow, light and dark",
  async () => {
    mkdirSync(PICTURES as string, { recursive: true });
    await writer.locator(".projects [name=title]").first().fill("Sow the beans");
    await writer.locator(".projects li > .add button").first().click();
    await expect.poll(() => tasks(writer), PATIENT).toEqual(["Sow the beans"]);
    for (const [name, width] of [
      ["desktop", 1280],
      ["phone", 390],
    ] as const)
      for (const colorScheme of ["light", "dark"] as const) {
        await writer.setViewportSize({ width, height: 900 });
        await writer.emulateMedia({ colorScheme });
        await writer.screenshot({ path: `${PICTURES}/${name}-${colorScheme}.png`, fullPage: true });
      }
  },
  60_000,
);
