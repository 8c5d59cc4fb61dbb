/**
 * Reads a JSON body ([HT4]): type, coding, size (counted while reading, whatever Content-Length says), UTF-8, JSON; in that order.
 * A member named `__proto__` stays an ordinary own member, as JSON.parse makes it; nothing here copies members by name.
 */

import { Fault, invalidField } from "../core/fault.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { MAX_BODY_BYTES } from "./limits.ts";

const JSON_TYPE = /^application\/(?:json|[a-z0-9!#$&^_.+-]+\+json)[ \t]*(?:;|$)/i;
/** JSON columns have a limit of their own, below this one ([HT22]). */
const MAX_BODY_DEPTH = 200;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** The parsed body of a request. `maxBytes` defaults to 1 MB. */
export async function readJsonBody(request: Request, maxBytes = MAX_BODY_BYTES): Promise<Json> {
  if (!JSON_TYPE.test(request.headers.get("content-type") ?? "")) {
    // A body that is not there has no type: that it is missing is the more useful answer.
    if (request.body === null) throw malformed("A body is needed");
    throw new Fault({ slug: "unsupported-media-type", supported: ["application/json"] });
  }
  const coding = request.headers.get("content-encoding");
  // Never unpacked, and not taken as it is either: whatever inspects bodies on the way would have seen another one.
  if (coding !== null && coding.toLowerCase() !== "identity")
    throw new Fault({
      slug: "unsupported-media-type",
      supported: ["application/json"],
      detail: "Send the body without Content-Encoding",
    });
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > maxBytes) throw new Fault({ slug: "payload-too-large", limit: maxBytes, actual: declared });
  const whole = declared > 0 ? wholeReader(request.body) : null;
  const bytes = whole === null ? await readBytes(request.body, maxBytes) : await readWhole(whole, declared);
  if (bytes.byteLength === 0) throw malformed("A body is needed");
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw malformed("The body is not UTF-8");
  }
  const body = parseJson(text);
  // A text of that many characters cannot be nested deeper.
  if (text.length > 2 * MAX_BODY_DEPTH && !isWithinDepth(body, MAX_BODY_DEPTH)) {
    throw malformed(`The body is nested deeper than ${MAX_BODY_DEPTH} levels`);
  }
  return body;
}

/** The same where a body need not be there: undefined for none, also for a stream that is there and ends at once. */
export async function readOptionalJsonBody(request: Request, maxBytes = MAX_BODY_BYTES): Promise<Json | undefined> {
  if (request.body === null || request.headers.get("content-length") === "0") return undefined;
  // A told length, or a type, announces a body. Without either a proxy may have made an empty stream of none.
  if (request.headers.has("content-length")) return readJsonBody(request, maxBytes);
  const bytes = await readBytes(request.body, maxBytes);
  if (bytes.byteLength === 0) return undefined;
  const { headers, url } = request;
  return readJsonBody(new Request(url, { method: "POST", headers, body: new Uint8Array(bytes) }), maxBytes);
}

/** The body where it must be an object; any other JSON is a `validation-error` on the body itself. */
export async function readJsonObject(request: Request): Promise<JsonObject> {
  const body = await readJsonBody(request);
  if (!isJsonObject(body)) throw invalidField("", "must be an object", "type");
  return body;
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw malformed("The body is not JSON", positionOf(error, text));
  }
}

/** Looks no deeper than it allows, so that what walks the body later may do so by recursion. */
function isWithinDepth(value: Json, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((item) => isWithinDepth(item as Json, depth - 1));
}

/** Of workerd alone. Written down, so that `typeof app` also compiles where the types are those of a browser. */
interface WholeReader {
  readAtLeast(bytes: number, into: Uint8Array): Promise<{ readonly value?: Uint8Array | undefined }>;
}

/** Reads a told length in one step, where the stream can (workerd): half the cost of reading until it ends. Null elsewhere. */
function wholeReader(stream: ReadableStream<Uint8Array> | null): WholeReader | null {
  if (stream === null) return null;
  try {
    const reader = stream.getReader({ mode: "byob" });
    if (typeof (reader as Partial<WholeReader>).readAtLeast === "function") return reader as unknown as WholeReader;
    reader.releaseLock();
  } catch {
    // Not a stream of bytes: made by code, not received.
  }
  return null;
}

/** One byte more is asked for than was told, so that the end is seen, and no more is ever read. */
async function readWhole(reader: WholeReader, told: number): Promise<Uint8Array> {
  const { value } = await reader.readAtLeast(told + 1, new Uint8Array(told + 1)).catch(cutOff);
  if (value === undefined || value.byteLength !== told) throw malformed("The body has another length than it says");
  return value;
}

async function readBytes(stream: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<Uint8Array> {
  if (stream === null) return new Uint8Array();
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(cutOff);
    if (done) break;
    length += value.byteLength;
    if (length > maxBytes) {
      // Not awaited: the sender may never stop, and the answer is known.
      reader.cancel().catch(() => {});
      throw new Fault({ slug: "payload-too-large", limit: maxBytes });
    }
    chunks.push(value);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : joined(chunks, length);
}

/** The sender went away, or sent less than it announced. */
function cutOff(): never {
  throw malformed("The body could not be read to its end");
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

/** V8 tells the offset in its message, or that the text ended; other messages quote the text and are not passed on. */
function positionOf(error: unknown, text: string): number | undefined {
  const message = error instanceof Error ? error.message : "";
  const told = /at position (\d+)/.exec(message)?.[1];
  if (told !== undefined) return Number(told);
  return message.startsWith("Unexpected end") ? text.length : undefined;
}

function malformed(detail: string, position?: number): Fault {
  return new Fault({ slug: "malformed-body", detail, ...(position === undefined ? {} : { position }) });
}
