/**
 * Any S3 as the storage of files ([FS1]): `files({ storage: s3Storage })`, with the keys of `s3-client.ts` in the environment. Bodies are streamed
 * with their length and without a digest of S3's own; ours is compared before the row becomes visible. Failures are thrown, those of parts
 * with R2's codes.
 */

import { type S3Client, s3Client } from "./s3-client.ts";
import type { StorageAdapter } from "./storage-adapter.ts";

type Query = Readonly<Record<string, string>>;

interface Asked {
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: ReadableStream<Uint8Array> | string;
}

/** What S3 calls an upload that is over, and parts that are not as listed (its API reference, read November 2026). */
const R2_CODES: Readonly<Record<string, number>> = { NoSuchUpload: 10024, InvalidPart: 10025, InvalidPartOrder: 10025 };

export function s3Storage(env: unknown): StorageAdapter {
  // What is kept is the client, not the promise of one: no request of a Worker may wait for what another began.
  let client: S3Client | null = null;
  const send = async (method: string, key: string, { query = {}, ...init }: Asked = {}): Promise<Response> => {
    client ??= await s3Client(env);
    if (client === null)
      throw new Error("files lie in S3: set LEDGE_S3_ENDPOINT, LEDGE_S3_BUCKET, LEDGE_S3_KEY_ID and LEDGE_S3_SECRET");
    const url = client.addressOf(key);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return client.signer.fetch(url, { method, ...init });
  };
  const ask = async (method: string, key: string, asked?: Asked): Promise<Response> => {
    const reply = await send(method, key, asked);
    if (!reply.ok) throw failure(reply.status, await reply.text());
    return reply;
  };
  /** Null for what is not there. */
  const look = async (method: "GET" | "HEAD", key: string, asked?: Asked): Promise<Response | null> => {
    const reply = await send(method, key, asked);
    if (reply.ok) return reply;
    const text = await reply.text();
    if (reply.status === 404) return null;
    throw failure(reply.status, text);
  };
  const typeOf = (contentType: string | undefined) =>
    contentType === undefined ? {} : { headers: { "content-type": contentType } };
  return {
    async head(key) {
      const found = await look("HEAD", key);
      return found === null ? null : { size: Number(found.headers.get("content-length")) };
    },
    async get(key, { range } = {}) {
      const headers: Record<string, string> =
        range === undefined ? {} : { range: `bytes=${range.offset}-${range.offset + range.length - 1}` };
      const found = await look("GET", key, { headers });
      return found === null ? null : { body: found.body ?? new Response("").body ?? new ReadableStream() };
    },
    async put(key, body, { httpMetadata: { contentType } = {} } = {}) {
      await ask("PUT", key, { body, ...typeOf(contentType) });
    },
    async delete(keys) {
      for (const key of [keys].flat()) await ask("DELETE", key);
    },
    async list({ prefix, limit, cursor }) {
      const query = { "list-type": "2", "encoding-type": "url", prefix, "max-keys": String(limit) };
      const reply = await ask("GET", "", {
        query: { ...query, ...(cursor === undefined ? {} : { "continuation-token": cursor }) },
      });
      const text = await reply.text();
      const objects = [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => ({
        key: decodeURIComponent(key.replaceAll("+", " ")),
      }));
      const next = member(text, "NextContinuationToken");
      return next === null || member(text, "IsTruncated") !== "true"
        ? { objects, truncated: false }
        : { objects, truncated: true, cursor: next };
    },
    async createMultipartUpload(key, { httpMetadata: { contentType } = {} } = {}) {
      const reply = await ask("POST", key, { query: { uploads: "" }, ...typeOf(contentType) });
      const uploadId = member(await reply.text(), "UploadId");
      if (uploadId === null) throw new Error("S3 began an upload without an id");
      return { uploadId };
    },
    resumeMultipartUpload: (key, uploadId) => ({
      async uploadPart(number, body) {
        const reply = await ask("PUT", key, { query: { partNumber: String(number), uploadId }, body });
        const etag = reply.headers.get("etag");
        if (etag === null) throw new Error("S3 took a part without a tag");
        return { etag };
      },
      async complete(parts) {
        const listed = parts.map(
          ({ partNumber, etag }) =>
            `<Part><PartNumber>${partNumber}</PartNumber><ETag>${etag.replaceAll('"', "&quot;")}</ETag></Part>`,
        );
        const body = `<CompleteMultipartUpload>${listed.join("")}</CompleteMultipartUpload>`;
        const reply = await ask("POST", key, { query: { uploadId }, body });
        const text = await reply.text();
        // It answers 200 before it begins, and may yet fail.
        if (text.includes("<Error>")) throw failure(reply.status, text);
      },
      async abort() {
        await ask("DELETE", key, { query: { uploadId } });
      },
    }),
  };
}

function member(xml: string, name: string): string | null {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  if (found === undefined) return null;
  return found.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}

function failure(status: number, text: string): Error {
  const code = member(text, "Code") ?? "without a code";
  const known = R2_CODES[code];
  return new Error(`S3 answered ${status} ${code}${known === undefined ? "" : ` (${known})`}`);
}
