/**
 * What a migration does to people's rows, in words, and whether someone must agree to it first. Pure.
 */

import { type SnapshotColumn, type SnapshotTable, sameForm } from "./snapshot.ts";

/**
 * `none`: applied without asking. `rewrites`: every row is written again. `may-fail`: rows can exist that the new form
 * refuses; their object then stays on its old schema. `loses-data`: values are gone afterwards, or turned into others.
 */
export type Risk = "none" | "rewrites" | "may-fail" | "loses-data";

export interface Change {
  readonly table: string;
  readonly text: string;
  readonly risk: Risk;
  /** Words for the migration's name, e.g. `["add", "tasks", "due_at"]`. */
  readonly words: readonly string[];
}

export function describeCreate(table: SnapshotTable): Change {
  return { table: table.name, text: `create table ${table.name}`, risk: "none", words: ["create", table.name] };
}

export function describeDrop(table: SnapshotTable): Change {
  return {
    table: table.name,
    text: `drop table ${table.name} with all its rows`,
    risk: "loses-data",
    words: ["drop", table.name],
  };
}

/** Changes of a table that exists before and after. */
export function describeChanges(before: SnapshotTable, after: SnapshotTable): Change[] {
  const changes: Change[] = [];
  const add = (text: string, risk: Risk, ...words: string[]) => changes.push({ table: after.name, text, risk, words });

  for (const column of Object.values(before.columns)) {
    if (column.name in after.columns) continue;
    add(`drop column ${after.name}.${column.name} with its values`, "loses-data", "drop", after.name, column.name);
  }
  for (const column of Object.values(after.columns)) {
    const old = before.columns[column.name];
    if (old !== undefined) describeColumn(old, column, add, after.name);
    else if (column.notNull && column.default === undefined && column.generated === undefined) {
      add(
        `add column ${after.name}.${column.name}, NOT NULL without a default: fails where rows exist`,
        "may-fail",
        "add",
        after.name,
        column.name,
      );
    } else add(`add column ${after.name}.${column.name}`, "none", "add", after.name, column.name);
  }
  describeConstraints(before, after, add);
  return changes;
}

type Add = (text: string, risk: Risk, ...words: string[]) => void;

function describeColumn(old: SnapshotColumn, now: SnapshotColumn, add: Add, table: string): void {
  const name = `${table}.${now.name}`;
  if (old.type !== now.type) {
    add(
      `change column ${name} from ${old.type} to ${now.type}: values are converted`,
      "loses-data",
      "change",
      table,
      now.name,
    );
  }
  if (!old.notNull && now.notNull) {
    const isFilled = now.default !== undefined;
    add(
      isFilled
        ? `make column ${name} NOT NULL: NULL becomes its default`
        : `make column ${name} NOT NULL: fails where it holds NULL`,
      isFilled ? "rewrites" : "may-fail",
      "change",
      table,
      now.name,
    );
  }
  if (old.notNull && !now.notNull) add(`let column ${name} be NULL`, "none", "change", table, now.name);
  if (!sameForm(old.default, now.default)) add(`change the default of ${name}`, "none", "change", table, now.name);
  if (!sameForm(old.generated, now.generated))
    add(`change how ${name} is generated`, "loses-data", "change", table, now.name);
}

function describeConstraints(before: SnapshotTable, after: SnapshotTable, add: Add): void {
  const table = after.name;
  for (const index of Object.values(after.indexes)) {
    if (sameForm(before.indexes[index.name], index)) continue;
    const isHeld = Object.values(before.indexes).some(
      (old) => old.isUnique && old.where === undefined && sameForm(old.columns, index.columns),
    );
    const isNull = index.columns.some(
      (name) => before.columns[name] === undefined && after.columns[name]?.default === undefined,
    );
    const risk = !index.isUnique || isHeld || isNull ? "none" : "may-fail";
    add(
      `${index.isUnique ? "unique " : ""}index ${index.name}${risk === "none" ? "" : ": fails where rows are equal"}`,
      risk,
      "index",
      table,
    );
  }
  for (const name of Object.keys(before.indexes)) {
    if (!(name in after.indexes)) add(`drop index ${name}`, "none", "unindex", table);
  }
  for (const key of Object.values(after.foreignKeys)) {
    if (key.name in before.foreignKeys || key.columnsFrom.some((column) => !(column in before.columns))) continue;
    add(
      `foreign key ${table}.${key.columnsFrom.join(", ")} → ${key.tableTo}: fails where a row points nowhere`,
      "may-fail",
      "reference",
      table,
    );
  }
  for (const check of Object.values(after.checkConstraints)) {
    if (sameForm(before.checkConstraints[check.name], check)) continue;
    add(`check ${check.name}: fails where a row breaks it`, "may-fail", "check", table);
  }
}

export function describeRebuild(table: SnapshotTable): Change {
  return {
    table: table.name,
    text: `rebuild table ${table.name}: every row is written again`,
    risk: "rewrites",
    words: ["change", table.name],
  };
}

/** A file name's worth of what happens: `create_movies`, `add_tasks_due_at`; `change_tasks` when there is much. */
export function migrationName(changes: readonly Change[]): string {
  const first = changes[0];
  if (first === undefined) return "change";
  const created = changes.filter((change) => change.words[0] === "create").map((change) => change.table);
  const words =
    created.length === changes.length
      ? ["create", ...created]
      : changes.length === 1
        ? first.words
        : ["change", ...new Set(changes.map((change) => change.table))];
  return words
    .join("_")
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "_")
    .slice(0, 48)
    .replace(/_+$/, "");
}
