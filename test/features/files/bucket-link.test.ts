/** Links to the bucket itself ([FS12]): signed where its keys are configured, and nowhere else. */

import { env } from "cloudflare:test";
import { createHash, createHmac } from "node:crypto";
import { expect, it } from "vitest";
import { app } from "./app.ts";
import { keys, send, store } from "./client.ts";

const SECRET = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY";
const KEYS = {
  LEDGE_S3_ENDPOINT: "https://account.r2.cloudflarestorage.com",
  LEDGE_S3_BUCKET: "ledge-files",
  LEDGE_S3_KEY_ID: "AKIDEXAMPLE",
  LEDGE_S3_SECRET: SECRET,
};
const bytesOf = (text: string) => new TextEncoder().encode(text);

async function link(user: string, id: string, body: object, configured: object = KEYS): Promise<Response> {
  const headers = { authorization: `Bearer dev:${user}`, "content-type": "application/json" };
  const init = { method: "POST", headers, body: JSON.stringify(body) };
  return app.request(`/api/papers/${id}/link`, init, { ...env, ...configured } as never);
}

/** Signature version 4 of a presigned GET, by its specification. */
function signatureOf(url: URL): string {
  const hmac = (key: string | Uint8Array, text: string) => createHmac("sha256", key).update(text).digest();
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...url.searchParams]
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
  const [, day = "", region = "", service = ""] = url.searchParams.get("X-Amz-Credential")?.split("/") ?? [];
  const request = ["GET", url.pathname, query, `host:${url.host}`, "", "host", "UNSIGNED-PAYLOAD"].join("\n");
  const digest = createHash("sha256").update(request).digest("hex");
  const date = url.searchParams.get("X-Amz-Date") ?? "";
  const text = ["AWS4-HMAC-SHA256", date, `${day}/${region}/${service}/aws4_request`, digest].join("\n");
  const key = [day, region, service, "aws4_request"].reduce<string | Uint8Array>(hmac, `AWS4${SECRET}`);
  return createHmac("sha256", key).update(text).digest("hex");
}

it("[FS12] where the bucket's keys are configured a link leads to it, with type and disposition signed along", async () => {
  const id = await store("alice", "/api/papers", { name: "ä 1.html", type: "text/html" }, bytesOf("<p>x</p>"));
  const [key] = await keys(`t/test/desk/papers/${id}/`);
  const reply = await link("alice", id, { from: "bucket", use: "show", expiresIn: 60 });
  const { url: text, expiresAt } = (await reply.json()) as { url: string; expiresAt: string };
  expect([reply.status, reply.headers.get("cache-control")]).toEqual([200, "no-store"]);
  const url = new URL(text);
  expect(url.origin + url.pathname).toBe(`https://account.r2.cloudflarestorage.com/ledge-files/${key}`);
  expect(url.searchParams.get("X-Amz-Expires")).toBe("60");
  expect(url.searchParams.get("X-Amz-Signature")).toBe(signatureOf(url));
  // What could run is a download there, too.
  expect(url.searchParams.get("response-content-disposition")).toMatch(/^attachment; filename="_ 1.html"/);
  expect(url.searchParams.get("response-content-type")).toBe("text/html; charset=utf-8");
  expect(text).not.toContain(SECRET);
  expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
});

it("[FS12] a file whose bytes were another row's first has a link from here, which does not name that row", async () => {
  const first = await store("alice", "/api/papers", { name: "a.txt", type: "text/plain" }, bytesOf("equal content"));
  const second = await store("bob", "/api/papers", { name: "b.txt", type: "text/plain" }, bytesOf("equal content"));
  const { url } = (await (await link("bob", second, { from: "bucket" })).json()) as { readonly url: string };
  expect(url).toMatch(new RegExp(`^/api/papers/${second}/content\\?`));
  expect(url).not.toContain(first);
});

it("[FS12] without its keys, for presets, and for others' files there is none", async () => {
  const id = await store("alice", "/api/papers", { name: "a.txt", type: "text/plain" }, bytesOf("x"));
  expect((await send("alice", `POST /api/papers/${id}/link`, { from: "bucket" })).json.errors).toMatchObject([
    { field: "from", code: "unavailable" },
  ]);
  expect((await link("alice", id, { from: "bucket" }, { ...KEYS, LEDGE_S3_SECRET: "" })).status).toBe(400);
  expect((await link("alice", id, { from: "elsewhere" })).status).toBe(400);
  expect((await link("bob", id, { from: "bucket" })).status).toBe(404);
  expect((await link("alice", id, { from: "bucket", expiresIn: 7 * 86_400 + 1 })).status).toBe(400);
});
