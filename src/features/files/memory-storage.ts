/** A bucket in memory, for tests of an application: everything that a `StorageAdapter` promises, for as long as the process lives. */

import { hex } from "../../core/hex.ts";
import type { StorageAdapter } from "./storage-adapter.ts";

interface PartUpload {
  readonly key: string;
  readonly parts: Map<number, { readonly etag: string; readonly bytes: Uint8Array<ArrayBuffer> }>;
}

export function memoryStorage(): StorageAdapter {
  const objects = new Map<string, Uint8Array<ArrayBuffer>>();
  const uploads = new Map<string, PartUpload>();
  const going = (key: string, id: string): PartUpload => {
    const upload = uploads.get(id);
    if (upload?.key !== key) throw new Error("The upload does not exist (10024)");
    return upload;
  };
  return {
    async head(key) {
      const bytes = objects.get(key);
      return bytes === undefined ? null : { size: bytes.byteLength };
    },
    async get(key, { range } = {}) {
      const bytes = objects.get(key);
      if (bytes === undefined) return null;
      return { body: streamOf(range === undefined ? bytes : bytes.slice(range.offset, range.offset + range.length)) };
    },
    async put(key, body) {
      const bytes = await bytesOf(body);
      objects.set(key, bytes);
    },
    async delete(keys) {
      for (const key of [keys].flat()) objects.delete(key);
    },
    async list({ prefix, limit, cursor = "" }) {
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > cursor).sort();
      const page = keys.slice(0, limit).map((key) => ({ key }));
      const last = page.at(-1)?.key;
      if (keys.length <= limit || last === undefined) return { objects: page, truncated: false };
      return { objects: page, truncated: true, cursor: last };
    },
    async createMultipartUpload(key) {
      const uploadId = crypto.randomUUID();
      uploads.set(uploadId, { key, parts: new Map() });
      return { uploadId };
    },
    resumeMultipartUpload: (key, id) => ({
      async uploadPart(number, body) {
        going(key, id);
        const bytes = await bytesOf(body);
        const etag = hex(await crypto.subtle.digest("SHA-256", bytes));
        going(key, id).parts.set(number, { etag, bytes });
        return { etag };
      },
      async complete(listed) {
        const { parts } = going(key, id);
        const found = listed.map(({ partNumber, etag }) => {
          const part = parts.get(partNumber);
          if (part?.etag !== etag) throw new Error(`Part ${partNumber} is not there (10025)`);
          return part.bytes;
        });
        objects.set(key, joined(found));
        uploads.delete(id);
      },
      async abort() {
        going(key, id);
        uploads.delete(id);
      },
    }),
  };
}

async function bytesOf(body: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(body).arrayBuffer());
}

function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  return new Response(bytes).body ?? new ReadableStream({ start: (controller) => controller.close() });
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}
