/**
 * Bytes of a request on their way to the bucket, chunk by chunk: counted, digested, and looked at where they begin; never more than
 * a chunk of them is in memory. Exactly as many as announced, within the time given, or nothing is stored.
 */

import { Fault } from "../../core/fault.ts";
import { hex } from "../../core/hex.ts";

const CHUNK_BYTES = 262_144;

/** What workerd has beyond the web's own types; written down, because those who name the application's type compile it with a browser's. */
interface WorkerCrypto {
  readonly DigestStream: new (
    algorithm: "SHA-256",
  ) => WritableStream<Uint8Array> & { readonly digest: Promise<ArrayBuffer> };
}
interface BytesReader {
  readAtLeast(bytes: number, into: Uint8Array): Promise<{ readonly value?: Uint8Array | undefined }>;
}

export interface Streamed<T> {
  readonly stored: T;
  /** SHA-256 in hex. */
  readonly sha256: string;
}

export interface StreamOptions<T> {
  readonly size: number;
  /** No byte is sent on after this (ms since 1970). */
  readonly untilMs: number;
  /** Sees the first chunk before any of it is sent on; throws to refuse it. */
  readonly onHead?: (head: Uint8Array) => Promise<void>;
  readonly put: (body: ReadableStream) => Promise<T>;
}

export async function streamToBucket<T>(
  body: ReadableStream<Uint8Array> | null,
  { size, untilMs, onHead, put }: StreamOptions<T>,
): Promise<Streamed<T>> {
  const read = chunksOf(body);
  const first = size === 0 ? null : await read(Math.min(size, CHUNK_BYTES));
  if (first === null && size > 0) throw lengthFault(size, 0);
  await onHead?.(first ?? new Uint8Array());

  const pipe = new FixedLengthStream(size);
  const writer = pipe.writable.getWriter();
  const digest = new (crypto as unknown as WorkerCrypto).DigestStream("SHA-256");
  const digester = digest.getWriter();
  const putting = put(pipe.readable);
  // A bucket that gives up may do so without reading on: then nobody would take the next chunk.
  const refused = putting.then(() => new Promise<never>(() => {}));
  // Their failures are met where the bytes are written, or awaited below.
  for (const promise of [putting, refused, digest.digest, writer.closed, digester.closed]) promise.catch(() => {});
  let sent = 0;
  try {
    // Whole chunks, so that few of them are handled; after the last byte one more is asked for, so that too many are noticed.
    for (let chunk = first; chunk !== null; chunk = await read(Math.min(Math.max(size - sent, 1), CHUNK_BYTES))) {
      sent += chunk.byteLength;
      if (sent > size) throw lengthFault(size, sent);
      if (Date.now() > untilMs) throw new Fault({ slug: "timeout", detail: "The upload took too long" });
      await Promise.race([Promise.all([digester.write(chunk), writer.write(chunk)]), refused]);
    }
    if (sent < size) throw lengthFault(size, sent);
  } catch (error) {
    for (const ended of [writer.abort(error), digester.abort(error)]) ended.catch(() => {});
    if (error instanceof Fault) throw error;
    throw bucketFault();
  }
  try {
    await Promise.race([Promise.all([writer.close(), digester.close()]), refused]);
    return { stored: await putting, sha256: hex(await digest.digest) };
  } catch {
    throw bucketFault();
  }
}

/** Reads on: at least so many bytes where the stream has them, null at its end. */
function chunksOf(body: ReadableStream<Uint8Array> | null): (atLeast: number) => Promise<Uint8Array | null> {
  if (body === null) return async () => null;
  const reader = bytesReader(body);
  if (reader === null) {
    const plain = body.getReader();
    return async () => {
      const { value } = await plain.read().catch(cutOff);
      return value ?? null;
    };
  }
  return async (atLeast) => {
    const { value } = await reader.readAtLeast(atLeast, new Uint8Array(CHUNK_BYTES)).catch(cutOff);
    return value === undefined || value.byteLength === 0 ? null : value;
  };
}

/** Null where the stream is not one of bytes: made by code, not received. */
function bytesReader(body: ReadableStream<Uint8Array>): BytesReader | null {
  try {
    return body.getReader({ mode: "byob" }) as unknown as BytesReader;
  } catch {
    return null;
  }
}

function cutOff(): never {
  throw new Fault({ slug: "malformed-body", detail: "The body could not be read to its end" });
}

function lengthFault(size: number, sent: number): Fault {
  const detail =
    sent > size
      ? `The body has more than the ${size} bytes that were announced`
      : `The body has ${sent} bytes, ${size} were announced`;
  return new Fault({ slug: "malformed-body", detail });
}

function bucketFault(): Fault {
  return new Fault({ slug: "unavailable", retryAfter: 1, detail: "The bytes could not be stored. Send them again." });
}
