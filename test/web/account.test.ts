/** The account pages: nothing that an address says becomes markup, script or a way to another site. */

import { describe, expect, test } from "vitest";
import { defineApp } from "../../src/edge/define-app.ts";
import { accountPages } from "../../src/web/account-pages.ts";
import { fakeTables } from "../edge/fake-tables.ts";

const app = defineApp({ name: "shop", features: [accountPages] });
const PAGES = ["/sign-in", "/sign-up", "/check-mail", "/verify-email", "/forgot-password", "/reset-password"];

async function page(path: string) {
  const response = await app.request(path, { redirect: "manual" }, fakeTables().env);
  return { response, text: await response.text() };
}

describe("the account pages", () => {
  test("[Y2] run no script or style but their own, send forms to this site only, and tell no other site their address", async () => {
    for (const path of PAGES) {
      const { response, text } = await page(path);
      const policy = response.headers.get("content-security-policy") ?? "";
      const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
      expect([path, response.status, text.match(/<(script|style)[^>]*>/g)]).toEqual([
        path,
        200,
        [`<style nonce="${nonce}">`, `<script nonce="${nonce}">`],
      ]);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("form-action 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(response.headers.get("referrer-policy")).toBe("same-origin");
      expect(text).not.toMatch(/\son\w+=|javascript:/);
    }
  });

  test("[Y2] what stands in the address is text", async () => {
    const attack = encodeURIComponent(`"><script>alert(1)</script>`);
    for (const path of PAGES) {
      const { text } = await page(`${path}?token=${attack}&next=/${attack}&problem=${attack}&confirmed=${attack}`);
      expect(text).not.toContain("<script>alert");
    }
    expect((await page("/sign-in?problem=constructor")).text).toContain("That did not work");
  });

  test("[A2] a sign-in leads to paths of this site only, and strangers at the board are sent to it", async () => {
    const next = async (given: string) =>
      /name="next" value="([^"]*)"/.exec((await page(`/sign-in?next=${encodeURIComponent(given)}`)).text)?.[1];
    for (const given of [
      "https://evil.test",
      "//evil.test",
      "/\\evil.test",
      "/\t/evil.test",
      "/.//evil.test",
      "/a/..//evil.test",
      "evil",
      "",
    ]) {
      expect([given, await next(given)]).toEqual([given, "/board"]);
    }
    expect(await next("/reports?x=1")).toBe("/reports?x=1");
    const { response } = await page("/board");
    expect([response.status, response.headers.get("location")]).toEqual([303, "/sign-in?next=%2Fboard"]);
  });

  test("[A1] every field has a label, and managers of passwords know what is asked", async () => {
    for (const path of PAGES) {
      const { text } = await page(path);
      const shown = text.match(/<input (?!type="hidden")[^>]*>/g) ?? [];
      expect([path, text.match(/<label>/g)?.length ?? 0]).toEqual([path, shown.length]);
      for (const input of shown) expect(input).toMatch(/autocomplete="(username|current-password|new-password)"/);
      expect(text).toContain('role="alert"');
    }
  });
});
