/** The contract of a storage ([FS1]), held by R2, by the one in memory and by S3 over HTTP; and the feature on these. */

import { env } from "cloudflare:test";
import { describe, expect, inject, it } from "vitest";
import { setStorage } from "../../../src/features/files/bucket.ts";
import { memoryStorage, type StorageAdapter, s3Storage } from "../../../src/features/files/files.ts";
import { app } from "./app.ts";
import { bucket } from "./client.ts";

/** Of `fake-s3.ts`. */
const S3 = inject("s3");

const STORAGES: Readonly<Record<string, StorageAdapter>> = { R2: bucket, memory: memoryStorage(), S3: s3Storage(S3) };

function streamOf(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  const { readable, writable } = new FixedLengthStream(bytes.length);
  const writer = writable.getWriter();
  void writer.write(bytes).then(() => writer.close());
  return readable;
}

const textOf = async (found: { readonly body: ReadableStream } | null) =>
  found === null ? null : new Response(found.body).text();

describe.each(Object.entries(STORAGES))("%s", (name, storage) => {
  const key = (text: string) => `contract/${name}/${text}`;

  it("[FS1] holds what was put, whole and by range, until it is deleted", async () => {
    expect([await storage.head(key("a")), await storage.get(key("a"))]).toEqual([null, null]);
    await storage.put(key("a"), streamOf("hello"), { httpMetadata: { contentType: "text/plain" } });
    expect((await storage.head(key("a")))?.size).toBe(5);
    expect(await textOf(await storage.get(key("a")))).toBe("hello");
    expect(await textOf(await storage.get(key("a"), { range: { offset: 1, length: 3 } }))).toBe("ell");
    await storage.put(key("a"), streamOf("again"));
    expect(await textOf(await storage.get(key("a")))).toBe("again");
    await storage.put(key("empty"), streamOf(""));
    expect((await storage.head(key("empty")))?.size).toBe(0);
    await storage.delete([key("a"), key("absent")]);
    await storage.delete(key("empty"));
    expect(await storage.head(key("a"))).toBeNull();
  });

  it("[FS1] a stream that fails leaves what was there", async () => {
    await storage.put(key("kept"), streamOf("kept"));
    const { readable, writable } = new FixedLengthStream(10);
    const writer = writable.getWriter();
    const put = storage.put(key("kept"), readable);
    put.catch(() => {});
    await writer.write(new Uint8Array(3));
    await writer.abort(new Error("cut off")).catch(() => {});
    await expect(put).rejects.toThrow();
    expect(await textOf(await storage.get(key("kept")))).toBe("kept");
  });

  it("[FS1] lists keys in their order, page by page", async () => {
    for (const each of ["3", "1", "2"]) await storage.put(key(`list/${each}`), streamOf(each));
    const first = await storage.list({ prefix: key("list/"), limit: 2 });
    expect(first.objects.map((object) => object.key)).toEqual([key("list/1"), key("list/2")]);
    if (!first.truncated) throw new Error("there is more");
    const rest = await storage.list({ prefix: key("list/"), limit: 2, cursor: first.cursor });
    expect([rest.objects.map((object) => object.key), rest.truncated]).toEqual([[key("list/3")], false]);
  });

  it("[FS1] parts appear when they are put together, the last of each number; what is over says so", async () => {
    const { uploadId } = await storage.createMultipartUpload(key("parts"));
    const upload = storage.resumeMultipartUpload(key("parts"), uploadId);
    const old = await upload.uploadPart(1, streamOf("x".repeat(100)));
    const one = await upload.uploadPart(1, streamOf("one"));
    expect(await storage.head(key("parts"))).toBeNull();
    await expect(upload.complete([{ partNumber: 1, etag: old.etag }])).rejects.toThrow(/\((?:10025|10048)\)/);
    await upload.complete([{ partNumber: 1, etag: one.etag }]);
    expect(await textOf(await storage.get(key("parts")))).toBe("one");
    await expect(upload.uploadPart(2, streamOf("two"))).rejects.toThrow(/\(10024\)|does not exist/i);

    const other = await storage.createMultipartUpload(key("ended"));
    const ended = storage.resumeMultipartUpload(key("ended"), other.uploadId);
    await ended.abort();
    await expect(ended.uploadPart(1, streamOf("x"))).rejects.toThrow(/\(10024\)|does not exist/i);
  });
});

/** Announces a file, sends its bytes and reads them. */
async function through(bound: object): Promise<readonly [number, string]> {
  const headers = { authorization: "Bearer dev:alice", "content-type": "application/json" };
  const row = JSON.stringify({ name: "m.txt", type: "text/plain", size: 6 });
  const made = await app.request("/api/papers", { method: "POST", headers, body: row }, bound as never);
  const { id } = (await made.json()) as { readonly id: string };
  const at = `/api/papers/${id}/content`;
  const put = { method: "PUT", headers: { authorization: "Bearer dev:alice" }, body: crypto.randomUUID().slice(0, 6) };
  const { status } = await app.request(at, put, bound as never);
  const reply = await app.request(at, { headers }, bound as never);
  const text = await reply.text();
  return [status, text === put.body ? "as it was sent" : text];
}

it("[FS1] an application stores its files wherever LEDGE_FILES leads", async () => {
  const storage = memoryStorage();
  expect(await through({ ...env, LEDGE_FILES: storage })).toEqual([200, "as it was sent"]);
  expect((await storage.list({ prefix: "t/test/desk/", limit: 10 })).objects).toHaveLength(1);
});

it("[FS1] without a bucket it stores them in S3, if it is told to and has the keys", async () => {
  const { LEDGE_FILES: _, ...unbound } = env as unknown as Record<string, unknown>;
  expect((await through({ ...unbound, ...S3 }))[0]).toBe(503);
  setStorage(s3Storage);
  try {
    expect(await through({ ...unbound, ...S3 })).toEqual([200, "as it was sent"]);
    const { objects } = await s3Storage(S3).list({ prefix: "t/test/desk/", limit: 10 });
    expect(objects).toHaveLength(1);
    // Keys that S3 does not know, and none.
    for (const wrong of [{ ...S3, LEDGE_S3_SECRET: "another" }, {}])
      expect((await through({ ...unbound, ...wrong }))[0]).toBe(503);
    await expect(s3Storage({}).head("x")).rejects.toThrow("set LEDGE_S3_ENDPOINT");
    await expect(s3Storage({ ...S3, LEDGE_S3_SECRET: "another" }).get("x")).rejects.toThrow(
      "403 SignatureDoesNotMatch",
    );
  } finally {
    setStorage(undefined);
  }
});
