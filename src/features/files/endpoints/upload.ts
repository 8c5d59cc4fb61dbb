/**
 * `PUT /:id/content`: the bytes of a file in one request. Intent, bytes, row, in this order: where the bytes will lie is written into the
 * row before the first of them is sent on; the row becomes visible with the commit that says they are there.
 */

import { Fault, invalidField } from "../../../core/fault.ts";
import type { Upload } from "../../../core/files/file-row.ts";
import { checkDeclared, parseMediaType } from "../../../core/files/file-rules.ts";
import type { RowId } from "../../../core/ids.ts";
import type { Json } from "../../../core/json.ts";
import { readReply } from "../../../edge/endpoints/answer.ts";
import { takeParameters } from "../../../edge/endpoints/writes.ts";
import type { TableRequest } from "../../../edge/exchange.ts";
import { bucketOf } from "../bucket.ts";
import { checkDigest, toldDigest } from "../check-digest.ts";
import { checkHead } from "../check-head.ts";
import { fileRulesOf } from "../file-resource.ts";
import { newKey } from "../new-key.ts";
import { writeFile } from "../row-calls.ts";
import { streamToBucket } from "../stream-to-bucket.ts";
import { openUpload, type Uploadable } from "../upload-rights.ts";

export async function uploadContent(request: TableRequest, idOf: () => RowId): Promise<Response> {
  const { entry, env, log, nowMs, principal } = request;
  const rules = fileRulesOf(entry.resource);
  const opened = await openUpload(request, idOf);
  takeParameters(request);
  const id = idOf();
  const { type, size } = readDeclaration(request.request.headers, opened);
  checkDeclared({ name: opened.file.name, type, size }, rules);
  const told = toldDigest(request.request.headers);
  const bucket = bucketOf(env, log);

  const key = newKey(request, id);
  const upload: Upload = { by: principal.kind === "user" ? principal.id : null, untilMs: nowMs + rules.requestMs };
  const claimed = await writeFile(request, {
    id,
    input: { uploadKey: key, upload: upload as unknown as Json },
    scopes: opened.scopes,
    expectVersion: opened.version,
  });
  const { sha256 } = await streamToBucket(request.request.body, {
    size,
    untilMs: nowMs + rules.requestMs,
    onHead: (head) => checkHead(head, type, rules),
    put: (body) => bucket.put(key, body, { httpMetadata: { contentType: type } }),
  });
  checkDigest(told, sha256);
  const { answer } = await writeFile(request, {
    id,
    input: { status: "stored", blobKey: key, hash: `sha256:${sha256}`, type, size },
    scopes: opened.scopes,
    expectVersion: claimed.version,
  });
  const reply = readReply(request, answer);
  return new Response(reply.body, { status: 200, headers: reply.headers });
}

/** Of an announced file type and size are known; bytes that take the place of others bring theirs along. */
function readDeclaration(headers: Headers, { file }: Uploadable): { readonly type: string; readonly size: number } {
  const coding = headers.get("content-encoding");
  if (coding !== null && coding.toLowerCase() !== "identity")
    throw new Fault({
      slug: "unsupported-media-type",
      supported: [file.type],
      detail: "Send the bytes without Content-Encoding",
    });
  const length = headers.get("content-length");
  const told = parseMediaType(headers.get("content-type") ?? "");
  if (file.status === "pending") {
    if (length !== null && Number(length) !== file.size)
      throw invalidField("content-length", `must be ${file.size}, as announced`, "size");
    return { type: file.type, size: file.size };
  }
  if (length === null) throw invalidField("content-length", "is needed where a file is replaced", "required");
  return { type: told ?? file.type, size: Number(length) };
}
