/**
 * Attachments of a row by name ([X6] [HT67]): `GET /:id/attachments` lists them, and `/:id/attachments/<name>` is one of them, to be put, read
 * and removed. Each is a row of its own in the file table; a name that is put again keeps its row.
 */

import { Fault, invalidField } from "../../../core/fault.ts";
import { checkDeclared, parseMediaType } from "../../../core/files/file-rules.ts";
import type { RowId } from "../../../core/ids.ts";
import { matchesStrongly, matchesWeakly, parseTagCondition } from "../../../core/protocol/etag.ts";
import { eq } from "../../../core/query/build.ts";
import { printFilter } from "../../../core/query/print.ts";
import { readReply } from "../../../edge/endpoints/answer.ts";
import { readQuery } from "../../../edge/endpoints/read-access.ts";
import { runWrite } from "../../../edge/endpoints/run-write.ts";
import { takeParameters } from "../../../edge/endpoints/writes.ts";
import type { TableRequest } from "../../../edge/exchange.ts";
import { jsonReply, type Reply } from "../../../edge/reply.ts";
import type { Params } from "../../../edge/router.ts";
import { type Attachments, attachmentNamed, listAttachments, openAttachments } from "../attachments-of.ts";
import { bareRequest } from "../bare-request.ts";
import { toldDigest } from "../check-digest.ts";
import { fileRulesOf } from "../file-resource.ts";
import { newId } from "../new-id.ts";
import { type LoadedFile, loadFile, removeFile } from "../row-calls.ts";
import { sendContent } from "../send-content.ts";
import { storeBytes } from "../store-bytes.ts";
import { readWish } from "./download.ts";
import { linkTo } from "./link.ts";
import { refuseCoding } from "./upload.ts";

const NAME = /^[A-Za-z0-9._-]{1,128}$/;
/** Others may put the same name at the same moment; each time one of them gets ahead. */
const MAX_TRIES = 3;

export async function showAttachments(request: TableRequest, idOf: () => RowId): Promise<Reply> {
  const attachments = await openAttachments(request, idOf, "read");
  readQuery(request, []);
  const { items } = JSON.parse(await listAttachments(attachments, printFilter(eq("status", "stored")))) as {
    readonly items: readonly unknown[];
  };
  const reply = jsonReply({ items });
  return { ...reply, headers: { ...reply.headers, "cache-control": "private, no-store" } };
}

export async function readAttachment(request: TableRequest, idOf: () => RowId, params: Params): Promise<Response> {
  const attachments = await openAttachments(request, idOf, "read");
  return sendContent(attachments.request, () => load(attachments, params), readWish(request));
}

/** As `POST /:id/link` of the file itself, for whoever may read the row. */
export async function linkAttachment(request: TableRequest, idOf: () => RowId, params: Params): Promise<Response> {
  const attachments = await openAttachments(request, idOf, "read");
  takeParameters(request);
  const { id, file } = await load(attachments, params);
  return linkTo(attachments.request, id, async () => file);
}

export async function removeAttachment(request: TableRequest, idOf: () => RowId, params: Params): Promise<Reply> {
  const attachments = await openAttachments(request, idOf, "update");
  takeParameters(request);
  const { id, file } = await load(attachments, params);
  checkConditions(request, file.hash);
  const { scope } = attachments;
  return runWrite(bareRequest(attachments.request), { op: "delete", id, hard: false }, { read: scope, delete: scope });
}

/** `Content-Length` and `Content-Type` say what comes. 201 for a new name, 200 for one that gets other bytes. */
export async function putAttachment(request: TableRequest, idOf: () => RowId, params: Params): Promise<Reply> {
  const attachments = await openAttachments(request, idOf, "update");
  takeParameters(request);
  const { headers, body } = request.request;
  const { name = "" } = params;
  if (!NAME.test(name))
    throw invalidField("name", "must be 1 to 128 letters, digits, dots, dashes or underscores", "name");
  const type = parseMediaType(headers.get("content-type") ?? "application/octet-stream") ?? "";
  const length = headers.get("content-length");
  if (length === null) throw invalidField("content-length", "is needed for an attachment", "required");
  const size = Number(length);
  refuseCoding(headers, type);
  checkDeclared({ name, type, size }, fileRulesOf(attachments.request.entry.resource));
  const told = toldDigest(headers);
  const { id, isNew, ...opened } = await claim(attachments, { name, type, size });
  const { scope } = attachments;
  const scopes = { read: scope, update: scope };
  const bytes = { body, size, type, told };
  const answer = await storeBytes(attachments.request, { ...opened, scopes }, id, bytes).catch(async (error) => {
    // What was only announced for these bytes takes up neither name nor place; if this fails too, it ends in its time.
    if (isNew) await removeUnsent(attachments, id).catch(() => {});
    throw error;
  });
  const reply = readReply(attachments.request, answer);
  if (!isNew) return reply;
  return { ...reply, status: 201, headers: { ...reply.headers, location: request.url.pathname } };
}

interface Claimed extends LoadedFile {
  readonly id: RowId;
  readonly isNew: boolean;
}

/** The row of the name, announced if there is none. What somebody announced and has not sent stands in nobody's way. */
async function claim(
  attachments: Attachments,
  declared: { readonly name: string; readonly type: string; readonly size: number },
): Promise<Claimed> {
  const { request, scope, columns } = attachments;
  for (let run = 1; ; run++) {
    const id = await attachmentNamed(attachments, declared.name);
    const found = id === null ? null : await loadFile(request, id, scope);
    const isStored = found?.file.status === "stored";
    checkConditions(request, isStored ? found.file.hash : null);
    if (id !== null && found !== null && isStored) return { ...found, id, isNew: false };
    // What is stored by now is looked at again.
    if (id !== null && !(await removeUnsent(attachments, id)) && run < MAX_TRIES) continue;
    try {
      const body = { ...declared, ...columns };
      const reply = await runWrite(
        bareRequest(request),
        { op: "create", body, optimisticId: null, writes: "all" },
        { read: scope, create: scope },
      );
      const made = newId(request, reply.headers.location);
      return { ...(await loadFile(request, made, scope)), id: made, isNew: true };
    } catch (error) {
      const isTaken = error instanceof Fault && error.data.slug === "conflict" && error.data.reason === "unique";
      if (!isTaken || run === MAX_TRIES) throw error;
    }
  }
}

/** Makes room for the name; false if somebody has stored the bytes since, or made room already. */
async function removeUnsent({ request, unsent }: Attachments, id: RowId): Promise<boolean> {
  try {
    await removeFile(request, { id, scopes: { read: unsent, delete: unsent } });
    return true;
  } catch (error) {
    if (error instanceof Fault && error.data.slug === "not-found") return false;
    throw error;
  }
}

async function load(attachments: Attachments, { name = "" }: Params): Promise<LoadedFile & { readonly id: RowId }> {
  const id = NAME.test(name) ? await attachmentNamed(attachments, name) : null;
  if (id === null) throw new Fault({ slug: "not-found", detail: "The row has no attachment of this name" });
  const found = await loadFile(attachments.request, id, attachments.scope);
  if (found.file.status !== "stored") throw new Fault({ slug: "not-found" });
  return { ...found, id };
}

/** `If-Match` and `If-None-Match` are about the bytes that the name has now; null: none. */
function checkConditions({ request: { headers } }: TableRequest, hash: string | null): void {
  const failed = () =>
    new Fault({ slug: "precondition-failed", ...(hash === null ? {} : { currentETag: `"${hash}"` }) });
  const [match, noneMatch] = [headers.get("if-match"), headers.get("if-none-match")];
  if (match !== null && (hash === null || !matchesStrongly(parseTagCondition("if-match", match), hash))) throw failed();
  if (noneMatch !== null && hash !== null && matchesWeakly(parseTagCondition("if-none-match", noneMatch), hash))
    throw failed();
}
