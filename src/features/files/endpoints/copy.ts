/**
 * `POST /:id/copy` and `POST /:id/move` ([FS10]). Within one object a copy is a new row that holds the same bytes: one commit, no byte is
 * moved. Into another partition the bytes are sent, as an upload is, and a move removes the row it came from once they are there, unless
 * that has changed meanwhile.
 */

import { Fault, invalidField } from "../../../core/fault.ts";
import { isPartition, type RowId } from "../../../core/ids.ts";
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import { openTable } from "../../../edge/endpoints/open-table.ts";
import { readScope } from "../../../edge/endpoints/read-access.ts";
import { runWrite } from "../../../edge/endpoints/run-write.ts";
import { writeReply } from "../../../edge/endpoints/write-reply.ts";
import { scopesOf, takeParameters } from "../../../edge/endpoints/writes.ts";
import type { TableRequest } from "../../../edge/exchange.ts";
import { readOptionalJsonBody } from "../../../edge/read-body.ts";
import { prefersMinimal } from "../../../edge/read-headers.ts";
import type { Reply } from "../../../edge/reply.ts";
import { requireScope } from "../../../edge/scopes.ts";
import { copiedBefore } from "../copied-before.ts";
import { copiedRow } from "../copied-row.ts";
import { loadFile, loadForRemoval } from "../row-calls.ts";
import { sendAcross, sentBefore } from "../send-across.ts";

/** `{ "row": { … }, "to": "<partition>" }`, both may be left out: columns that differ, and where the copy goes. */
export async function copyFile(request: TableRequest, idOf: () => RowId): Promise<Reply> {
  const scope = await readScope(request);
  const id = idOf();
  takeParameters(request);
  const { to, row } = await readWishes(request);
  const asked = { to, row };
  const target = to === null || to === request.partition ? request : await enter(request, to);
  const known = await copiedBefore(target, asked);
  if (target !== request) {
    const sent = known === null ? null : await sentBefore(target, known);
    return sent ?? (await sendAcross(request, await loadFile(request, id, scope), target, row, asked)).reply;
  }
  if (known !== null)
    return writeReply(request, known, { isMinimal: prefersMinimal(request.request.headers), optimisticId: null });
  const source = await loadFile(request, id, scope);
  const [create, read] = await scopesOf(request, "create", "read");
  requireScope(create, request.principal, "create");
  const { blobKey, hash } = source.file;
  const body = { ...copiedRow(request.entry.resource.spec, source, row), status: "stored", blobKey, hash };
  return runWrite(request, { op: "create", body, optimisticId: null, writes: "all", asked }, { read, create });
}

/**
 * `{ "to": "<partition>", "row": { … } }`; within its partition a file is moved by a `PATCH` of its columns. The id stays, so one that was
 * cut off is finished by being asked for again.
 */
export async function moveFile(request: TableRequest, idOf: () => RowId): Promise<Reply> {
  const { spec } = request.entry.resource;
  const [read, remove, readDeleted] = await scopesOf(request, "read", "delete", "readDeleted");
  requireScope(read, request.principal, "read");
  requireScope(remove, request.principal, "delete");
  const id = idOf();
  takeParameters(request);
  const { to, row } = await readWishes(request);
  if (to === null || to === request.partition)
    throw invalidField("to", "must name another partition: within its own a PATCH moves a file", "partition");
  const scopes = { read, delete: remove, readDeleted };
  // Whoever may not remove it is told before it is copied.
  const source = await loadForRemoval(request, id, scopes);
  const target = await enter(request, to);
  const { reply, takeBack } = await sendAcross(
    request,
    source,
    target,
    spec.idKind === "int" ? row : { ...row, [spec.primaryKey]: id },
    { to, row },
  );
  // Whoever wrote to it since, bytes or columns, has written what was not sent: it is not moved, and can be asked for again.
  await runWrite(request, { op: "delete", id, hard: false, expectVersion: source.version }, scopes).catch(
    async (error) => {
      const slug = error instanceof Fault ? error.data.slug : null;
      if (slug === "conflict" || slug === "precondition-failed") await takeBack().catch(() => {});
      throw error;
    },
  );
  return reply;
}

async function readWishes({
  request,
  entry,
}: TableRequest): Promise<{ readonly to: string | null; readonly row: JsonObject }> {
  const body = (await readOptionalJsonBody(request)) ?? {};
  if (!isJsonObject(body)) throw invalidField("", "must be an object", "type");
  const { to = null, row = {} } = body;
  if (!isJsonObject(row)) throw invalidField("row", "must be an object", "type");
  if (to === null) return { to, row };
  if (typeof to !== "string" || !isPartition(to) || entry.resource.spec.partitionBy === null)
    throw invalidField("to", "must name a partition of the table", "partition");
  return { to, row };
}

/** The same table in another partition, if the caller may enter it. */
async function enter(request: TableRequest, partition: string): Promise<TableRequest> {
  return openTable(request, request.entry, { partition });
}
