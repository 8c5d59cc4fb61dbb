/**
 * drizzle-kit's description of one object group's tables (`meta/NNNN_snapshot.json`), as far as Ledge reads it, and the
 * hidden column that Ledge adds to each of them. Data only.
 */

export interface SnapshotColumn {
  readonly name: string;
  readonly type: string;
  readonly primaryKey: boolean;
  readonly notNull: boolean;
  readonly autoincrement: boolean;
  /** SQL text for strings and expressions: `'open'`, `(unixepoch())`. */
  readonly default?: string | number | boolean;
  readonly generated?: { readonly as: string; readonly type: "virtual" | "stored" };
}

export interface SnapshotIndex {
  readonly name: string;
  readonly columns: readonly string[];
  readonly isUnique: boolean;
  readonly where?: string;
}

export interface SnapshotForeignKey {
  readonly name: string;
  readonly tableFrom: string;
  readonly tableTo: string;
  readonly columnsFrom: readonly string[];
  readonly columnsTo: readonly string[];
  readonly onDelete: string;
  readonly onUpdate: string;
}

export interface SnapshotTable {
  readonly name: string;
  readonly columns: Readonly<Record<string, SnapshotColumn>>;
  readonly indexes: Readonly<Record<string, SnapshotIndex>>;
  readonly foreignKeys: Readonly<Record<string, SnapshotForeignKey>>;
  readonly compositePrimaryKeys: Readonly<
    Record<string, { readonly name: string; readonly columns: readonly string[] }>
  >;
  readonly uniqueConstraints: Readonly<Record<string, unknown>>;
  readonly checkConstraints: Readonly<Record<string, { readonly name: string; readonly value: string }>>;
}

/** By SQL name. */
export type SnapshotTables = Readonly<Record<string, SnapshotTable>>;

export interface Snapshot {
  readonly version: "6";
  readonly dialect: "sqlite";
  readonly id: string;
  readonly prevId: string;
  readonly tables: SnapshotTables;
  readonly views: Readonly<Record<string, never>>;
  readonly enums: Readonly<Record<string, never>>;
  readonly _meta: {
    readonly tables: Readonly<Record<string, string>>;
    readonly columns: Readonly<Record<string, string>>;
  };
  /** Which index columns are expressions; drizzle-kit quotes the others. */
  readonly internal?: { readonly indexes: Readonly<Record<string, unknown>> };
  /** Of D1 only: the searched columns of projected tables, by name in D1. drizzle-kit passes it over. */
  readonly searched?: SearchedColumns;
  /** Of D1 only: the object group of each projected table, by name in D1. Snapshots of before 2026-11-29 have it not. */
  readonly copied?: Readonly<Record<string, string>>;
}

export type SearchedColumns = Readonly<Record<string, readonly string[]>>;

/** `prevId` of a group's first snapshot, by drizzle-kit's convention. */
export const ORIGIN_ID = "00000000-0000-0000-0000-000000000000";

/** The hidden version of a row: seq of the last commit that wrote it. Never in the Drizzle table, always in SQLite. */
export const VERSION_COLUMN: SnapshotColumn = {
  name: "_version",
  type: "integer",
  primaryKey: false,
  notNull: true,
  autoincrement: false,
  default: 0,
};

/** The snapshot with `_version` as the last column of each table. */
export function withVersionColumn(snapshot: Snapshot): Snapshot {
  const tables = Object.entries(snapshot.tables).map(([name, table]) => [
    name,
    { ...table, columns: { ...table.columns, [VERSION_COLUMN.name]: VERSION_COLUMN } },
  ]);
  return { ...snapshot, tables: Object.fromEntries(tables) as SnapshotTables };
}

/** Equality of plain data, whatever the order of members in tables (column order counts: it is the table's form). */
export function sameForm(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
