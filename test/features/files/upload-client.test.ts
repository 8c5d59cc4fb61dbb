/** `ledge/client/files` against the real thing: breaks, pauses and ends are made in its `fetch`. */

import { SELF } from "cloudflare:test";
import { createClient, type LedgeError } from "ledge/client";
import {
  copyFile,
  createUploads,
  downloadPath,
  downloadUrl,
  type FileUpload,
  linkFile,
  listAttachments,
  moveFile,
  putAttachment,
  removeAttachment,
  type UploadItem,
  uploadFile,
} from "ledge/client/files";
import { expect, it, vi } from "vitest";
import type { app } from "./app.ts";
import { keys, rowOf, send, settle } from "./client.ts";

const DESK = "t/test/desk";
const PART = 8 * 1_048_576;

interface Asked {
  readonly method: string;
  readonly path: string;
}

/** A client whose requests may be refused before they are sent, or lost after they were answered. */
function clientWith(meddle: (asked: Asked, index: number) => "pass" | "refuse" | "lose" | Promise<"pass">) {
  const asked: Asked[] = [];
  const fetch = async (url: string, init: RequestInit = {}) => {
    const request = { method: init.method ?? "GET", path: new URL(url).pathname };
    const verdict = await meddle(request, asked.push(request) - 1);
    if (init.signal?.aborted === true) throw new Error("aborted");
    if (verdict === "refuse") throw new Error("no network");
    const reply = await SELF.fetch(url, { ...init, signal: null });
    if (verdict === "lose") {
      await reply.arrayBuffer();
      throw new Error("no network");
    }
    return reply;
  };
  const client = createClient<typeof app>({
    url: "http://localhost",
    token: { get: async () => "dev:alice", set: () => undefined },
    fetch: fetch as never,
    retry: { retryDelayMs: 1 },
  });
  return { client, asked };
}

const until = (holds: () => void) => vi.waitFor(holds, { timeout: 30_000 });

function fileOf(size: number, seed: number): Blob & { readonly name: string } {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index += 4099) bytes[index] = (index + seed) % 251;
  return Object.assign(new Blob([bytes]), { name: "f.bin" });
}

async function expectStored(upload: FileUpload, file: Blob): Promise<void> {
  const row = await upload.done;
  expect(row).toMatchObject({ status: "stored", size: file.size });
  const got = await send("alice", `GET /api${downloadPath("papers", String(row.id))}`);
  const digest = async (bytes: BufferSource) => [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))];
  expect(await digest(got.bytes)).toEqual(await digest(await file.arrayBuffer()));
}

it("[FS3] a small file is announced and sent in one request", async () => {
  const { client, asked } = clientWith(() => "pass");
  const told: number[] = [];
  const file = fileOf(1000, 1);
  const upload = uploadFile(client, "papers", file, { row: { note: "n" }, onProgress: ({ sent }) => told.push(sent) });
  await expectStored(upload, file);
  expect([upload.state, told, asked.length]).toEqual(["done", [0, 1000], 2]);
  expect((await upload.done).note).toBe("n");
  const bytes = uploadFile(client, "papers", new Uint8Array(3), { name: "b", type: "text/plain" });
  expect(await bytes.done).toMatchObject({ name: "b", type: "text/plain", size: 3 });
  await expect(uploadFile(client, "papers", new Uint8Array(3)).done).rejects.toThrow("A name is needed");
});

it("[FS3] a large file goes in parts, through breaks on the way there and back at every one of them", async () => {
  const broken = new Set<string>();
  const { client, asked } = clientWith(({ method, path }) => {
    const key = `${method} ${path.replace(/[0-9a-f-]{36}/, "id")}`;
    for (const verdict of ["refuse", "lose"] as const) {
      if (broken.has(`${verdict} ${key}`)) continue;
      broken.add(`${verdict} ${key}`);
      return verdict;
    }
    return "pass";
  });
  const told: number[] = [];
  const file = fileOf(2 * PART + 5, 2);
  await expectStored(uploadFile(client, "papers", file, { onProgress: ({ sent }) => told.push(sent) }), file);
  expect([...told]).toEqual([...told].sort((a, b) => a - b));
  expect(told.at(-1)).toBe(file.size);
  expect([...broken].filter((each) => each.startsWith("lose")).sort()).toEqual([
    // A completion whose answer was lost has nothing left to complete: the row is asked for.
    "lose GET /api/papers/id",
    "lose POST /api/papers",
    "lose POST /api/papers/id/upload",
    "lose POST /api/papers/id/upload/complete",
    "lose PUT /api/papers/id/upload/1",
    "lose PUT /api/papers/id/upload/2",
    "lose PUT /api/papers/id/upload/3",
  ]);
  expect(asked.length).toBeGreaterThanOrEqual(18);
});

it("[FS3] a pause sends nothing more, and what had arrived is not sent again", async () => {
  let upload: FileUpload | null = null;
  const { client, asked } = clientWith(({ method, path }) => {
    if (method === "PUT" && path.endsWith("/2") && upload?.state === "running" && !isPaused) {
      isPaused = true;
      upload.pause();
    }
    return "pass";
  });
  let isPaused = false;
  const file = fileOf(2 * PART + 5, 3);
  upload = uploadFile(client, "papers", file, { parallel: 1 });
  while (upload.state !== "paused") await new Promise((resolve) => setTimeout(resolve, 1));
  const atPause = asked.length;
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  expect([asked.length, upload.state]).toEqual([atPause, "paused"]);
  upload.resume();
  await expectStored(upload, file);
  expect(asked.filter(({ method, path }) => method === "PUT" && path.endsWith("/1"))).toHaveLength(1);
});

it("[FS3] an upload whose program ended is taken up by the id of its row", async () => {
  const first = clientWith(({ path }) => (/\/upload\/[23]$/.test(path) ? "refuse" : "pass"));
  const file = fileOf(2 * PART + 5, 4);
  const broken = uploadFile(first.client, "papers", file, { parallel: 1 });
  await expect(broken.done).rejects.toMatchObject({ code: "NETWORK_ERROR" });
  expect([broken.state, typeof broken.id]).toEqual(["failed", "string"]);
  const second = clientWith(() => "pass");
  await expectStored(uploadFile(second.client, "papers", file, { id: String(broken.id) }), file);
  expect(second.asked.filter(({ method }) => method === "PUT").map(({ path }) => path.slice(-1))).toEqual(["2", "3"]);
});

it("[FS3] an upload that broke at its last step sends nothing again, whether that was carried out or not", async () => {
  for (const verdict of ["refuse", "lose"] as const) {
    const first = clientWith(({ path }) => (path.endsWith("/complete") ? verdict : "pass"));
    // The last question, whether it is stored, is not answered either.
    const broken = clientWith(({ method, path }) =>
      path.endsWith("/complete") ? verdict : method === "GET" ? "refuse" : "pass",
    );
    const file = fileOf(PART + 5, 8);
    const upload = uploadFile((verdict === "lose" ? broken : first).client, "papers", file);
    await expect(upload.done).rejects.toMatchObject({ code: "NETWORK_ERROR" });
    const second = clientWith(() => "pass");
    await expectStored(uploadFile(second.client, "papers", file, { id: String(upload.id) }), file);
    expect([verdict, second.asked.filter(({ method }) => method === "PUT")]).toEqual([verdict, []]);
  }
});

it("[FS3] an abort ends the announcement too, also by a signal, also before it began", async () => {
  const controller = new AbortController();
  const { client } = clientWith(({ path }) => {
    if (path.endsWith("/upload/2")) controller.abort();
    return "pass";
  });
  const upload = uploadFile(client, "papers", fileOf(2 * PART, 5), { parallel: 1, signal: controller.signal as never });
  const error: LedgeError = await upload.done.then(
    () => expect.unreachable(),
    (reason) => reason,
  );
  expect([error.code, upload.state]).toEqual(["ABORTED", "aborted"]);
  expect(await rowOf(DESK, "papers", String(upload.id))).toBeUndefined();
  await settle(DESK);
  expect(await keys(`${DESK}/papers/${upload.id}/`)).toEqual([]);
  const never = uploadFile(client, "papers", fileOf(10, 6), { signal: controller.signal as never });
  await expect(never.done).rejects.toMatchObject({ code: "ABORTED" });
  expect(never.id).toBeNull();
});

it("[FS3] what the server refuses is a typed error, not tried again", async () => {
  const { client, asked } = clientWith(() => "pass");
  const upload = uploadFile(client, "papers", fileOf(10, 7), { type: "application/x-msdownload" });
  await expect(upload.done).rejects.toMatchObject({ status: 415, code: "UNSUPPORTED_MEDIA_TYPE" });
  expect([upload.state, asked.length]).toEqual(["failed", 1]);
});

it("[FS15] all uploads are one store: some at a time, each with its progress, paused, ended, tried again, taken off", async () => {
  let isDown = true;
  const { client } = clientWith(({ method, path }) =>
    method === "PUT" && isDown && !path.includes("x") ? "refuse" : "pass",
  );
  const uploads = createUploads(client, { atOnce: 1 });
  const shown: (readonly UploadItem[])[] = [];
  const stop = uploads.subscribe(() => shown.push(uploads.getSnapshot()));
  const item = (key: number) => uploads.getSnapshot().find((each) => each.key === key);
  const state = (key: number) => item(key)?.state;

  const failing = uploads.add("papers", fileOf(100, 1));
  const waiting = uploads.add("papers", fileOf(200, 2), { name: "second.bin" });
  expect([state(failing), state(waiting), item(waiting)?.name]).toEqual(["running", "waiting", "second.bin"]);
  // The second begins when the first has ended, however it ended.
  await until(() => expect([state(failing), state(waiting)]).toEqual(["failed", "failed"]));
  const { id, error } = item(failing) as UploadItem;
  expect([typeof id, (error as LedgeError).code]).toEqual(["string", "NETWORK_ERROR"]);

  isDown = false;
  uploads.retry(failing);
  await until(() => expect(state(failing)).toBe("done"));
  expect(item(failing)).toMatchObject({ id, sent: 100, error: null, row: { id, status: "stored" } });
  uploads.dismiss(waiting);
  const large = uploads.add("papers", fileOf(PART + 1000, 3), { maxWholeBytes: 1000 });
  uploads.pause(large);
  expect(state(large)).toBe("paused");
  uploads.resume(large);
  await until(() => expect(state(large)).toBe("done"));
  const [ended] = [uploads.add("papers", fileOf(50, 4))];
  uploads.abort(ended);
  await until(() => expect(state(ended)).toBe("aborted"));
  expect(uploads.getSnapshot().map(({ key }) => key)).toEqual([failing, large, ended]);
  // Nothing that was handed out changes afterwards.
  expect(new Set(shown).size).toBe(shown.length);
  expect(shown[0]?.map((each) => each.state)).toEqual(["waiting"]);
  stop();
});

it("[FS10] [FS11] [FS12] [X6] the client copies, moves, links and attaches", async () => {
  const { client } = clientWith(() => "pass");
  const { done } = uploadFile(client, "papers", fileOf(10, 5));
  const { id } = (await done) as { readonly id: string };
  const copy = await copyFile(client, "papers", id, { row: { name: "copy.bin" } });
  expect(copy).toMatchObject({ name: "copy.bin", status: "stored" });
  const { url } = await linkFile(client, "papers", id, { expiresIn: 60 });
  expect((await send(null, `GET ${url}`)).status).toBe(200);
  expect(downloadUrl(client, downloadPath("papers", id, undefined, { use: "show", preset: "a b" }))).toBe(
    `http://localhost/api/papers/${id}/content?use=show&preset=a%20b`,
  );
  const there = (await uploadFile(client, "binned", fileOf(10, 6), { partition: "c1" }).done) as {
    readonly id: string;
  };
  const moved = await moveFile(client, "binned", there.id, "c2", { partition: "c1", headers: { "if-match": "*" } });
  expect(moved).toMatchObject({ id: there.id, room: "c2" });

  const made = (await client.cases.create({ title: "case" })) as { readonly id: string };
  const text = Object.assign(new Blob(["hi"], { type: "text/plain;charset=utf-8" }), { name: "any" });
  expect(await putAttachment(client, "cases", made.id, "note.txt", text)).toMatchObject({ name: "note.txt", size: 2 });
  expect((await listAttachments(client, "cases", made.id)).map(({ name }) => name)).toEqual(["note.txt"]);
  await removeAttachment(client, "cases", made.id, "note.txt");
  expect(await listAttachments(client, "cases", made.id)).toEqual([]);
});
