/**
 * A file sent into another object: announced there like any upload, its bytes streamed from the bucket into the bucket. Asked for again
 * under the same id it goes on where it was cut off, with what the source is by then, and does nothing once the file is there.
 */

import { Fault } from "../../core/fault.ts";
import type { RowId } from "../../core/ids.ts";
import type { JsonObject } from "../../core/json.ts";
import { type ObjectAnswer, readReply } from "../../edge/endpoints/answer.ts";
import { getRow } from "../../edge/endpoints/get.ts";
import { runWrite } from "../../edge/endpoints/run-write.ts";
import { writeReply } from "../../edge/endpoints/write-reply.ts";
import { scopesOf } from "../../edge/endpoints/writes.ts";
import type { TableRequest } from "../../edge/exchange.ts";
import type { Reply } from "../../edge/reply.ts";
import { DENY, requireScope } from "../../edge/scopes.ts";
import { bareRequest } from "./bare-request.ts";
import { bucketOf } from "./bucket.ts";
import { copiedRow } from "./copied-row.ts";
import { newId } from "./new-id.ts";
import { type LoadedFile, writeFile } from "./row-calls.ts";
import { storeBytes } from "./store-bytes.ts";
import { openUpload } from "./upload-rights.ts";

/** What R2 takes in one request (its limits page, read November 2026): 5 GiB less 5 MiB. */
const MAX_SENT_BYTES = 5 * 1024 ** 3 - 5 * 1024 ** 2;

export interface Sent {
  readonly reply: Reply;
  /** Removes what was sent, unless somebody has written to it since; nothing, where it was there before. */
  readonly takeBack: () => Promise<void>;
}

export async function sendAcross(
  request: TableRequest,
  source: LoadedFile,
  target: TableRequest,
  given: JsonObject,
  asked: JsonObject,
): Promise<Sent> {
  const { hash, type, size, blobKey } = source.file;
  if (blobKey === null || hash === null) throw new Fault({ slug: "not-found" });
  if (size > MAX_SENT_BYTES) throw new Fault({ slug: "payload-too-large", limit: MAX_SENT_BYTES, actual: size });
  const { spec } = target.entry.resource;
  const row = copiedRow(spec, source, given);
  const { id, location } = await announce(target, row, asked);
  let opened = await openUpload(target, () => id);
  if (opened.file.status === "stored") {
    if (opened.file.hash !== hash) throw new Fault({ slug: "conflict", reason: "exists", id });
    const reply = await getRow({ ...target, request: new Request(target.request.url) }, () => id);
    return { reply, takeBack: async () => {} };
  }
  const { scopes } = opened;
  if (opened.file.size !== size || opened.file.type !== type) {
    // Announced by a try that was cut off, for bytes that the source no longer has.
    const { [spec.primaryKey]: _, ...input } = row;
    const anew = await writeFile(target, { id, input, scopes, expectVersion: opened.version });
    opened = { ...opened, ...anew };
  }
  const found = await bucketOf(request.env, request.log).get(blobKey);
  if (found === null) throw new Error(`the bucket has nothing under ${blobKey}, which a row holds`);
  const told = hash.startsWith("sha256:") ? hash.slice("sha256:".length) : null;
  const answer = await storeBytes(target, opened, id, { body: found.body, size, type, told, hash });
  const reply = readReply(target, answer);
  const version = Number(answer.position.split(":")[1]);
  return {
    reply: { ...reply, status: 201, headers: { ...reply.headers, ...(location === null ? {} : { location }) } },
    async takeBack() {
      const { update = DENY } = scopes;
      const planned = { op: "delete", id, hard: true, expectVersion: version } as const;
      await runWrite(bareRequest(target), planned, { read: update, delete: update });
    },
  };
}

/** What an earlier request has sent, the file that its reply announced; null while its bytes are not there. */
export async function sentBefore(target: TableRequest, known: ObjectAnswer): Promise<Reply | null> {
  const { location = "" } = writeReply(target, known, { isMinimal: true, optimisticId: null }).headers;
  const id = newId(target, location);
  const { file } = await openUpload(target, () => id);
  if (file.status !== "stored") return null;
  const reply = await getRow({ ...target, request: new Request(target.request.url) }, () => id);
  return { ...reply, status: 201, headers: { ...reply.headers, location, "idempotency-replayed": "true" } };
}

/** Announced now, or by the try before: under the id that was given. */
async function announce(
  target: TableRequest,
  body: JsonObject,
  asked: JsonObject,
): Promise<{ readonly id: RowId; readonly location: string | null }> {
  const { spec } = target.entry.resource;
  const [create, read] = await scopesOf(target, "create", "read");
  requireScope(create, target.principal, "create");
  try {
    const { headers } = await runWrite(target, { op: "create", body, optimisticId: null, asked }, { read, create });
    const { location = "" } = headers;
    const id = newId(target, location);
    return { id, location };
  } catch (error) {
    const given = body[spec.primaryKey];
    const isThere = error instanceof Fault && error.data.slug === "conflict" && error.data.reason === "exists";
    if (!isThere || typeof given !== "string") throw error;
    return { id: given, location: null };
  }
}
