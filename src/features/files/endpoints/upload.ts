/** `PUT /:id/content`: the bytes of a file in one request, announced ones or such that take the place of others. */

import { Fault, invalidField } from "../../../core/fault.ts";
import { checkDeclared, parseMediaType } from "../../../core/files/file-rules.ts";
import type { RowId } from "../../../core/ids.ts";
import { readReply } from "../../../edge/endpoints/answer.ts";
import { takeParameters } from "../../../edge/endpoints/writes.ts";
import type { TableRequest } from "../../../edge/exchange.ts";
import { toldDigest } from "../check-digest.ts";
import { fileRulesOf } from "../file-resource.ts";
import { storeBytes } from "../store-bytes.ts";
import { openUpload, type Uploadable } from "../upload-rights.ts";

export async function uploadContent(request: TableRequest, idOf: () => RowId): Promise<Response> {
  const { headers, body } = request.request;
  const opened = await openUpload(request, idOf);
  takeParameters(request);
  const { type, size } = readDeclaration(headers, opened);
  checkDeclared({ name: opened.file.name, type, size }, fileRulesOf(request.entry.resource));
  const answer = await storeBytes(request, opened, idOf(), { body, size, type, told: toldDigest(headers) });
  const reply = readReply(request, answer);
  return new Response(reply.body, { status: 200, headers: reply.headers });
}

/** Of an announced file type and size are known; bytes that take the place of others bring theirs along. */
function readDeclaration(headers: Headers, { file }: Uploadable): { readonly type: string; readonly size: number } {
  refuseCoding(headers, file.type);
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

/** Bytes are stored as they come; nobody unpacks them. */
export function refuseCoding(headers: Headers, type: string): void {
  const coding = headers.get("content-encoding");
  if (coding !== null && coding.toLowerCase() !== "identity")
    throw new Fault({
      slug: "unsupported-media-type",
      supported: [type],
      detail: "Send the bytes without Content-Encoding",
    });
}
