/**
 * D1 between two versions of the code: all that either reads. A deployment brings D1 up to this before the upload, and takes away what only the
 * former version read after it, so that a Worker never looks for what is gone while it serves. Pure.
 */

import { projectionName } from "../../core/read-model/projected-table.ts";
import type { Rename } from "./renames.ts";
import { type Snapshot, type SnapshotTable, type SnapshotTables, sameForm } from "./snapshot.ts";

/** The first line of a migration that `ledge deploy` applies after the upload. */
const AFTER_UPLOAD = "-- After the upload: the Worker that runs until then reads what this takes away.";

export function afterUpload(sql: string): string {
  return `${AFTER_UPLOAD}\n${sql}`;
}

export function waitsForUpload(sql: string): boolean {
  return sql.startsWith(AFTER_UPLOAD);
}

/** `renames` are those of the objects' tables. The snapshot has the id of `after`. */
export function expandD1(before: Snapshot, after: Snapshot, renames: readonly Rename[]): Snapshot {
  const merge = (old: SnapshotTable): SnapshotTable => {
    const now = after.tables[old.name];
    if (now === undefined) return old;
    if (isKept(old, now, before, after)) return now;
    const renamed = renames.flatMap((each) =>
      each.kind === "column" && projectionName(each.table) === old.name ? [each.to] : [],
    );
    const added = Object.entries(now.columns).filter(([name]) => !(name in old.columns) && !renamed.includes(name));
    return { ...old, columns: { ...old.columns, ...Object.fromEntries(added) } };
  };
  const merged = Object.values(before.tables).map((old) => [old.name, merge(old)] as const);
  const tables = { ...after.tables, ...Object.fromEntries(merged) } as SnapshotTables;
  const searched = Object.values(tables).flatMap(({ name }) => {
    const fields = (tables[name] === after.tables[name] ? after : before).searched?.[name];
    return fields === undefined ? [] : [[name, fields] as const];
  });
  const copied = { ...before.copied, ...after.copied };
  return { ...before, ...after, tables, copied, searched: Object.fromEntries(searched) };
}

/** Whether all that the former version reads of the table is in the new form of it. */
function isKept(old: SnapshotTable, now: SnapshotTable, before: Snapshot, after: Snapshot): boolean {
  const wasSearched = before.searched?.[old.name];
  return (
    Object.values(old.columns).every((column) => sameForm(column, now.columns[column.name])) &&
    sameForm(old.compositePrimaryKeys, now.compositePrimaryKeys) &&
    (wasSearched === undefined || sameForm(wasSearched, after.searched?.[old.name]))
  );
}
