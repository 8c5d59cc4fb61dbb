/**
 * The proof that bytes and rows belong together, and the broom for when they do not: walks the bucket and asks for each key whether a
 * row holds it, walks the rows and asks for each file whether its bytes are there. A key that no row holds will never be held, so its
 * bytes may go at once; of rows only what should have ended by itself is ended. One bounded step a call, for operators, who carry the cursor on.
 */

import { parseBlobKey } from "../../core/files/blob-key.ts";
import type { FileRow } from "../../core/files/file-row.ts";
import type { FileRules } from "../../core/files/file-rules.ts";
import type { ObjectName, RowId } from "../../core/ids.ts";
import { endUnfinished } from "./expire-upload.ts";
import type { ExpirePayload } from "./file-hooks.ts";
import { isHeld } from "./is-held.ts";
import { askObject, headerFor, lookAt } from "./object-client.ts";
import type { StorageAdapter } from "./storage-adapter.ts";

const KEYS_A_STEP = 100;
const ROWS_A_STEP = 50;
/** Effects that fail are tried again for about 20 minutes. */
const GRACE_MS = 3_600_000;

export interface BucketStep {
  readonly looked: number;
  /** Keys that no row holds. */
  readonly orphans: readonly string[];
  /** Where the next step goes on; null: the whole bucket was seen. */
  readonly cursor: string | null;
}

/** Looks at the next keys of the bucket. `remove` takes what no row holds away. */
export async function sweepBucket(
  env: unknown,
  bucket: StorageAdapter,
  app: { readonly name: string; readonly isFileTable: (table: string) => boolean },
  { cursor, act }: { readonly cursor: string | null; readonly act: "look" | "remove" },
): Promise<BucketStep> {
  const listed = await bucket.list({
    prefix: `t/${app.name}/`,
    limit: KEYS_A_STEP,
    ...(cursor === null ? {} : { cursor }),
  });
  const orphans: string[] = [];
  for (const { key } of listed.objects) {
    const place = parseBlobKey(key);
    // Whose table is gone cannot be asked.
    if (place === null || !app.isFileTable(place.table)) continue;
    if (!(await isHeld(env, place.object, place.table, key))) orphans.push(key);
  }
  if (act === "remove" && orphans.length > 0) await bucket.delete(orphans);
  return { looked: listed.objects.length, orphans, cursor: listed.truncated ? listed.cursor : null };
}

export interface RowsStep {
  readonly looked: number;
  /** Ids of files whose bytes are not there, or are of another size. */
  readonly lost: readonly RowId[];
  /** Ids of rows whose announcement or upload should have ended long ago: the effect that does it was given up. */
  readonly overdue: readonly RowId[];
  /** The last id seen; null: all rows were seen. */
  readonly after: RowId | null;
}

export interface SweptTable {
  readonly object: ObjectName;
  readonly table: string;
  readonly primaryKey: string;
  readonly rules: FileRules;
}

/** Looks at the next rows of a table in one object. `remove` ends what is overdue, as its effect would have. */
export async function sweepRows(
  env: unknown,
  bucket: StorageAdapter,
  { object, table, primaryKey, rules }: SweptTable,
  { after, act, nowMs }: { readonly after: RowId | null; readonly act: "look" | "remove"; readonly nowMs: number },
): Promise<RowsStep> {
  const ids = await nextIds(env, object, table, primaryKey, after);
  const lost: RowId[] = [];
  const unfinished: ExpirePayload[] = [];
  const files = await Promise.all(ids.map(async (id) => ({ id, found: await lookAt(env, object, table, id) })));
  for (const { id, found } of files) {
    // Rows that went since they were listed are passed over.
    if (found === null) continue;
    const what = overdue(found.file, rules, nowMs);
    if (what !== null) unfinished.push({ table, id, ...what });
    if (await isLost(bucket, found.file, async () => (await lookAt(env, object, table, id))?.file ?? null))
      lost.push(id);
  }
  if (act === "remove")
    for (const what of unfinished) await endUnfinished(env, object, what, `files-${crypto.randomUUID()}`);
  return {
    looked: ids.length,
    lost,
    overdue: unfinished.map(({ id }) => id),
    after: ids.length < ROWS_A_STEP ? null : (ids.at(-1) ?? null),
  };
}

/** Between a look at the row and one into the bucket other bytes may take the place of these: then it is looked at again. */
async function isLost(
  bucket: StorageAdapter,
  { blobKey, size }: FileRow,
  lookAgain: () => Promise<FileRow | null>,
): Promise<boolean> {
  if (blobKey === null || (await bucket.head(blobKey))?.size === size) return false;
  const now = await lookAgain();
  if (now === null) return false;
  return now.blobKey === blobKey ? true : isLost(bucket, now, lookAgain);
}

/** What of a row should have ended by itself; null: nothing. */
function overdue(
  { status, uploadKey, upload }: FileRow,
  { expiresMs }: FileRules,
  nowMs: number,
): Pick<ExpirePayload, "uploadKey" | "announcedMs"> | null {
  const { announcedMs, untilMs = 0 } = upload ?? {};
  if (status === "stored")
    return uploadKey !== null && untilMs + GRACE_MS < nowMs ? { uploadKey, announcedMs: null } : null;
  const isOver = (announcedMs ?? 0) + expiresMs + GRACE_MS < nowMs;
  return isOver ? { uploadKey: null, announcedMs: announcedMs ?? null } : null;
}

async function nextIds(
  env: unknown,
  object: ObjectName,
  table: string,
  primaryKey: string,
  after: RowId | null,
): Promise<RowId[]> {
  const reply = await askObject(env, {
    ...headerFor(object, table),
    op: "list",
    scope: "*",
    filter: "",
    orderBy: [{ field: primaryKey, direction: "asc" }],
    limit: ROWS_A_STEP,
    offset: 0,
    after: after === null ? null : [after],
    totalCount: false,
    isExplained: false,
    withDeleted: { scope: "*" },
    select: [primaryKey],
    etags: false,
    conditions: {},
  });
  if (reply.kind !== "answer" || reply.body === null) throw new Error(`${object} did not list "${table}"`);
  const { items } = JSON.parse(reply.body) as { readonly items: readonly Record<string, RowId>[] };
  return items.flatMap((item) => item[primaryKey] ?? []);
}
