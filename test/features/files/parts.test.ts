import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { announce, bucket, keys, PNG, rowOf, send, settle, store, sweep, tables } from "./client.ts";

const DESK = "t/test/desk";
const ROOT = "/api/papers";
const MIB = 1_048_576;
const PART = 8 * MIB;

/** Bytes that differ from place to place and from file to file, and show no signature. */
function bytesOf(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index += 997) bytes[index] = (index * 31 + seed) % 251;
  return bytes;
}

const partOf = (bytes: Uint8Array, number: number) => bytes.subarray((number - 1) * PART, number * PART);
const digestOf = async (bytes: Uint8Array) =>
  [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");

async function begin(size: number, name = "big.bin"): Promise<string> {
  const id = await announce("alice", ROOT, { name, type: "application/octet-stream", size });
  const { status, json } = await send("alice", `POST ${ROOT}/${id}/upload`);
  expect([status, json.partBytes, json.parts]).toEqual([201, PART, Math.max(Math.ceil(size / PART), 1)]);
  return id;
}

it("[FS2] an upload in parts is broken after any of them, found again, and stored as a whole", async () => {
  const bytes = bytesOf(2 * PART + 1234, 1);
  const id = await begin(bytes.length);
  for (const [index, number] of [3, 1, 2].entries()) {
    const put = await send("alice", `PUT ${ROOT}/${id}/upload/${number}`, partOf(bytes, number));
    expect(put.status, JSON.stringify(put.json)).toBe(200);
    // Whoever comes back finds what has arrived, by asking and by beginning again.
    const found = await send("alice", `GET ${ROOT}/${id}/upload`);
    expect((found.json.done as unknown[]).length).toBe(index + 1);
    expect((await send("alice", `POST ${ROOT}/${id}/upload`)).json).toEqual(found.json);
    expect((await send("alice", `GET ${ROOT}/${id}`)).status).toBe(404);
    if (index < 2) expect((await send("alice", `POST ${ROOT}/${id}/upload/complete`)).status).toBe(409);
  }
  const { json } = await send("alice", `GET ${ROOT}/${id}/upload`);
  const digests = await Promise.all([1, 2, 3].map((number) => digestOf(partOf(bytes, number))));
  expect(json).toMatchObject({ missing: [], done: digests.map((sha256, at) => ({ number: at + 1, sha256 })) });
  const done = await send("alice", `POST ${ROOT}/${id}/upload/complete`);
  expect(done.status, JSON.stringify(done.json)).toBe(200);
  const joined = Uint8Array.from(digests.flatMap((hex) => (hex.match(/../g) ?? []).map((pair) => Number(`0x${pair}`))));
  expect(done.json).toMatchObject({ status: "stored", hash: `sha256-${PART}:${await digestOf(joined)}` });
  const got = await send("alice", `GET ${ROOT}/${id}/content`);
  expect(await digestOf(got.bytes)).toBe(await digestOf(bytes));
  const range = await send("alice", `GET ${ROOT}/${id}/content`, undefined, { range: `bytes=${PART - 2}-${PART + 1}` });
  expect(range.bytes).toEqual(bytes.subarray(PART - 2, PART + 2));
  expect((await send("alice", `GET ${ROOT}/${id}/upload`)).status).toBe(404);
});

it("[FS4] a part has its size, its digest, and the first one the type", async () => {
  const bytes = bytesOf(PART + 10, 2);
  const id = await begin(bytes.length);
  const put = async (part: string, body: Uint8Array, headers = {}) =>
    (await send("alice", `PUT ${ROOT}/${id}/upload/${part}`, body, headers)).status;
  expect(await put("2", bytes.subarray(0, 9))).toBe(400);
  expect(await put("2", bytes.subarray(0, 11))).toBe(400);
  expect(await put("1", bytes.subarray(0, 11))).toBe(400);
  for (const part of ["0", "3", "01", "-1", "1.5", "x", "99999999"]) expect(await put(part, PNG)).toBe(404);
  expect(await put("2", bytes.subarray(0, 10), { "content-digest": `sha-256=:${"A".repeat(43)}=:` })).toBe(400);
  expect((await send("alice", `GET ${ROOT}/${id}/upload`)).json).toMatchObject({ missing: [1, 2] });

  const text = await announce("alice", ROOT, { name: "t.txt", type: "text/plain", size: PNG.length });
  await send("alice", `POST ${ROOT}/${text}/upload`);
  expect((await send("alice", `PUT ${ROOT}/${text}/upload/1`, PNG)).status).toBe(415);
});

it("[FS2] a part may be sent again; the last one counts", async () => {
  const bytes = bytesOf(100, 3);
  const id = await begin(bytes.length);
  for (const seed of [4, 5, 3]) {
    expect((await send("alice", `PUT ${ROOT}/${id}/upload/1`, bytesOf(100, seed))).status).toBe(200);
  }
  expect((await send("alice", `POST ${ROOT}/${id}/upload/complete`)).status).toBe(200);
  expect((await send("alice", `GET ${ROOT}/${id}/content`)).bytes).toEqual(bytes);
});

it("[FS2] nobody else goes on with an upload, and ending it ends the announcement with its bytes", async () => {
  const id = await begin(PART + 1);
  await send("alice", `PUT ${ROOT}/${id}/upload/2`, new Uint8Array(1));
  for (const request of ["GET upload", "POST upload", "PUT upload/1", "POST upload/complete", "DELETE upload"]) {
    const [method, path] = request.split(" ");
    expect([request, (await send("bob", `${method} ${ROOT}/${id}/${path}`)).status]).toEqual([request, 404]);
    const open = await announce("alice", "/api/@parts/binned", { name: "o", type: "text/plain", size: 3 });
    await send("alice", `POST /api/@parts/binned/${open}/upload`);
    const foreign = await send("bob", `${method} /api/@parts/binned/${open}/${path}`);
    expect([request, foreign.status]).toEqual([request, 403]);
  }
  const key = String((await rowOf(DESK, "papers", id))?.file_upload_key);
  expect((await send("alice", `DELETE ${ROOT}/${id}/upload`)).status).toBe(204);
  expect(await rowOf(DESK, "papers", id)).toBeUndefined();
  await settle(DESK);
  expect(await keys(`${DESK}/papers/${id}/`)).toEqual([]);
  // What comes late finds nothing to add to.
  const row = (await bucket.createMultipartUpload(key)).uploadId;
  await bucket.resumeMultipartUpload(key, row).abort();
  expect((await send("alice", `PUT ${ROOT}/${id}/upload/1`, new Uint8Array(PART))).status).toBe(404);
});

it("[FS2] bytes may be replaced in parts; until they are all there the old ones are served, and ending it keeps them", async () => {
  const old = bytesOf(10, 6);
  const id = await store("alice", ROOT, { name: "r.bin", type: "application/octet-stream" }, old);
  const young = { size: 20, type: "application/octet-stream" };
  expect((await send("alice", `POST ${ROOT}/${id}/upload`)).status).toBe(400);
  expect((await send("alice", `POST ${ROOT}/${id}/upload`, { ...young, size: 10 ** 9 })).status).toBe(413);
  expect((await send("alice", `POST ${ROOT}/${id}/upload`, young)).status).toBe(201);
  await send("alice", `PUT ${ROOT}/${id}/upload/1`, bytesOf(20, 7));
  expect((await send("alice", `GET ${ROOT}/${id}/content`)).bytes).toEqual(old);
  expect((await send("alice", `DELETE ${ROOT}/${id}/upload`)).status).toBe(204);
  expect((await send("alice", `POST ${ROOT}/${id}/upload/complete`)).status).toBe(404);

  await send("alice", `POST ${ROOT}/${id}/upload`, young);
  await send("alice", `PUT ${ROOT}/${id}/upload/1`, bytesOf(20, 8));
  expect((await send("alice", `POST ${ROOT}/${id}/upload/complete`)).json).toMatchObject({
    size: 20,
    status: "stored",
  });
  expect((await send("alice", `GET ${ROOT}/${id}/content`)).bytes).toEqual(bytesOf(20, 8));
  await settle(DESK);
  expect(await keys(`${DESK}/papers/${id}/`)).toHaveLength(1);
});

it("[FS2] an upload that broke at its last step is found with nothing missing; one that will never fit together is begun anew", async () => {
  const bytes = bytesOf(100, 11);
  const id = await begin(bytes.length);
  await send("alice", `PUT ${ROOT}/${id}/upload/1`, bytes);
  const seal = () =>
    runInDurableObject(tables.getByName(DESK), (_, state) => {
      const sealed =
        "UPDATE papers SET file_upload = json_set(file_upload, '$.parts.isSealed', json('true')) WHERE id = ?";
      state.storage.sql.exec(sealed, id);
    });
  await seal();
  const found = await send("alice", `POST ${ROOT}/${id}/upload`);
  expect([found.status, found.json.missing]).toEqual([200, []]);

  const row = await rowOf(DESK, "papers", id);
  const { parts } = JSON.parse(String(row?.file_upload)) as { parts: { id: string } };
  await bucket.resumeMultipartUpload(String(row?.file_upload_key), parts.id).abort();
  expect((await send("alice", `POST ${ROOT}/${id}/upload/complete`)).json.reason).toBe("contended");
  expect((await send("alice", `POST ${ROOT}/${id}/upload`)).status).toBe(201);
  await send("alice", `PUT ${ROOT}/${id}/upload/1`, bytes);
  expect((await send("alice", `POST ${ROOT}/${id}/upload/complete`)).status).toBe(200);
  expect((await send("alice", `GET ${ROOT}/${id}/content`)).bytes).toEqual(bytes);
});

it("[FS2] an upload that another one has taken over adds nothing to it", async () => {
  const id = await begin(100);
  const before = await rowOf(DESK, "papers", id);
  expect((await send("alice", `PUT ${ROOT}/${id}/content`, bytesOf(100, 9))).status).toBe(200);
  expect((await send("alice", `PUT ${ROOT}/${id}/upload/1`, bytesOf(100, 10))).status).toBe(404);
  await settle(DESK);
  const key = String(before?.file_upload_key);
  const { parts } = JSON.parse(String(before?.file_upload)) as { parts: { id: string } };
  // Ended in the bucket, so that nothing can arrive there any more.
  await expect(bucket.resumeMultipartUpload(key, parts.id).uploadPart(1, "late")).rejects.toThrow();
  expect(await sweep("look")).toEqual({ orphans: [], lost: [], overdue: [] });
});
