/**
 * Rows and commits near the limits of storage (2 MB a value) on a real workerd process: a clear refusal or a whole write, never half of
 * one, and the object goes on afterwards.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { app } from "./app/app.ts";
import { bundleApp } from "./bundle-app.ts";
import { checkObject } from "./check-object.ts";
import { checkSearch } from "./check-search.ts";
import { type HttpClient, httpClient, type Reply } from "./http-client.ts";
import { readObjects } from "./object-file.ts";
import { headersOf } from "./operations.ts";
import { freePort, killAll, type WorkerdProcess, workerdProcess } from "./workerd-process.ts";

const ROW_BYTES = 512 * 1024;

let folder = "";
let server: WorkerdProcess;
let http: HttpClient;
beforeAll(async () => {
  const bundle = await bundleApp({
    name: "campaign",
    app: join(import.meta.dirname, "app/app.ts"),
    variant: "harmful",
  });
  folder = mkdtempSync(join(tmpdir(), "ledge-large-"));
  server = workerdProcess({ bundle, folder, port: await freePort() });
  http = httpClient(server.origin);
  await server.start();
});
afterAll(async () => {
  http.close();
  await killAll();
  rmSync(folder, { recursive: true, force: true });
});

let keys = 0;
function send(method: string, path: string, body?: unknown): Promise<Reply> {
  const headers = headersOf("w", `large-${++keys}`);
  return http.send({ method, path: `/api${path}`, headers, ...(body === undefined ? {} : { body }) });
}

const note = (body: string) => ({ origin: "o", last: "l", body });
const seqOf = (reply: Reply) => Number(reply.position?.split(":")[1]);
const idOf = (reply: Reply) => (JSON.parse(reply.text) as { id: string }).id;

async function head(table: string): Promise<{ seq: number; count: number }> {
  return JSON.parse((await send("GET", `/${table}/count`)).text) as { seq: number; count: number };
}

/** Refused with this problem, and nothing has changed. */
async function expectRefused(table: string, status: number, slug: string, work: () => Promise<Reply>): Promise<Reply> {
  const before = await head(table);
  const reply = await work();
  expect([reply.status, reply.text.includes(`problems/${slug}`)], reply.text.slice(0, 500)).toEqual([status, true]);
  expect(await head(table)).toEqual(before);
  return reply;
}

describe("rows and commits near the limits", () => {
  it.each([
    ["letters", "a", 1],
    ["of three bytes", "→", 3],
    ["of four bytes", "🜂", 4],
    ["escaped in JSON", "\u0001", 6],
  ])(
    "[HT4] a row up to 512 KB is written, read and kept in the ledger; above, it is 413 and nothing is there: %s",
    async (_, letter, bytes) => {
      const room = ROW_BYTES - 200;
      const fits = await send("POST", "/notes", note(letter.repeat(Math.floor(room / bytes))));
      expect(fits.status, fits.text.slice(0, 300)).toBe(201);
      const above = note(letter.repeat(Math.ceil((ROW_BYTES + 100) / bytes)));
      await expectRefused("notes", 413, "payload-too-large", () => send("POST", "/notes", above));
      await expectRefused("notes", 413, "payload-too-large", () =>
        send("PATCH", `/notes/${idOf(fits)}`, { body: above.body }),
      );
      const patched = await send("PATCH", `/notes/${idOf(fits)}`, { last: "m" });
      expect([patched.status, seqOf(patched)]).toEqual([200, seqOf(fits) + 1]);
      expect((await send("DELETE", `/notes/${idOf(fits)}`)).status).toBe(204);
    },
  );

  it("[CL2] a commit too large for one ledger entry is 400 batch-limit-exceeded, by filter and by cascade, and nothing of it is there", async () => {
    const text = "x".repeat(ROW_BYTES - 1000);
    const order = idOf(await send("POST", "/orders", note("order")));
    for (let n = 0; n < 5; n++) {
      expect((await send("POST", "/lines", { ...note(text), orderId: order })).status).toBe(201);
      expect((await send("POST", "/notes", note(text))).status).toBe(201);
    }
    const bytes = (reply: Reply) => expect(JSON.parse(reply.text)).toMatchObject({ limit: "bytes" });
    const filter = 'origin=="o"';
    bytes(
      await expectRefused("notes", 400, "batch-limit-exceeded", () =>
        send("PATCH", "/notes/batch", { filter, patch: { last: "m" } }),
      ),
    );
    bytes(await expectRefused("notes", 400, "batch-limit-exceeded", () => send("DELETE", "/notes/batch", { filter })));
    bytes(await expectRefused("lines", 400, "batch-limit-exceeded", () => send("DELETE", `/orders/${order}`)));
    expect((await send("GET", `/orders/${order}`)).status).toBe(200);
    expect((await send("POST", "/notes", note("goes on"))).status).toBe(201);
  });

  it("[HT44] a reply too large to keep is kept in short, and its repetition does nothing", async () => {
    const items = [note("y".repeat(400_000)), note("z".repeat(400_000))];
    const call = { method: "POST", path: "/api/notes/batch", headers: headersOf("w", "kept"), body: { items } };
    const first = await http.send(call);
    const again = await http.send(call);
    expect([first.status, again.status, again.isReplay, again.position]).toEqual([201, 201, true, first.position]);
  });

  it("[CL1] afterwards the ledger equals the rows, and the search index too", async () => {
    await server.kill();
    const objects = [...readObjects(server.objects, app.definition).values()];
    expect(objects.flatMap((object) => checkObject(object, null))).toEqual([]);
    const searched = objects.flatMap(
      (object) =>
        checkSearch(object, object.tables.has("notes") ? ["notes"] : object.tables.has("lines") ? ["lines"] : []).wrong,
    );
    expect(searched).toEqual([]);
  });
});
