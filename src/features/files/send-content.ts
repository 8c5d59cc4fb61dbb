/**
 * The bytes of a file as a reply, whole, a range of them, or an image in the size of a preset. What the row says decides on the reply; the
 * bucket is asked only where bytes are to be sent. Whoever calls has settled that they may be.
 */

import { Fault, invalidField } from "../../core/fault.ts";
import { contentHeaders } from "../../core/files/content-headers.ts";
import { answerContent, type ContentRequest, type StoredContent } from "../../core/files/content-range.ts";
import type { FileRow } from "../../core/files/file-row.ts";
import { type FullPreset, isResized, presetTag } from "../../core/files/image-preset.ts";
import { parseTagCondition } from "../../core/protocol/etag.ts";
import type { TableRequest } from "../../edge/exchange.ts";
import { bucketOf } from "./bucket.ts";
import { presetsOf } from "./file-resource.ts";
import { imagesOf, resizeImage } from "./resize-image.ts";
import type { LoadedFile } from "./row-calls.ts";

/** How bytes are asked for. `preset`: the name of one of the table's; null: as they are. */
export interface Wish {
  readonly use: "download" | "show";
  readonly preset: string | null;
  /** By a link, which pages of other sites may show. */
  readonly isLinked?: true;
}

/** The Images binding takes no larger source (its limits page, read November 2026). */
const MAX_IMAGE_BYTES = 20_000_000;

/** Between a look at the row and one into the bucket other bytes may take the place of these: then the row is loaded again. */
export async function sendContent(
  request: TableRequest,
  load: () => Promise<LoadedFile>,
  wish: Wish,
): Promise<Response> {
  for (let missed: string | null = null; ; ) {
    const found = await load();
    const { blobKey } = found.file;
    if (blobKey !== null && blobKey === missed)
      throw new Error(`the bucket has nothing under ${blobKey}, which a row holds`);
    const reply = await replyWith(request, found, wish);
    if (reply !== null) return reply;
    missed = blobKey;
  }
}

/** Null: the bucket does not have what the row held. */
async function replyWith(
  request: TableRequest,
  { row, file }: LoadedFile,
  { use, preset: wished, isLinked }: Wish,
): Promise<Response | null> {
  const { blobKey, hash, size, name, type } = file;
  if (blobKey === null || hash === null) throw new Fault({ slug: "not-found" });
  const preset = wished === null ? null : checkPreset(request, file, wished);
  const storedMs = Date.parse(String(row.storedAt));
  const tag = preset === null ? hash : presetTag(hash, preset);
  const content: StoredContent = { size, tag, storedAtS: Math.trunc(storedMs / 1000) };
  const asked = readContentRequest(request.request.headers);
  // What is made anew each time has no ranges that could be continued.
  const answer = answerContent(preset === null ? asked : { ...asked, range: null }, content);
  const headers = new Headers(
    contentHeaders({
      name: preset === null ? name : `${name}.${preset.format}`,
      type: preset === null ? type : `image/${preset.format}`,
      tag,
      storedAt: new Date(storedMs).toUTCString(),
      use,
      reach: isLinked === true || request.principal.kind === "anonymous" ? "anywhere" : "site",
    }),
  );
  headers.set("cache-control", cacheControl(request));
  if (preset !== null) headers.delete("accept-ranges");
  if (answer.status === 412) throw new Fault({ slug: "precondition-failed", currentETag: `"${tag}"` });
  if (answer.status === 304) return new Response(null, { status: 304, headers });
  if (answer.status === 416) throw new Fault({ slug: "range-not-satisfiable", size });
  const range = answer.status === 206 ? { offset: answer.offset, length: answer.length } : null;
  if (range !== null) headers.set("content-range", `bytes ${range.offset}-${range.offset + range.length - 1}/${size}`);
  if (preset === null) headers.set("content-length", String(range?.length ?? size));
  if (request.request.method === "HEAD") return new Response(null, { status: answer.status, headers });
  const found = await bucketOf(request.env, request.log).get(blobKey, range === null ? {} : { range });
  if (found === null) return null;
  const body = preset === null ? found.body : await resizeImage(request, found.body, preset);
  return new Response(body, { status: answer.status, headers });
}

/** The preset, if the table has it and the file can be resized at all. */
function checkPreset({ entry, env, log }: TableRequest, { type, size }: FileRow, name: string): FullPreset {
  const presets = presetsOf(entry.resource);
  const preset = presets.get(name);
  if (preset === undefined) {
    const names = [...presets.keys()].join(", ");
    throw invalidField("preset", names === "" ? "is for tables with presets" : `must be one of ${names}`, "enum");
  }
  if (!isResized(type)) throw invalidField("preset", `is for images, and the file is ${type}`, "file");
  if (size > MAX_IMAGE_BYTES) throw new Fault({ slug: "payload-too-large", limit: MAX_IMAGE_BYTES, actual: size });
  imagesOf(env, log);
  return preset;
}

function readContentRequest(headers: Headers): ContentRequest {
  const tags = (name: string) => {
    const value = headers.get(name);
    return value === null ? null : parseTagCondition(name, value);
  };
  const ifRange = headers.get("if-range");
  return {
    ifMatch: tags("if-match"),
    ifNoneMatch: tags("if-none-match"),
    ifModifiedSinceS: seconds(headers.get("if-modified-since")),
    ifUnmodifiedSinceS: seconds(headers.get("if-unmodified-since")),
    ifRange,
    ifRangeS: seconds(ifRange),
    range: headers.get("range"),
  };
}

/** An HTTP date in seconds since 1970; null for anything else. */
function seconds(date: string | null): number | null {
  if (date === null || !/^[A-Z][a-z]{2,8}, .{8,30} GMT$/.test(date)) return null;
  const ms = Date.parse(date);
  return Number.isNaN(ms) ? null : Math.trunc(ms / 1000);
}

/** Kept by the client, and asked again by tag; by shared caches where the table says so and anybody may read. */
function cacheControl({ principal, entry }: TableRequest): string {
  const isShared = principal.kind === "anonymous" && entry.resource.config.cache?.public === true;
  return isShared ? "public, no-cache" : "private, no-cache";
}
