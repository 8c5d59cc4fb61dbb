/**
 * Files that want to run, uploaded and opened in a real browser in every way a page can open an address: none of them runs in our origin.
 * That the browser would notice is shown by the same bytes served without our headers.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FilesProcess, filesProcess } from "../crash/files-process.ts";

const RAN = "RAN";
const RUN = `console.log("${RAN}", location.origin)`;
const HOSTILE: readonly (readonly [name: string, type: string, text: string])[] = [
  ["page.html", "text/html", `<!doctype html><script>${RUN}</script><img src=x onerror='${RUN}'>`],
  ["page.xhtml", "application/xhtml+xml", `<html xmlns="http://www.w3.org/1999/xhtml"><script>${RUN}</script></html>`],
  [
    "drawing.svg",
    "image/svg+xml",
    `<svg xmlns="http://www.w3.org/2000/svg" onload='${RUN}'><script>${RUN}</script></svg>`,
  ],
  ["feed.xml", "text/xml", `<x:script xmlns:x="http://www.w3.org/1999/xhtml">${RUN}</x:script>`],
  ["script.js", "text/javascript", RUN],
  ["looks-like.txt", "text/plain", `<!doctype html><html><script>${RUN}</script></html>`],
  ["unknown", "application/octet-stream", `<!doctype html><script>${RUN}</script>`],
];

let folder: string;
let server: FilesProcess;
let origin: string;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let said: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ledge-hostile-"));
  server = filesProcess(folder);
  origin = await server.start();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  context = await browser.newContext();
  page = await context.newPage();
  context.on("console", (message) => said.push(message.text()));
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await server?.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function upload(name: string, type: string, text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const row = JSON.stringify({ name, type, size: bytes.length });
  const headers = { "content-type": "application/json" };
  const made = await fetch(`${origin}/api/@hostile/binned`, { method: "POST", headers, body: row });
  const { id } = (await made.json()) as { readonly id: string };
  const at = `/api/@hostile/binned/${id}/content`;
  const sent = await fetch(origin + at, { method: "PUT", headers: { "if-match": "*" }, body: bytes });
  if (!sent.ok) throw new Error(`${sent.status} ${await sent.text()}`);
  return at;
}

/** Goes to the address, then shows a page of ours that takes it in, in every way there is. */
async function openEverywhere(at: string): Promise<void> {
  // A download ends the navigation.
  await page.goto(origin + at).catch(() => {});
  const body = `<!doctype html><body><iframe src="${at}"></iframe><object data="${at}"></object><embed src="${at}">
    <img src="${at}"><script src="${at}"></script><link rel="stylesheet" href="${at}"><svg><use href="${at}#x"/></svg></body>`;
  await page.route("**/taking-in", (route) => route.fulfill({ contentType: "text/html", body }));
  await page.goto(`${origin}/taking-in`, { waitUntil: "load" });
  await page.unroute("**/taking-in");
}

test("[HT67] what was uploaded runs nowhere: opened, framed, embedded, or as a script", async () => {
  for (const [name, type, text] of HOSTILE) {
    const at = await upload(name, type, text);
    for (const use of ["", "?use=show"]) {
      said = [];
      await openEverywhere(at + use);
      expect(
        said.filter((line) => line.startsWith(RAN)),
        `${name}${use}`,
      ).toEqual([]);
    }
  }
});

test("the same bytes do run where nothing keeps them from it", async () => {
  for (const [name, contentType, body] of HOSTILE.slice(0, 5)) {
    said = [];
    await context.route("**/bare/**", (route) => route.fulfill({ contentType, body }));
    await openEverywhere(`/bare/${name}`);
    await expect.poll(() => said.filter((line) => line.startsWith(RAN)), { message: name }).not.toEqual([]);
    await context.unroute("**/bare/**");
  }
});
