/**
 * Uploads in parts, for files too large for one request and connections that break: `POST /:id/upload` begins one or finds it again and
 * tells which parts are missing, `PUT /:id/upload/<n>` sends one, `POST /:id/upload/complete` puts them together, `DELETE /:id/upload` ends
 * it. Each part that has arrived is in the row, with its digest.
 */

import { Fault, invalidField } from "../../../core/fault.ts";
import type { FileRow, Part, PartUpload, Upload } from "../../../core/files/file-row.ts";
import { checkDeclared } from "../../../core/files/file-rules.ts";
import { missingParts, partBytesFor, partCount, partSize } from "../../../core/files/part-plan.ts";
import { fromHex, hex } from "../../../core/hex.ts";
import type { RowId } from "../../../core/ids.ts";
import type { Json } from "../../../core/json.ts";
import { readReply } from "../../../edge/endpoints/answer.ts";
import { takeParameters } from "../../../edge/endpoints/writes.ts";
import type { TableRequest } from "../../../edge/exchange.ts";
import { readJsonObject } from "../../../edge/read-body.ts";
import type { Params } from "../../../edge/router.ts";
import { bucketOf } from "../bucket.ts";
import { checkDigest, toldDigest } from "../check-digest.ts";
import { checkHead } from "../check-head.ts";
import { fileRulesOf } from "../file-resource.ts";
import { newKey } from "../new-key.ts";
import { completeParts } from "../parts-of-bucket.ts";
import { giveUp, removeFile, writeFile } from "../row-calls.ts";
import { streamToBucket } from "../stream-to-bucket.ts";
import { openUpload, type Uploadable } from "../upload-rights.ts";

/** An upload in parts that goes on. */
interface Going extends Uploadable {
  readonly id: RowId;
  readonly key: string;
  readonly upload: Upload;
  readonly parts: PartUpload;
}

/** Begins, or goes on with what the same caller began for a file of this size and type; all that is left may be to complete it. */
export async function beginParts(request: TableRequest, idOf: () => RowId): Promise<Response> {
  const { entry, env, log, nowMs, principal } = request;
  const rules = fileRulesOf(entry.resource);
  const opened = await openUpload(request, idOf);
  takeParameters(request);
  const id = idOf();
  const { size, type } = await readWhole(request, opened.file);
  checkDeclared({ name: opened.file.name, type, size }, rules);
  const by = principal.kind === "user" ? principal.id : null;
  const { upload } = opened.file;
  const known = upload?.parts;
  if (known !== undefined && upload?.by === by && known.size === size && known.type === type)
    return Response.json(shown(known));
  const bucket = bucketOf(env, log);
  const key = newKey(request, id);
  const begun = await bucket.createMultipartUpload(key, { httpMetadata: { contentType: type } });
  const parts: PartUpload = { id: begun.uploadId, size, type, partBytes: partBytesFor(size), done: [] };
  await writeFile(request, {
    id,
    input: { uploadKey: key, upload: { by, untilMs: nowMs + rules.expiresMs, parts } as unknown as Json },
    scopes: opened.scopes,
    expectVersion: opened.version,
  });
  return Response.json(shown(parts), { status: 201 });
}

export async function showParts(request: TableRequest, idOf: () => RowId): Promise<Response> {
  return Response.json(shown((await openParts(request, idOf)).parts));
}

/** One part: exactly its bytes, and written down when they are there. */
export async function uploadPart(request: TableRequest, idOf: () => RowId, params: Params): Promise<Response> {
  const { entry, env, log, nowMs, request: sent } = request;
  const rules = fileRulesOf(entry.resource);
  const { id, key, upload, parts, scopes } = await openParts(request, idOf);
  const number = /^[1-9][0-9]{0,4}$/.test(params.part ?? "") ? Number(params.part) : 0;
  const size = partSize(parts.size, parts.partBytes, number);
  if (size === null) throw new Fault({ slug: "not-found", detail: `The file has no part ${number}` });
  if (parts.isSealed === true) throw new Fault({ slug: "conflict", reason: "contended" });
  const told = toldDigest(sent.headers);
  const { stored, sha256 } = await streamToBucket(sent.body, {
    size,
    untilMs: nowMs + rules.requestMs,
    ...(number === 1 ? { onHead: (head) => checkHead(head, parts.type, rules) } : {}),
    put: (body) => bucketOf(env, log).resumeMultipartUpload(key, parts.id).uploadPart(number, body),
  });
  checkDigest(told, sha256);
  const part: Part = { number, size, sha256, tag: stored.etag };
  const { file } = await writeFile(request, {
    id,
    input: { upload: { ...upload, parts: { ...parts, done: [part] } } as unknown as Json },
    scopes,
    expectVersion: null,
  });
  return Response.json(shown(file.upload?.parts ?? parts));
}

/**
 * Sealed first, so that the digests that were written down are those of the bytes that are put together. May be repeated until it
 * is answered.
 */
export async function finishParts(request: TableRequest, idOf: () => RowId): Promise<Response> {
  const { env, log } = request;
  const opened = await openParts(request, idOf);
  const { id, key, upload, parts, scopes } = opened;
  const missing = missingParts(parts.size, parts.partBytes, parts.done);
  if (missing.length > 0)
    throw new Fault({
      slug: "conflict",
      reason: "expect",
      detail: `Cannot complete the upload: parts ${missing.slice(0, 20).join(", ")} have not arrived`,
    });
  const sealed = { ...upload, parts: { ...parts, done: [], isSealed: true } } as unknown as Json;
  const { file, version } =
    parts.isSealed === true
      ? opened
      : await writeFile(request, { id, input: { upload: sealed }, scopes, expectVersion: null });
  const done = file.upload?.parts?.done ?? parts.done;
  const tags = done.map(({ tag }) => tag);
  await completeParts(bucketOf(env, log), { key, id: parts.id, size: parts.size, tags }).catch(async (error) => {
    // Such parts will never fit together: whoever begins again is not to be given them.
    if (error instanceof Fault)
      await writeFile(request, { id, input: giveUp(opened), scopes, expectVersion: version }).catch(() => {});
    throw error;
  });
  const { answer } = await writeFile(request, {
    id,
    input: {
      status: "stored",
      blobKey: key,
      hash: await hashOfParts(parts.partBytes, done),
      size: parts.size,
      type: parts.type,
    },
    scopes,
    expectVersion: version,
  });
  const reply = readReply(request, answer);
  return new Response(reply.body, { status: 200, headers: reply.headers });
}

/** Ends an upload, in parts or not. An announced file goes with it; one that is stored keeps its bytes. */
export async function endUpload(request: TableRequest, idOf: () => RowId): Promise<Response> {
  const opened = await openUpload(request, idOf);
  takeParameters(request);
  const id = idOf();
  const { scopes, file } = opened;
  checkIsOwn(request, file);
  if (file.status === "pending")
    await removeFile(request, { id, scopes: { read: scopes.read, delete: scopes.update ?? "" } });
  else if (file.uploadKey !== null)
    await writeFile(request, { id, input: giveUp(opened), scopes, expectVersion: opened.version });
  return new Response(null, { status: 204 });
}

async function openParts(request: TableRequest, idOf: () => RowId): Promise<Going> {
  const opened = await openUpload(request, idOf);
  takeParameters(request);
  const { uploadKey: key, upload } = opened.file;
  checkIsOwn(request, opened.file);
  if (key === null || upload?.parts === undefined)
    throw new Fault({ slug: "not-found", detail: "No upload in parts has begun" });
  return { ...opened, id: idOf(), key, upload, parts: upload.parts };
}

/** Of an announced file only who announced it learns how far it is; the state machine refuses the rest. */
function checkIsOwn({ principal }: TableRequest, { status, upload }: FileRow): void {
  const by = principal.kind === "user" ? principal.id : null;
  if (status === "pending" && (upload?.by ?? null) !== by) throw new Fault({ slug: "forbidden", operation: "upload" });
}

/** What the file will be: as announced, or `{ size, type }` where bytes take the place of others. */
async function readWhole(
  request: TableRequest,
  file: FileRow,
): Promise<{ readonly size: number; readonly type: string }> {
  if (file.status === "pending") return { size: file.size, type: file.type };
  const { size, type } = await readJsonObject(request.request);
  if (typeof size !== "number") throw invalidField("size", "must be the number of bytes", "type");
  if (typeof type !== "string") throw invalidField("type", "must be a media type", "type");
  return { size, type };
}

function shown({ size, type, partBytes, done }: PartUpload): object {
  return {
    size,
    type,
    partBytes,
    parts: partCount(size, partBytes),
    missing: missingParts(size, partBytes, done),
    done: done.map(({ number, size, sha256 }) => ({ number, size, sha256 })),
  };
}

/** The digest of the parts' digests, one after the other: equal for equal content cut alike. */
async function hashOfParts(partBytes: number, done: readonly Part[]): Promise<string> {
  const digests = Uint8Array.from(done.flatMap(({ sha256 }) => [...fromHex(sha256)]));
  return `sha256-${partBytes}:${hex(await crypto.subtle.digest("SHA-256", digests))}`;
}
