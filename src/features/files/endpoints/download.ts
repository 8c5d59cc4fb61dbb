/**
 * `GET /:id/content`: the bytes of a file, whole or a range of them, as they come from the bucket. What the row says decides on the
 * reply; the bucket is asked only where bytes are to be sent. `?use=show` shows what can be shown without harm.
 */

import { Fault, invalidField } from "../../../core/fault.ts";
import { contentHeaders } from "../../../core/files/content-headers.ts";
import { answerContent, type ContentRequest, type StoredContent } from "../../../core/files/content-range.ts";
import type { FileRow } from "../../../core/files/file-row.ts";
import type { RowId } from "../../../core/ids.ts";
import { parseTagCondition } from "../../../core/protocol/etag.ts";
import type { Row } from "../../../core/schema/table-spec.ts";
import { readQuery, readScope } from "../../../edge/endpoints/read-access.ts";
import type { TableRequest } from "../../../edge/exchange.ts";
import { bucketOf } from "../bucket.ts";
import { loadFile } from "../row-calls.ts";

export async function downloadContent(request: TableRequest, idOf: () => RowId): Promise<Response> {
  const scope = await readScope(request);
  const id = idOf();
  const use = readUse(request);
  const { row, file } = await loadFile(request, id, scope);
  return sendContent(request, row, file, use);
}

export function readUse(request: TableRequest): "download" | "show" {
  const use = readQuery(request, ["use"]).get("use") ?? "download";
  if (use !== "download" && use !== "show") throw invalidField("use", "must be download or show", "enum");
  return use;
}

export async function sendContent(
  request: TableRequest,
  row: Row,
  file: FileRow,
  use: "download" | "show",
): Promise<Response> {
  const { blobKey, hash, size, name, type } = file;
  if (blobKey === null || hash === null) throw new Fault({ slug: "not-found" });
  const storedMs = Date.parse(String(row.storedAt));
  const content: StoredContent = { size, tag: hash, storedAtS: Math.trunc(storedMs / 1000) };
  const answer = answerContent(readContentRequest(request.request.headers), content);
  const headers = new Headers(
    contentHeaders({ name, type, tag: hash, storedAt: new Date(storedMs).toUTCString(), use }),
  );
  headers.set("cache-control", cacheControl(request));
  if (answer.status === 412) throw new Fault({ slug: "precondition-failed", currentETag: `"${hash}"` });
  if (answer.status === 304) return new Response(null, { status: 304, headers });
  if (answer.status === 416) throw new Fault({ slug: "range-not-satisfiable", size });
  const range = answer.status === 206 ? { offset: answer.offset, length: answer.length } : null;
  if (range !== null) headers.set("content-range", `bytes ${range.offset}-${range.offset + range.length - 1}/${size}`);
  headers.set("content-length", String(range?.length ?? size));
  if (request.request.method === "HEAD") return new Response(null, { status: answer.status, headers });
  const found = await bucketOf(request.env, request.log).get(blobKey, range === null ? {} : { range });
  if (found === null) throw new Error(`the bucket has nothing under ${blobKey}, which a row holds`);
  return new Response(found.body, { status: answer.status, headers });
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
