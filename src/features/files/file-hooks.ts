/**
 * The hooks of a file table: every write of a row steps the file's state machine in the row's own transaction, and what the step lets
 * go of leaves with the commit, as an effect. The table's own hooks see files, not uploads: one that comes, changes, goes.
 */

import { type FileRow, readFileRow } from "../../core/files/file-row.ts";
import type { FileRules } from "../../core/files/file-rules.ts";
import { type FileFacts, type FileStep, stepFile } from "../../core/files/step-file.ts";
import type { RowId } from "../../core/ids.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { Row } from "../../core/schema/table-spec.ts";
import { composeHooks } from "../../define/compose-hooks.ts";
import type { AfterHookOption, CommittedChange, Hooks, ObjectTransaction, WriteChange } from "../../define/hooks.ts";
import { type AttachedTo, checkAttached } from "./attached.ts";
import { UPLOAD_COLUMNS } from "./file-columns.ts";

/** Names of the feature's effects. */
export const RELEASE = "files.release";
export const EXPIRE = "files.expire";

/** What `RELEASE` carries. */
export interface ReleasePayload {
  readonly table: string;
  readonly key: string;
  readonly partsId: string | null;
}
/** What `EXPIRE` carries: what ends, if it is still there. */
export interface ExpirePayload {
  readonly table: string;
  readonly id: RowId;
  /** Of bytes that were to take the place of others; null: of the announcement. */
  readonly uploadKey: string | null;
  /** Of the announcement (ms since 1970). */
  readonly announcedMs: number | null;
}

export interface FileTable {
  readonly name: string;
  readonly primaryKey: string;
  readonly rules: FileRules;
  readonly attachedTo: AttachedTo | null;
  readonly deletedField: string | null;
}

export function fileHooks(table: FileTable, own: Hooks<Row> = {}): Hooks<Row> {
  return {
    ...own,
    onWrite: (tx, change) => write(table, own, tx, change as WriteChange<Row>),
    onRemove: (tx, row) => {
      const id = row[table.primaryKey] as RowId;
      leave(table, id, tx, stepFile(readFileRow(row), null, factsOf(table, id, tx)));
      return own.onRemove?.(tx, row);
    },
    ...afterHooks(own),
  };
}

/** What a step lets go of leaves with the commit, and what is to end in time unless it comes to something. */
function leave(table: FileTable, id: RowId, tx: ObjectTransaction, { releases, expiry }: FileStep): void {
  if (expiry !== null) {
    const { uploadKey, delayMs } = expiry;
    const announcedMs = uploadKey === null ? tx.now : null;
    expire(tx, { table: table.name, id, uploadKey, announcedMs }, delayMs);
  }
  for (const { key, partsId, delayMs } of releases)
    tx.effect(RELEASE, { table: table.name, key, partsId } satisfies ReleasePayload as JsonObject, { delayMs });
}

function expire(tx: ObjectTransaction, what: ExpirePayload, delayMs: number): void {
  tx.effect(EXPIRE, what as unknown as JsonObject, { delayMs });
}

function write(table: FileTable, own: Hooks<Row>, tx: ObjectTransaction, change: WriteChange<Row>): Row | undefined {
  const { before, after } = change;
  // `onRemove` sees to the bytes, on every path.
  if (after === null) return own.onWrite?.(tx, change) as Row | undefined;
  const id = after[table.primaryKey] as RowId;
  const step = stepFile(read(before), readFileRow(after), factsOf(table, id, tx));
  const { attachedTo } = table;
  const yielding = attachedTo === null ? [] : checkAttached({ ...table, attachedTo }, tx, before, after);
  for (const row of yielding) {
    const announcedMs = readFileRow(row).upload?.announcedMs ?? null;
    expire(tx, { table: table.name, id: row[table.primaryKey] as RowId, uploadKey: null, announcedMs }, 0);
  }
  leave(table, id, tx, step);
  const columns = columnsOf(step, tx.now);
  if (step.kind === "uploading" || own.onWrite === undefined) return columns;
  const given: unknown = own.onWrite(tx, { ...change, after: { ...after, ...columns } });
  // A promise is for the object to refuse.
  if (given === undefined || given === null || "then" in (given as object)) return (given as Row | null) ?? columns;
  for (const name of UPLOAD_COLUMNS)
    if (Object.hasOwn(given as object, name))
      throw new TypeError(`onWrite of "${table.name}" may not set "${name}": uploads alone do`);
  return { ...columns, ...(given as Row) };
}

function read(row: Row | null): FileRow | null {
  return row === null ? null : readFileRow(row);
}

function factsOf(table: FileTable, id: RowId, tx: ObjectTransaction): FileFacts {
  const others = (filter: string): Row[] =>
    (tx.find(table.name, filter, { limit: 2, at: "before" }) as Row[]).filter((row) => row[table.primaryKey] !== id);
  return {
    rules: table.rules,
    by: tx.user.kind === "user" ? tx.user.id : null,
    nowMs: tx.now,
    otherHolder: (key) => read(others(`blobKey==${JSON.stringify(key)}`)[0] ?? null),
    keyOfEqual: (hash) => {
      const key = others(`hash==${JSON.stringify(hash)};blobKey!=null`)[0]?.blobKey;
      return typeof key === "string" ? key : null;
    },
  };
}

function columnsOf(step: FileStep, nowMs: number): Row {
  return {
    ...(step.columns as unknown as Readonly<Record<string, Json>>),
    ...(step.kind === "stored" ? { storedAt: new Date(nowMs).toISOString() } : {}),
    ...(step.kind === "announced" ? { storedAt: null } : {}),
  };
}

/** A file comes when its bytes are stored, or as a copy that has them at once; one that never came never goes either. */
function afterHooks(own: Hooks<Row>): Hooks<Row> {
  const statusOf = (row: Row | null) => row?.status ?? "none";
  const copied = only(own.onAfterCreate, ({ after }) => statusOf(after) === "stored").onAfterUpdate;
  const came: Hooks<Row> = {
    ...only(own.onAfterCreate, ({ before, after }) => statusOf(before) === "pending" && statusOf(after) === "stored", {
      op: "create",
      before: null,
    }),
  };
  const changed: Hooks<Row> = {
    ...only(own.onAfterUpdate, ({ before, after }) => statusOf(before) === "stored" && statusOf(after) === "stored"),
  };
  const gone = only(own.onAfterDelete, ({ before }) => statusOf(before) === "stored").onAfterUpdate;
  return {
    onAfterCreate: copied,
    onAfterUpdate: undefined,
    onAfterDelete: undefined,
    ...composeHooks(came, changed),
    ...(gone === undefined ? {} : { onAfterDelete: gone }),
  } as Hooks<Row>;
}

function only(
  option: AfterHookOption<Row> | undefined,
  applies: (change: CommittedChange<Row>) => boolean,
  seen: Partial<CommittedChange<Row>> = {},
): Pick<Hooks<Row>, "onAfterUpdate"> {
  if (option === undefined) return {};
  const hook = typeof option === "function" ? option : option.run;
  const run: typeof hook = (change, context) => (applies(change) ? hook({ ...change, ...seen }, context) : undefined);
  return { onAfterUpdate: typeof option === "function" ? run : { durable: true, run } };
}
