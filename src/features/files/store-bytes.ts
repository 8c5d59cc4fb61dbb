/**
 * Intent, bytes, row, in this order: where the bytes will lie is written into the row before the first of them is sent on; the row becomes
 * visible with the commit that says they are there. The same for bytes of a request, of an attachment, of another object.
 */

import type { Upload } from "../../core/files/file-row.ts";
import type { RowId } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";
import type { ObjectAnswer } from "../../edge/endpoints/answer.ts";
import type { TableRequest } from "../../edge/exchange.ts";
import { bucketOf } from "./bucket.ts";
import { checkDigest } from "./check-digest.ts";
import { checkHead } from "./check-head.ts";
import { fileRulesOf } from "./file-resource.ts";
import { newKey } from "./new-key.ts";
import { giveUp, writeFile } from "./row-calls.ts";
import { streamToBucket } from "./stream-to-bucket.ts";
import type { Uploadable } from "./upload-rights.ts";

export interface ArrivingBytes {
  readonly body: ReadableStream<Uint8Array> | null;
  readonly size: number;
  readonly type: string;
  /** SHA-256 in hex that the sender tells; null: none. */
  readonly told: string | null;
  /** How the row is to name what was stored already under a digest of parts. Default: `sha256:<hex>` of the bytes. */
  readonly hash?: string;
}

export async function storeBytes(
  request: TableRequest,
  opened: Uploadable,
  id: RowId,
  { body, size, type, told, hash }: ArrivingBytes,
): Promise<ObjectAnswer> {
  const { entry, env, log, nowMs, principal } = request;
  const rules = fileRulesOf(entry.resource);
  const bucket = bucketOf(env, log);
  const key = newKey(request, id);
  const untilMs = nowMs + rules.requestMs;
  const upload: Upload = { by: principal.kind === "user" ? principal.id : null, untilMs };
  const { scopes } = opened;
  const claimed = await writeFile(request, {
    id,
    input: { uploadKey: key, upload: upload as unknown as Json },
    scopes,
    expectVersion: opened.version,
  });
  const arrive = async () => {
    const { sha256 } = await streamToBucket(body, {
      size,
      untilMs,
      onHead: (head) => checkHead(head, type, rules),
      put: (bytes) => bucket.put(key, bytes, { httpMetadata: { contentType: type } }),
    });
    checkDigest(told, sha256);
    return sha256;
  };
  const sha256 = await arrive().catch(async (error) => {
    // Of an announced file the announcement ends them; if this fails, the claim's own expiry does.
    if (opened.file.status === "stored")
      await writeFile(request, { id, input: giveUp(opened), scopes, expectVersion: claimed.version }).catch(() => {});
    throw error;
  });
  const { answer } = await writeFile(request, {
    id,
    input: { status: "stored", blobKey: key, hash: hash ?? `sha256:${sha256}`, type, size },
    scopes,
    expectVersion: claimed.version,
  });
  return answer;
}
