import { env } from "cloudflare:test";
import { expect, it } from "vitest";
import { expireUpload } from "../../../src/features/files/expire-upload.ts";
import { seen } from "./app.ts";
import { announce, bucket, keys, PNG, rowOf, send, settle, store } from "./client.ts";

const DESK = "t/test/desk";
const ROOT = "/api/papers";
const bytesOf = (text: string) => new TextEncoder().encode(text);

it("[FS2] a file is announced, its bytes are sent, and only then it is there", async () => {
  const announced = await send("alice", `POST ${ROOT}`, { name: "a.png", type: "image/png", size: PNG.length });
  expect(announced.status, JSON.stringify(announced.json)).toBe(201);
  expect(announced.json).toMatchObject({ name: "a.png", status: "pending", hash: null, ownerId: "alice" });
  for (const hidden of ["blobKey", "uploadKey", "upload"]) expect(announced.json).not.toHaveProperty(hidden);
  const { id } = announced.json;
  expect((await send("alice", `GET ${ROOT}/${id}`)).status).toBe(404);
  expect((await send("alice", `GET ${ROOT}/${id}/content`)).status).toBe(404);

  const stored = await send("alice", `PUT ${ROOT}/${id}/content`, PNG);
  expect(stored.status, JSON.stringify(stored.json)).toBe(200);
  expect(stored.json).toMatchObject({ id, status: "stored", size: PNG.length, ownerId: "alice" });
  expect(stored.json.hash).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect((await send("alice", `GET ${ROOT}/${id}`)).json).toMatchObject({ status: "stored" });
  const got = await send("alice", `GET ${ROOT}/${id}/content`);
  expect([got.status, got.bytes]).toEqual([200, PNG]);
  const row = await rowOf(DESK, "papers", String(id));
  expect(await keys(`${DESK}/papers/${id}/`)).toEqual([row?.file_blob_key]);
  expect([row?.file_upload_key, row?.file_upload]).toEqual([null, null]);
});

it("[FS8] the bytes go with their row, through its outbox", async () => {
  const id = await store("alice", ROOT, { name: "gone.txt", type: "text/plain" }, bytesOf("gone soon"));
  expect(await keys(`${DESK}/papers/${id}/`)).toHaveLength(1);
  expect((await send("alice", `DELETE ${ROOT}/${id}`)).status).toBe(204);
  await settle(DESK);
  expect(await keys(`${DESK}/papers/${id}/`)).toEqual([]);
});

it("[FS8] a row that a cascade removes takes its bytes along", async () => {
  const task = (await send(null, "POST /api/tasks", { title: "t" })).json.id;
  const id = await store("alice", ROOT, { name: "c.txt", type: "text/plain", taskId: task }, bytesOf("cascade"));
  expect((await send(null, `DELETE /api/tasks/${task}`)).status).toBe(204);
  expect(await rowOf(DESK, "papers", id)).toBeUndefined();
  await settle(DESK);
  expect(await keys(`${DESK}/papers/${id}/`)).toEqual([]);
});

it("[FS8] bytes of a row that is deleted softly stay, and come back with it; for good they go", async () => {
  const root = "/api/@attic/binned";
  const id = await store(null, root, { name: "s.txt", type: "text/plain" }, bytesOf("soft"));
  expect((await send(null, `DELETE ${root}/${id}`, undefined, { "if-match": "*" })).status).toBe(204);
  await settle("t/test/binned/attic");
  expect((await send(null, `GET ${root}/${id}/content`)).status).toBe(404);
  expect((await send(null, `POST ${root}/${id}/restore`, undefined, { "if-match": "*" })).status).toBe(200);
  expect((await send(null, `GET ${root}/${id}/content`)).bytes).toEqual(bytesOf("soft"));
  const gone = await send("alice", `DELETE ${root}/${id}?hard=true`, undefined, { "if-match": "*" });
  expect(gone.status).toBe(204);
  await settle("t/test/binned/attic");
  expect(await keys(`t/test/binned/attic/binned/${id}/`)).toEqual([]);
});

it("[FS2] bytes may take the place of others; the old ones go", async () => {
  const id = await store("alice", ROOT, { name: "v.txt", type: "text/plain" }, bytesOf("version one"));
  const [old] = await keys(`${DESK}/papers/${id}/`);
  const picture = Uint8Array.from([...PNG, 1, 2, 3]);
  const put = await send("alice", `PUT ${ROOT}/${id}/content`, picture, { "content-type": "image/png" });
  expect(put.status, JSON.stringify(put.json)).toBe(200);
  expect(put.json).toMatchObject({ type: "image/png", size: picture.length });
  await settle(DESK);
  const left = await keys(`${DESK}/papers/${id}/`);
  expect(left).toHaveLength(1);
  expect(left).not.toContain(old);
  expect((await send("alice", `GET ${ROOT}/${id}/content`)).bytes).toEqual(picture);
});

it("[FS8] equal content lies in the bucket once, for as long as a row holds it", async () => {
  const same = bytesOf(`the same content ${crypto.randomUUID()}`);
  const row = { name: "same.txt", type: "text/plain" };
  const first = await store("alice", ROOT, row, same);
  const second = await store("bob", ROOT, row, same);
  await settle(DESK);
  expect(await keys(`${DESK}/papers/${first}/`)).toHaveLength(1);
  expect(await keys(`${DESK}/papers/${second}/`)).toEqual([]);
  await send("alice", `DELETE ${ROOT}/${first}`);
  await settle(DESK);
  expect((await send("bob", `GET ${ROOT}/${second}/content`)).bytes).toEqual(same);
  await send("bob", `DELETE ${ROOT}/${second}`);
  await settle(DESK);
  expect(await keys(`${DESK}/papers/${first}/`)).toEqual([]);
});

it("[FS2] an announcement whose bytes never come ends by itself, and with it what had arrived", async () => {
  const root = "/api/moments";
  const id = await announce(null, root, { name: "m.png", type: "image/png", size: PNG.length });
  const late = await announce(null, root, { name: "n.png", type: "image/png", size: PNG.length });
  expect((await send(null, `PUT ${root}/${late}/content`, PNG)).status).toBe(200);
  await settle("t/test/moments");
  expect(await rowOf("t/test/moments", "moments", id)).toBeUndefined();
  expect(await rowOf("t/test/moments", "moments", late)).toMatchObject({ file_status: "stored" });
});

it("[FS2] of two uploads to one row, the one that began later wins, and the other leaves nothing", async () => {
  const id = await announce("alice", ROOT, { name: "race.txt", type: "text/plain", size: 6 });
  let finish: () => void = () => {};
  const slow = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(bytesOf("slo"));
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      controller.enqueue(bytesOf("wer"));
      controller.close();
    },
  });
  const first = send("alice", `PUT ${ROOT}/${id}/content`, slow);
  while ((await rowOf(DESK, "papers", id))?.file_upload_key === null) await new Promise((done) => setTimeout(done, 5));
  expect((await send("alice", `PUT ${ROOT}/${id}/content`, bytesOf("faster"))).status).toBe(200);
  finish();
  const lost = await first;
  expect([lost.status, lost.json.code]).toEqual([409, "CONFLICT"]);
  expect((await send("alice", `GET ${ROOT}/${id}/content`)).bytes).toEqual(bytesOf("faster"));
  await settle(DESK);
  expect(await keys(`${DESK}/papers/${id}/`)).toHaveLength(1);
});

it("[FS2] only who announced a file sends its bytes, and nobody writes what uploads write", async () => {
  const row = { name: "m.txt", type: "text/plain", size: 4 };
  const id = await announce("alice", ROOT, row);
  expect((await send("bob", `PUT ${ROOT}/${id}/content`, bytesOf("evil"))).status).toBe(404);
  expect((await send(null, `PUT ${ROOT}/${id}/content`, bytesOf("evil"))).status).toBe(401);
  const open = await announce("alice", "/api/@r/binned", row);
  expect((await send("bob", `PUT /api/@r/binned/${open}/content`, bytesOf("evil"))).status).toBe(403);
  expect((await send("bob", `PUT /api/@closed/binned/${open}/content`, bytesOf("evil"))).status).toBe(404);

  const other = await store("alice", ROOT, { name: "o.txt", type: "text/plain" }, bytesOf("secret"));
  const held = await rowOf(DESK, "papers", other);
  const forged = {
    ...row,
    status: "stored",
    blobKey: held?.file_blob_key,
    hash: held?.file_hash,
    upload: { by: "bob" },
  };
  const made = await send("bob", `POST ${ROOT}`, forged);
  expect(made.json).toMatchObject({ status: "pending", hash: null });
  expect(await rowOf(DESK, "papers", String(made.json.id))).toMatchObject({ file_blob_key: null });
  const patched = await send("alice", `PATCH ${ROOT}/${other}`, { blobKey: "x", status: "pending", note: "n" });
  expect(patched.json).toMatchObject({ status: "stored", note: "n" });
  expect((await send("alice", `PATCH ${ROOT}/${other}`, { size: 1 })).status).toBe(400);
  expect((await send("alice", `PATCH ${ROOT}/${other}`, { type: "text/html" })).status).toBe(400);
  expect((await send("alice", `PATCH ${ROOT}/${other}`, { name: "renamed.txt" })).json.name).toBe("renamed.txt");
});

it("[HK2] the table's own hooks see a file that comes, changes and goes, and nothing of uploads", async () => {
  await settle(DESK);
  seen.length = 0;
  const id = await store("alice", ROOT, { name: "h.txt", type: "text/plain" }, bytesOf("hooks"));
  await send("alice", `PATCH ${ROOT}/${id}`, { name: "i.txt" });
  await send("alice", `DELETE ${ROOT}/${id}`);
  const never = await announce("alice", ROOT, { name: "never.txt", type: "text/plain", size: 1 });
  await settle(DESK);
  expect(await rowOf(DESK, "papers", never)).toBeUndefined();
  expect(seen.filter((each) => each.startsWith("write"))).toEqual([
    "write create pending",
    "write update stored",
    "write update stored",
    "write delete -",
    "write create pending",
    "write delete -",
  ]);
  expect(seen.filter((each) => each.startsWith("after"))).toEqual([
    "after create h.txt",
    "after update i.txt",
    "after delete i.txt",
  ]);
});

it("[FS2] a transaction announces files with its other rows, or none of them", async () => {
  const id = "019a0000-0000-7000-8000-0000000000f1";
  const operations = (size: number) => [
    { op: "create", resource: "tasks", data: { id, title: "with file" } },
    {
      op: "create",
      as: "paper",
      resource: "papers",
      data: { taskId: "{{0.id}}", name: "t.txt", type: "text/plain", size },
    },
  ];
  const refused = await send("alice", "POST /api/transaction", { operations: operations(10 ** 9) });
  expect([refused.status, refused.json.index]).toEqual([413, 1]);
  expect((await send(null, `GET /api/tasks/${id}`)).status).toBe(404);
  const made = await send("alice", "POST /api/transaction", { operations: operations(3) });
  expect(made.status, JSON.stringify(made.json)).toBe(200);
  const { paper } = made.json.results as { readonly paper: { readonly id: string } };
  expect((await send("alice", `PUT ${ROOT}/${paper.id}/content`, bytesOf("abc"))).json).toMatchObject({ taskId: id });
});

it("[FS8] a replacement that is refused once its bytes have arrived leaves nothing of them", async () => {
  const id = await store("alice", ROOT, { name: "r.txt", type: "text/plain" }, bytesOf("kept"));
  const wrong = { "content-length": "5", "content-digest": `sha-256=:${"A".repeat(43)}=:` };
  expect((await send("alice", `PUT ${ROOT}/${id}/content`, bytesOf("wrong"), wrong)).status).toBe(400);
  expect(await rowOf(DESK, "papers", id)).toMatchObject({ file_upload_key: null, file_upload: null });
  await settle(DESK);
  expect(await keys(`${DESK}/papers/${id}/`)).toHaveLength(1);
  expect((await send("alice", `GET ${ROOT}/${id}/content`)).bytes).toEqual(bytesOf("kept"));
});

it("[FS2] what was announced again under its id is not ended with the announcement before", async () => {
  const [id, row] = ["019a0000-0000-7000-8000-0000000000f2", { name: "a.txt", type: "text/plain", size: 5 }];
  await announce("alice", ROOT, { ...row, id });
  const before = await rowOf(DESK, "papers", id);
  const { announcedMs } = JSON.parse(String(before?.file_upload)) as { readonly announcedMs: number };
  const context = { key: "desk:1:0", epoch: "e", attempt: 1, object: DESK as never, env };
  const expire = (more: object) => expireUpload({ table: "papers", id, uploadKey: null, ...more }, context);
  await expire({ announcedMs: announcedMs - 1 });
  expect(await rowOf(DESK, "papers", id)).toEqual(before);
  await expire({ announcedMs });
  expect(await rowOf(DESK, "papers", id)).toBeUndefined();
  await expire({ announcedMs });
});

it("[FS4] bytes of a blocked type are refused whatever they are called", async () => {
  const program = Uint8Array.from([0x4d, 0x5a, ...new Uint8Array(100)]);
  const row = { name: "x.bin", type: "application/octet-stream", size: program.length };
  const id = await announce("alice", ROOT, row);
  const { status, json } = await send("alice", `PUT ${ROOT}/${id}/content`, program);
  expect([status, json.detail]).toEqual([415, "Files of type application/x-msdownload are not taken here"]);
});

it("[FS2] bytes that the bucket has and a crash kept from their row go when the announcement ends", async () => {
  const id = await announce("alice", ROOT, { name: "x.txt", type: "text/plain", size: 9 });
  // Cut off after five bytes: nothing is stored, the row waits for another try.
  const cut = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytesOf("five!"));
      controller.close();
    },
  });
  expect((await send("alice", `PUT ${ROOT}/${id}/content`, cut)).status).toBe(400);
  const key = String((await rowOf(DESK, "papers", id))?.file_upload_key);
  expect(await keys(`${DESK}/papers/${id}/`)).toEqual([]);
  await bucket.put(key, "the bytes");
  await settle(DESK);
  expect(await rowOf(DESK, "papers", id)).toBeUndefined();
  expect(await bucket.head(key)).toBeNull();
});
