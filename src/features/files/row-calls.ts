/**
 * Calls of uploads and downloads to the object that owns the row: the row with the columns no client sees, and writes of those columns.
 * Every one goes through the table's scopes and its write path like any other; only what clients may write does not apply.
 */

import { Fault } from "../../core/fault.ts";
import { type FileRow, readFileRow } from "../../core/files/file-row.ts";
import type { RowId } from "../../core/ids.ts";
import type { LoadCall, Preconditions, WriteScopes } from "../../core/protocol/object-call.ts";
import type { Draft, Row } from "../../core/schema/table-spec.ts";
import { readObject, writeObject } from "../../edge/call-object.ts";
import { expectAnswer, type ObjectAnswer } from "../../edge/endpoints/answer.ts";
import { callHeader, type TableRequest } from "../../edge/exchange.ts";
import { readConditions } from "../../edge/read-headers.ts";
import { startAfterHooks } from "../../edge/run-hooks.ts";
import { DENY } from "../../edge/scopes.ts";
import { codeKey } from "../../edge/transaction/write-key.ts";

/** The tables' own wish for `If-Match` is about rows, not about their bytes. */
const ANY: Preconditions = { ifMatch: { kind: "any" } };

export interface LoadedFile {
  readonly row: Row;
  readonly file: FileRow;
  readonly version: number;
}

/** The row under a read scope, 404 where it is out of sight; under an update scope too, 403 where that leaves it out. */
export function loadFile(request: TableRequest, id: RowId, read: string, update = read): Promise<LoadedFile> {
  return load(request, { op: "update", id }, { read, update });
}

/** The row for whoever may also remove it, under the conditions of the request; 403 for others. */
export function loadForRemoval(request: TableRequest, id: RowId, scopes: WriteScopes): Promise<LoadedFile> {
  return load(request, { op: "delete", id }, scopes, readConditions(request.request.headers));
}

async function load(
  request: TableRequest,
  intent: LoadCall["intent"],
  scopes: WriteScopes,
  conditions = ANY,
): Promise<LoadedFile> {
  const header = { ...callHeader(request), op: "load" } as const;
  const reply = await readObject(request, { ...header, intent, scopes, conditions, idempotency: null });
  if (reply.kind !== "loaded" || reply.row === null) throw new Fault({ slug: "not-found" });
  return { row: reply.row, file: readFileRow(reply.row), version: reply.version ?? 0 };
}

export interface FileWrite {
  readonly id: RowId;
  readonly input: Draft;
  readonly scopes: WriteScopes;
  /** Version that the row must still have: whoever wrote in between has taken the upload over. */
  readonly expectVersion: number | null;
}

/** Writes columns of the file and starts the table's after-hooks; `file` is the row as it then stands. */
export async function writeFile(
  request: TableRequest,
  { id, input, scopes, expectVersion }: FileWrite,
): Promise<{ readonly answer: ObjectAnswer; readonly file: FileRow; readonly version: number }> {
  const key = await codeKey(request, undefined, null);
  const reply = await writeObject(
    request,
    {
      ...callHeader(request),
      op: "write",
      intent: { op: "update", id, input },
      invalid: [],
      scopes,
      conditions: ANY,
      idempotency: null,
      attempt: key.attempt,
      expectVersion,
      isMinimal: false,
      wantsChange: true,
    },
    key.text,
  );
  const answer = expectAnswer(reply);
  const { changes = [], position } = answer;
  const own = changes.find((change) => change.id === id && change.table === request.entry.resource.name);
  const version = Number(position.split(":")[1]);
  if (own?.after === null || own?.after === undefined) {
    // The reply of an attempt that was lost on the way, without its changes.
    const scope = scopes.update ?? DENY;
    return { answer, ...(await loadFile(request, id, scope)) };
  }
  if (answer.isReplay !== true) startAfterHooks(request, changes, position);
  return { answer, file: readFileRow(own.after), version };
}

/** The columns of a row whose upload is given up: an announced one may begin another. */
export function giveUp({ file: { status, upload } }: LoadedFile): Draft {
  return { uploadKey: null, upload: status === "pending" ? { by: upload?.by ?? null } : null };
}

/** Removes the row for good: what it holds goes with the commit. */
export async function removeFile(
  request: TableRequest,
  { id, scopes }: { readonly id: RowId; readonly scopes: WriteScopes },
): Promise<void> {
  const key = await codeKey(request, undefined, null);
  await writeObject(
    request,
    {
      ...callHeader(request),
      op: "write",
      intent: { op: "delete", id, hard: true },
      invalid: [],
      scopes,
      conditions: ANY,
      idempotency: null,
      attempt: key.attempt,
      expectVersion: null,
      isMinimal: true,
      wantsChange: false,
    },
    key.text,
  );
}
