/**
 * What ends by itself: an announcement whose bytes never came, whose row goes with what had arrived for it; bytes that were to take the place
 * of others and came to nothing. An effect of the commit that began it; the sweep does the same for what no effect ended.
 */

import type { FileRow } from "../../core/files/file-row.ts";
import type { ObjectName } from "../../core/ids.ts";
import type { EffectHandler } from "../../define/app.ts";
import type { ExpirePayload } from "./file-hooks.ts";
import { askObject, headerFor, lookAt } from "./object-client.ts";

export const expireUpload: EffectHandler = async (payload, { env, object, key, epoch }) =>
  endUnfinished(env, object, payload as unknown as ExpirePayload, `files|${epoch}|${key}`);

/** Does nothing where it was stored meanwhile, is gone, or is another by now. Throws where somebody writes at this moment. */
export async function endUnfinished(
  env: unknown,
  object: ObjectName,
  what: ExpirePayload,
  attemptId: string,
): Promise<void> {
  const { table, id } = what;
  const found = await lookAt(env, object, table, id);
  if (found === null || !isUnfinished(found.file, what)) return;
  const reply = await askObject(env, {
    ...headerFor(object, table),
    op: "write",
    intent:
      what.uploadKey === null
        ? { op: "delete", id, hard: true }
        : { op: "update", id, input: { uploadKey: null, upload: null } },
    invalid: [],
    scopes: { read: "*", update: "*", delete: "*", readDeleted: "*" },
    conditions: { ifMatch: { kind: "any" } },
    idempotency: null,
    attempt: { id: attemptId, startedAtMs: Date.now(), isRepeat: false },
    expectVersion: found.version,
    isMinimal: true,
    wantsChange: false,
  });
  // Gone meanwhile; or in the bin, from where it goes with its row.
  if (reply.kind === "fault" && reply.slug !== "not-found") throw new Error(`could not end an upload: ${reply.slug}`);
}

function isUnfinished({ status, uploadKey, upload }: FileRow, what: ExpirePayload): boolean {
  if (what.uploadKey !== null) return status === "stored" && uploadKey === what.uploadKey;
  return status === "pending" && (upload?.announcedMs ?? null) === what.announcedMs;
}
