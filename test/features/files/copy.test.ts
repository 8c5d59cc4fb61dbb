/** Copies and moves ([FS10]): the same bytes held by several rows of an object, or sent into another; counted, never lost. */

import { expect, it } from "vitest";
import { readFileRow } from "../../../src/core/files/file-row.ts";
import { copiedRow } from "../../../src/features/files/copied-row.ts";
import { papers, seen } from "./app.ts";
import { bucket, keys, rowOf, send, settle, store, sweep } from "./client.ts";

const DESK = "t/test/desk";
const bytesOf = (text: string) => new TextEncoder().encode(text);
const text = { name: "c.txt", type: "text/plain" };

it("[FS10] a copy is a row of its own that holds the same bytes, which go with the last row", async () => {
  const id = await store("alice", "/api/papers", { ...text, note: "first" }, bytesOf("copied"));
  const [key = ""] = await keys(`${DESK}/papers/${id}/`);
  const before = (await keys()).length;
  const { status, json, headers } = await send("alice", `POST /api/papers/${id}/copy`, { row: { name: "d.txt" } });
  expect([status, json.name, json.note, json.status, json.size]).toEqual([201, "d.txt", "first", "stored", 6]);
  expect(headers.get("location")).toBe(`/api/papers/${json.id}`);
  expect(json).not.toHaveProperty("blobKey");
  expect(await rowOf(DESK, "papers", String(json.id))).toMatchObject({ file_blob_key: key, file_upload: null });
  expect((await keys()).length).toBe(before);

  await send("alice", `DELETE /api/papers/${id}`);
  await settle(DESK);
  expect((await send("alice", `GET /api/papers/${json.id}/content`)).bytes).toEqual(bytesOf("copied"));
  await send("alice", `DELETE /api/papers/${json.id}`);
  await settle(DESK);
  expect(await bucket.head(key)).toBeNull();
});

it("[FS10] a copy runs the hooks of a file that comes, and is made once under one key", async () => {
  const id = await store("alice", "/api/papers", text, bytesOf("hooked"));
  await settle(DESK);
  seen.length = 0;
  const once = { "idempotency-key": "copy-1" };
  const [first, again] = [
    await send("alice", `POST /api/papers/${id}/copy`, { row: { name: "h.txt" } }, once),
    await send("alice", `POST /api/papers/${id}/copy`, { row: { name: "h.txt" } }, once),
  ];
  expect([first.status, again.status, again.json.id]).toEqual([201, 201, first.json.id]);
  await settle(DESK);
  expect(seen).toEqual(["write create stored", "after create h.txt"]);
});

it("[HT41] [FS10] a copy under its key is answered as at first, whatever has become of the source", async () => {
  const id = await store("alice", "/api/papers", { ...text, note: "first" }, bytesOf("kept"));
  const copy = (row: object, key: string) =>
    send("alice", `POST /api/papers/${id}/copy`, { row }, { "idempotency-key": key });
  const first = await copy({}, "copy-2");
  await send("alice", `PATCH /api/papers/${id}`, { note: "second" });
  const changed = await copy({}, "copy-2");
  expect((await copy({ name: "other.txt" }, "copy-2")).status).toBe(422);
  await send("alice", `DELETE /api/papers/${id}`);
  const gone = await copy({}, "copy-2");
  expect([first.status, first.json.note]).toEqual([201, "first"]);
  for (const { status, json, headers } of [changed, gone])
    expect([status, json, headers.get("location")]).toEqual([201, first.json, first.headers.get("location")]);
  expect((await copy({}, "copy-3")).status).toBe(404);
});

it("[FS10] the columns of a copy are those that its maker may write", () => {
  const row = { id: "p1", ownerId: "alice", note: "n", name: "c.txt", type: "text/plain", size: 6, status: "stored" };
  const forged = { name: "d.txt", ownerId: "bob", uploadKey: "x" };
  const copied = copiedRow(papers.spec, { row, file: readFileRow(row) }, forged);
  expect(copied).toEqual({ taskId: null, note: "n", name: "d.txt", type: "text/plain", size: 6 });
});

it("[FS10] a copy takes no more than its maker may see and write", async () => {
  const id = await store("alice", "/api/papers", text, bytesOf("rights"));
  const copy = (user: string | null, body?: unknown) => send(user, `POST /api/papers/${id}/copy`, body);
  expect((await copy(null)).status).toBe(401);
  expect((await copy("bob")).status).toBe(404);
  for (const row of [{ size: 1 }, { type: "text/html" }, { name: "a/b" }])
    expect((await copy("alice", { row })).status, JSON.stringify(row)).toBe(400);
  expect((await copy("alice", { row: 1 })).json.errors).toMatchObject([{ field: "row" }]);
  expect((await copy("alice", { to: "b" })).json.errors).toMatchObject([{ field: "to" }]);
  const forged = await copy("alice", { row: { blobKey: "x", ownerId: "bob", status: "pending", hash: "x" } });
  expect(forged.status).toBe(201);
  expect(await rowOf(DESK, "papers", String(forged.json.id))).toMatchObject({
    owner_id: "alice",
    file_status: "stored",
    file_blob_key: (await rowOf(DESK, "papers", id))?.file_blob_key,
  });
});

it("[FS10] a file is copied and moved into another partition, where it may be entered", async () => {
  const id = await store(null, "/api/@here/binned", text, bytesOf("travels"));
  const copy = await send(null, `POST /api/@here/binned/${id}/copy`, { to: "there", row: { name: "e.txt" } });
  expect([copy.status, copy.json.name, copy.headers.get("location")]).toEqual([
    201,
    "e.txt",
    `/api/@there/binned/${copy.json.id}`,
  ]);
  expect((await send(null, `GET /api/@there/binned/${copy.json.id}/content`)).bytes).toEqual(bytesOf("travels"));

  const move = (body: unknown, headers: Record<string, string> = { "if-match": "*" }) =>
    send(null, `POST /api/@here/binned/${id}/move`, body, headers);
  for (const to of ["here", "no/partition", 1, undefined]) expect((await move({ to })).status).toBe(400);
  expect((await move({ to: "closed" })).status).toBe(404);
  // Nothing is sent for a move that may not end.
  expect((await move({ to: "there" }, {})).status).toBe(428);
  expect((await move({ to: "there" }, { "if-match": '"other"' })).status).toBe(412);
  expect(await keys(`t/test/binned/there/binned/${id}/`)).toEqual([]);
  const moved = await move({ to: "there" });
  expect([moved.status, moved.json.id, moved.json.room]).toEqual([201, id, "there"]);
  expect((await send(null, `GET /api/@there/binned/${id}/content`)).bytes).toEqual(bytesOf("travels"));
  expect((await send(null, `GET /api/@here/binned/${id}`)).status).toBe(404);
  for (const room of ["here", "there"]) await settle(`t/test/binned/${room}`);
  expect(await sweep("look")).toEqual({ orphans: [], lost: [], overdue: [] });
});

it("[FS10] another file under the same id elsewhere stands in the way of a move, and stays", async () => {
  const id = await store(null, "/api/@here/binned", text, bytesOf("mine"));
  await store(null, "/api/@taken/binned", { ...text, id }, bytesOf("theirs"));
  const moved = await send(null, `POST /api/@here/binned/${id}/move`, { to: "taken" }, { "if-match": "*" });
  expect([moved.status, moved.json.reason]).toEqual([409, "exists"]);
  expect((await send(null, `GET /api/@here/binned/${id}/content`)).bytes).toEqual(bytesOf("mine"));
  expect((await send(null, `GET /api/@taken/binned/${id}/content`)).bytes).toEqual(bytesOf("theirs"));
});
