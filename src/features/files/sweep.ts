/**
 * The proof that bytes and rows belong together, and the broom for when they do not: walks the bucket and asks for each key whether a
 * row holds it, walks the rows and asks for each file whether its bytes are there. A key that no row holds will never be held, so its
 * bytes may go at once; a row is never touched. One bounded step a call, for operators, who carry the cursor on.
 */

import { parseBlobKey } from "../../core/files/blob-key.ts";
import { type FileRow, readFileRow } from "../../core/files/file-row.ts";
import type { ObjectName } from "../../core/ids.ts";
import { isHeld } from "./is-held.ts";
import { askObject, headerFor } from "./object-client.ts";
import type { StorageAdapter } from "./storage-adapter.ts";

const KEYS_A_STEP = 100;
const ROWS_A_STEP = 50;

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
  readonly lost: readonly (string | number)[];
  /** The last id seen; null: all rows were seen. */
  readonly after: string | number | null;
}

/** Looks at the next rows of a table in one object. */
export async function sweepRows(
  env: unknown,
  bucket: StorageAdapter,
  { object, table, primaryKey }: { readonly object: ObjectName; readonly table: string; readonly primaryKey: string },
  after: string | number | null,
): Promise<RowsStep> {
  const ids = await nextIds(env, object, table, primaryKey, after);
  const lost: (string | number)[] = [];
  for (const { id, file } of await filesOf(env, object, table, ids)) {
    if (file.blobKey === null) continue;
    const found = await bucket.head(file.blobKey);
    if (found?.size !== file.size) lost.push(id);
  }
  return { looked: ids.length, lost, after: ids.length < ROWS_A_STEP ? null : (ids.at(-1) ?? null) };
}

async function nextIds(
  env: unknown,
  object: ObjectName,
  table: string,
  primaryKey: string,
  after: string | number | null,
): Promise<(string | number)[]> {
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
  const { items } = JSON.parse(reply.body) as { readonly items: readonly Record<string, string | number>[] };
  return items.flatMap((item) => item[primaryKey] ?? []);
}

/** Rows that went since they were listed are passed over. */
async function filesOf(
  env: unknown,
  object: ObjectName,
  table: string,
  ids: readonly (string | number)[],
): Promise<{ readonly id: string | number; readonly file: FileRow }[]> {
  const found = await Promise.all(
    ids.map(async (id) => {
      const reply = await askObject(env, {
        ...headerFor(object, table),
        op: "load",
        intent: { op: "delete", id, hard: true },
        scopes: { read: "*", delete: "*", readDeleted: "*" },
        conditions: { ifMatch: { kind: "any" } },
        idempotency: null,
      });
      return reply.kind === "loaded" && reply.row !== null ? [{ id, file: readFileRow(reply.row) }] : [];
    }),
  );
  return found.flat();
}
