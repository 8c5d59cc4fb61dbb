/**
 * The hooks of a file table: every write of a row steps the file's state machine in the row's own transaction, and what the step lets
 * go of leaves with the commit, as an effect. The table's own hooks see files, not uploads: one that comes, changes, goes.
 */

import { type FileRow, readFileRow } from "../../core/files/file-row.ts";
import type { FileRules } from "../../core/files/file-rules.ts";
import { type FileFacts, type FileStep, stepFile } from "../../core/files/step-file.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { Row } from "../../core/schema/table-spec.ts";
import { composeHooks } from "../../define/compose-hooks.ts";
import type { AfterHookOption, CommittedChange, Hooks, ObjectTransaction, WriteChange } from "../../define/hooks.ts";
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
/** What `EXPIRE` carries. */
export interface ExpirePayload {
  readonly table: string;
  readonly id: string | number;
}

export interface FileTable {
  readonly name: string;
  readonly primaryKey: string;
  readonly rules: FileRules;
}

export function fileHooks(table: FileTable, own: Hooks<Row> = {}): Hooks<Row> {
  return {
    ...own,
    onWrite: (tx, change) => write(table, own, tx, change as WriteChange<Row>),
    ...afterHooks(own),
  };
}

function write(table: FileTable, own: Hooks<Row>, tx: ObjectTransaction, change: WriteChange<Row>): Row | undefined {
  const { before, after } = change;
  const row = (after ?? before) as Row;
  const id = row[table.primaryKey] as string | number;
  const step = stepFile(read(before), read(after), factsOf(table, id, tx));
  for (const { key, partsId, delayMs } of step.releases)
    tx.effect(RELEASE, { table: table.name, key, partsId } satisfies ReleasePayload as JsonObject, { delayMs });
  if (step.kind === "announced")
    tx.effect(EXPIRE, { table: table.name, id } satisfies ExpirePayload as JsonObject, {
      delayMs: table.rules.expiresMs,
    });
  const columns = columnsOf(step, tx.now);
  if (step.kind === "uploading" || own.onWrite === undefined) return columns;
  const seen = after === null ? null : { ...after, ...columns };
  const given: unknown = own.onWrite(tx, { ...change, after: seen });
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

function factsOf(table: FileTable, id: string | number, tx: ObjectTransaction): FileFacts {
  const others = (filter: string): Row[] =>
    (tx.find(table.name, filter, { limit: 2 }) as Row[]).filter((row) => row[table.primaryKey] !== id);
  return {
    rules: table.rules,
    by: tx.user.kind === "user" ? tx.user.id : null,
    nowMs: tx.now,
    isHeldElsewhere: (key) => others(`blobKey==${JSON.stringify(key)}`).length > 0,
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

/** A file comes when its bytes are stored; one that never came never goes either. */
function afterHooks(own: Hooks<Row>): Hooks<Row> {
  const statusOf = (row: Row | null) => row?.status ?? "none";
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
    onAfterCreate: undefined,
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
