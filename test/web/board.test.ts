/** The board's page: whom it is shown, what it tells of them, and that nothing but its own script and style runs in it. */

import { expect, test } from "vitest";
import { defineApp } from "../../src/edge/define-app.ts";
import { front } from "../../src/web/board.ts";
import { fakeTables } from "../edge/fake-tables.ts";

const app = defineApp({ name: "shop" }).route("GET", "/", front, { credentials: "forgiven" });

async function page(path: string, vars: object, headers: Record<string, string> = {}) {
  const response = await app.request(path, { headers }, fakeTables(undefined, vars).env);
  return { response, text: await response.text() };
}
const DEVELOPMENT = { LEDGE_ENV: "development" };
const personOf = (text: string) => /data-user="([^"]*)" data-name="([^"]*)"( data-trial)?/.exec(text)?.slice(1, 4);

test("[PF7] while developing `/` is the board of a made-up person, named in the address by a plain word or not at all", async () => {
  expect(personOf((await page("/", DEVELOPMENT)).text)).toEqual(["alice", "alice", " data-trial"]);
  expect(personOf((await page("/?as=bob", DEVELOPMENT)).text)).toEqual(["bob", "bob", " data-trial"]);
  for (const name of ['"><script>', "root,role=admin", "A", "", "x".repeat(40)]) {
    const { text } = await page(`/?as=${encodeURIComponent(name)}`, DEVELOPMENT);
    expect([name, personOf(text)]).toEqual([name, ["alice", "alice", " data-trial"]]);
  }
});

test("[HT1] elsewhere strangers get the first page, whatever the address says, and nobody is made up", async () => {
  for (const vars of [{ LEDGE_ENV: "production" }, {}]) {
    const { text } = await page("/?as=alice", vars);
    expect(text).toContain("is running.");
    expect(text).not.toMatch(/data-trial|data-user|dev:/);
  }
});

test("[Y2] the board runs its own script, style and worker, asks its own server, and nothing else", async () => {
  const { response, text } = await page("/", DEVELOPMENT);
  const policy = response.headers.get("content-security-policy") ?? "";
  const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
  expect(policy).toBe(
    `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'; img-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  );
  expect(text.match(/<(script|style|link rel="stylesheet")[^>]*>/g)).toEqual([
    `<link rel="stylesheet" nonce="${nonce}" href="/build/board.css">`,
    `<script type="module" nonce="${nonce}" src="/build/board.js">`,
  ]);
  expect(text).not.toMatch(/https?:\/\//);
});
