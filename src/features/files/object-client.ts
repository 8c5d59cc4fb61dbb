/** Calls of effects and of the sweep to an object: without a request, under no scopes but those they name. */

import type { FaultSlug } from "../../core/fault.ts";
import { type FileRow, readFileRow } from "../../core/files/file-row.ts";
import type { ObjectName, RowId } from "../../core/ids.ts";
import { CALL_VERSION, type CallHeader, type ObjectCall, type ObjectReply } from "../../core/protocol/object-call.ts";
import { decodeReply, encodeCall } from "../../core/protocol/wire.ts";
import { ANONYMOUS } from "../../core/scope/principal.ts";
import type { LedgeEnv } from "../../edge/env.ts";

export type Answered = Exclude<ObjectReply, { kind: "fault" }> | { readonly kind: "fault"; readonly slug: FaultSlug };

/** `t/<app>/<group>[/<partition>]` */
export function headerFor(object: ObjectName, table: string): CallHeader {
  const partition = object.split("/")[3] ?? null;
  const requestId = `files-${crypto.randomUUID()}`;
  return { v: CALL_VERSION, object, table, partition, requestId, traceparent: null, principal: ANONYMOUS };
}

/** A fault comes back by its slug; what is no answer at all is thrown. */
export async function askObject(env: unknown, call: ObjectCall): Promise<Answered> {
  const stub = (env as LedgeEnv).LEDGE_TABLES.getByName(call.object);
  const reply = decodeReply(await stub.call(encodeCall(call)));
  return reply.kind === "fault" ? { kind: "fault", slug: reply.fault.slug } : reply;
}

/** A file as it stands, announced, stored or deleted softly; null when the row is gone. */
export async function lookAt(
  env: unknown,
  object: ObjectName,
  table: string,
  id: RowId,
): Promise<{ readonly file: FileRow; readonly version: number } | null> {
  const reply = await askObject(env, {
    ...headerFor(object, table),
    op: "load",
    intent: { op: "delete", id, hard: true },
    scopes: { read: "*", delete: "*", readDeleted: "*" },
    conditions: { ifMatch: { kind: "any" } },
    idempotency: null,
  });
  if (reply.kind === "fault" && reply.slug !== "not-found")
    throw new Error(`${object} did not show a row of "${table}": ${reply.slug}`);
  if (reply.kind !== "loaded" || reply.row === null) return null;
  return { file: readFileRow(reply.row), version: reply.version ?? 0 };
}
