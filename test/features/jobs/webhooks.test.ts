/** What follows from a table's writes: notifications, webhooks to the outside, jobs by trigger. */

import { runInDurableObject } from "cloudflare:test";
import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { defineApp, resource } from "ledge";
import { expect, it, vi } from "vitest";
import { addresses, answers, messages, posted, SECRET, seen } from "./app.ts";
import { enqueueJob, send, sql, tables, until } from "./client.ts";

async function note(text: string): Promise<string> {
  const { status, json } = await send("ann", "POST /api/notes", { text });
  expect(status).toBe(201);
  return json.id;
}

const of = (id: string) => posted.filter(({ body }) => body.includes(id));

it("[HT65] a change is told by action, table and id, never with the row; what was not asked for is not", async () => {
  const id = await note("secret words");
  await send("ann", `PATCH /api/notes/${id}`, { text: "other secret words" });
  await vi.waitFor(() => expect(of(id)).toHaveLength(1), { timeout: 10_000 });
  const message = JSON.parse(of(id)[0]?.body ?? "");
  expect(message).toEqual({
    key: `notes:${message.seq}:0`,
    ...{ action: "update", id, table: "notes", result: "ok" },
    seq: expect.any(Number),
    epoch: expect.any(String),
    timestamp: expect.any(Number),
  });
  await send("ann", `DELETE /api/notes/${id}`);
  await vi.waitFor(() => expect(of(id).map(({ body }) => JSON.parse(body).action)).toEqual(["update", "delete"]), {
    timeout: 10_000,
  });
});

it("[HT65] a table with `notify` tells of each action asked for, with its commit, never with the row", async () => {
  const { json } = await send("ann", "POST /api/orders", { total: 77_001 });
  await send("ann", `PATCH /api/orders/${json.id}`, { total: 77_002 });
  await send("ann", `DELETE /api/orders/${json.id}`);
  const mine = () => messages.filter(({ id }) => id === json.id);
  await vi.waitFor(() => expect(mine()).toHaveLength(2), { timeout: 10_000 });
  const [created, deleted] = mine().sort((a, b) => a.seq - b.seq);
  expect(created).toEqual({
    ...{ key: `orders:${created?.seq}:0`, action: "create", id: json.id, table: "orders", result: "ok" },
    ...{ seq: expect.any(Number), epoch: expect.any(String), timestamp: expect.any(Number) },
  });
  expect([deleted?.action, Number(deleted?.seq) - Number(created?.seq)]).toEqual(["delete", 2]);
});

it("[HT65] what follows from a transaction tells the time of the commit, not that of its request", async () => {
  await send(null, "POST /order", {});
  const told = () =>
    runInDurableObject(tables.getByName("t/test/orders"), (_, { storage }) => {
      const [commit] = storage.sql.exec("SELECT seq, at FROM _log ORDER BY seq DESC LIMIT 1").toArray();
      const message = messages.find(({ seq }) => seq === commit?.seq);
      return [message?.timestamp, commit?.at];
    });
  await vi.waitFor(async () => expect((await told())[0]).toEqual(expect.any(Number)), { timeout: 10_000 });
  const [timestamp, at] = await told();
  expect(timestamp).toBe(at);
});

it("[HT65] a table with `notify` that nobody listens to does not start", () => {
  const table = sqliteTable("alone", { id: text("id").primaryKey() });
  expect(() => defineApp({ resources: [resource(table, { notify: true })] }).definition).toThrow(/nobody takes it/);
});

it("[J17] a webhook is signed for each secret, and keeps its id when it is sent again", async () => {
  answers.push(500);
  const id = await note("x");
  await send("ann", `PATCH /api/notes/${id}`, { text: "y" });
  await vi.waitFor(() => expect(of(id)).toHaveLength(2), { timeout: 10_000 });
  const [first, second] = of(id);
  expect(second?.headers.get("webhook-id")).toBe(first?.headers.get("webhook-id"));
  const { headers, body, url } = second as NonNullable<typeof second>;
  expect(url).toBe("https://example.com/hook");
  const signatures = headers.get("webhook-signature")?.split(" ") ?? [];
  expect(signatures).toHaveLength(2);
  const key = await crypto.subtle.importKey(
    "raw",
    Uint8Array.from(atob(SECRET.slice(6)), (character) => character.charCodeAt(0)),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["verify"],
  );
  const content = new TextEncoder().encode(`${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${body}`);
  const signature = Uint8Array.from(atob(signatures[0]?.slice(3) ?? ""), (character) => character.charCodeAt(0));
  expect(await crypto.subtle.verify("HMAC", key, signature, content)).toBe(true);
  // Visible as a row, as any job.
  const [row] = await sql("SELECT state, attempt, result FROM jobs WHERE id = ?", headers.get("webhook-id"));
  expect(row?.attempt).toBe(2);
});

it("[J17] a redirect is not followed, and counts as a failure", async () => {
  answers.push(302, 302);
  const id = await note("x");
  await send("ann", `PATCH /api/notes/${id}`, { text: "y" });
  await vi.waitFor(() => expect(of(id)).toHaveLength(2), { timeout: 10_000 });
  await until(of(id)[0]?.headers.get("webhook-id") ?? "", "dead");
  expect(posted.map(({ url }) => url)).not.toContain("http://169.254.169.254/");
});

it.each([
  ["http://example.com/", "needs an https address"],
  ["https://user:pass@example.com/", "holds no password"],
  ["https://localhost/", "no public address"],
  ["https://127.1/", "no public address"],
  ["https://0x7f000001/", "no public address"],
  ["https://2130706433/", "no public address"],
  ["https://[::1]/", "no public address"],
  ["https://[::ffff:10.0.0.1]/", "no public address"],
  ["https://metadata.google.internal/", "no public address"],
  ["https://inward.example/", "points to 10.0.0.7"],
  ["https://mixed.example/", "points to fd00::1"],
  ["nonsense", "needs an https address"],
])("[J17] %s is called by no webhook", async (url, reason) => {
  addresses.set("inward.example", ["10.0.0.7"]);
  addresses.set("mixed.example", ["93.184.216.34", "fd00::1"]);
  const job = await until(await enqueueJob("calling", { url }), "dead");
  expect(job.error).toContain(reason);
  expect(posted.map((each) => each.url)).not.toContain(url);
});

it("[HK7] a trigger enqueues its job with the commit, for the writes it is meant for", async () => {
  const id = await note("words");
  await send("ann", `PATCH /api/notes/${id}`, { text: "more words" });
  await send("ann", `PATCH /api/notes/${id}`, { text: "sum 123" });
  await vi.waitFor(() => expect(seen).toContain("add 123+0 #1"), { timeout: 10_000 });
  expect(seen.filter((each) => each.startsWith("add 123"))).toEqual(["add 123+0 #1"]);
});
