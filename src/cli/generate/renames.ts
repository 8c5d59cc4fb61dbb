/**
 * Renames: what was declared or answered, and what could be one. A column that is gone while another is new may have been
 * renamed (keep its values) or replaced (lose them); only a person knows. Pure.
 */

import { type SnapshotForeignKey, type SnapshotTable, type SnapshotTables, sameForm } from "./snapshot.ts";

export type Rename =
  | { readonly kind: "table"; readonly from: string; readonly to: string }
  | { readonly kind: "column"; readonly table: string; readonly from: string; readonly to: string };

/** Something that is gone while others are new: each of `candidates` may be its new name. */
export interface Ambiguity {
  /** `null`: tables; otherwise columns of this table. */
  readonly table: string | null;
  readonly gone: string;
  readonly candidates: readonly string[];
}

/** Reads `tasks.title=name` (a column) or `tasks=jobs` (a table); `null` when it is neither. SQL names. */
export function parseRename(text: string): Rename | null {
  const found = /^([^.=]+)(?:\.([^.=]+))?=([^.=]+)$/.exec(text);
  const [, table, column, to] = found ?? [];
  if (table === undefined || to === undefined) return null;
  return column === undefined ? { kind: "table", from: table, to } : { kind: "column", table, from: column, to };
}

/** As it is written after `--rename`. */
export function printRename(rename: Rename): string {
  return rename.kind === "table" ? `${rename.from}=${rename.to}` : `${rename.table}.${rename.from}=${rename.to}`;
}

/** The renames that concern these tables: what they name exists before, and what they call it exists after. */
export function fittingRenames(before: SnapshotTables, after: SnapshotTables, renames: readonly Rename[]): Rename[] {
  const tables = renames.filter((rename) => rename.kind === "table" && isReplaced(before, after, rename));
  const renamed = renameAll(before, tables);
  const columns = renames.filter((rename) => {
    if (rename.kind === "table") return false;
    const [old, now] = [renamed[rename.table], after[rename.table]];
    return old !== undefined && now !== undefined && isReplaced(old.columns, now.columns, rename);
  });
  return [...tables, ...columns];
}

/** What remains open after these renames. */
export function ambiguities(before: SnapshotTables, after: SnapshotTables): Ambiguity[] {
  const found = replaced(before, after).map((each) => ({ table: null as string | null, ...each }));
  for (const table of Object.values(after)) {
    const old = before[table.name];
    if (old === undefined) continue;
    found.push(...replaced(old.columns, table.columns).map((each) => ({ table: table.name, ...each })));
  }
  return found;
}

export function renameStatement(rename: Rename): string {
  return rename.kind === "table"
    ? `ALTER TABLE \`${rename.from}\` RENAME TO \`${rename.to}\`;`
    : `ALTER TABLE \`${rename.table}\` RENAME COLUMN \`${rename.from}\` TO \`${rename.to}\`;`;
}

/** The tables as SQLite holds them after the renames. */
export function renameAll(tables: SnapshotTables, renames: readonly Rename[]): SnapshotTables {
  return renames.reduce(
    (current, rename) => (rename.kind === "table" ? renameTable(current, rename) : renameColumn(current, rename)),
    tables,
  );
}

/** drizzle-kit names a foreign key after its columns: an equal one under another name is the same one. */
export function alignForeignKeys(before: SnapshotTable, after: SnapshotTable): SnapshotTable {
  const keys = Object.values(before.foreignKeys).map((key) => {
    const twin = Object.values(after.foreignKeys).find((other) =>
      sameForm({ ...other, name: "" }, { ...key, name: "" }),
    );
    return twin ?? key;
  });
  return { ...before, foreignKeys: byName(keys) };
}

function isReplaced(before: object, after: object, rename: { readonly from: string; readonly to: string }): boolean {
  return rename.from in before && !(rename.from in after) && rename.to in after && !(rename.to in before);
}

function replaced(before: object, after: object): { gone: string; candidates: string[] }[] {
  const candidates = Object.keys(after).filter((name) => !(name in before));
  if (candidates.length === 0) return [];
  return Object.keys(before)
    .filter((name) => !(name in after))
    .map((gone) => ({ gone, candidates }));
}

function renameTable(
  tables: SnapshotTables,
  { from, to }: { readonly from: string; readonly to: string },
): SnapshotTables {
  const name = (table: string) => (table === from ? to : table);
  const renamed = Object.values(tables).map((table) => ({
    ...table,
    name: name(table.name),
    foreignKeys: mapKeys(table.foreignKeys, (key) => ({
      ...key,
      tableFrom: name(key.tableFrom),
      tableTo: name(key.tableTo),
    })),
  }));
  return byName(renamed);
}

function renameColumn(
  tables: SnapshotTables,
  { table: owner, from, to }: { readonly table: string; readonly from: string; readonly to: string },
): SnapshotTables {
  const all = (columns: readonly string[]) => columns.map((column) => (column === from ? to : column));
  const renamed = Object.values(tables).map((table): SnapshotTable => {
    const foreignKeys = mapKeys(table.foreignKeys, (key) => ({
      ...key,
      columnsFrom: key.tableFrom === owner ? all(key.columnsFrom) : key.columnsFrom,
      columnsTo: key.tableTo === owner ? all(key.columnsTo) : key.columnsTo,
    }));
    if (table.name !== owner) return { ...table, foreignKeys };
    const columns = Object.values(table.columns).map((column) =>
      column.name === from ? { ...column, name: to } : column,
    );
    const indexes = Object.values(table.indexes).map((index) => ({ ...index, columns: all(index.columns) }));
    return { ...table, foreignKeys, columns: byName(columns), indexes: byName(indexes) };
  });
  return byName(renamed);
}

function mapKeys(
  keys: SnapshotTable["foreignKeys"],
  change: (key: SnapshotForeignKey) => SnapshotForeignKey,
): SnapshotTable["foreignKeys"] {
  return byName(Object.values(keys).map(change));
}

function byName<T extends { readonly name: string }>(items: readonly T[]): Record<string, T> {
  return Object.fromEntries(items.map((item) => [item.name, item]));
}
