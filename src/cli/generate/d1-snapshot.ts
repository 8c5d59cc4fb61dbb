/**
 * What D1 is to hold, as drizzle-kit's description: the tables that features declare, and for each projected table of the application its
 * `rm_<table>`. A copy promises nothing by itself (the object's table did), so uniqueness, defaults, references and NOT NULL stay
 * behind; its indexes come along, because reads want them. Pure.
 */

import { COPY_COLUMN, keyColumn, type ProjectedTable, projectionName } from "../../core/read-model/projected-table.ts";
import type { Snapshot, SnapshotColumn, SnapshotIndex, SnapshotTable, SnapshotTables } from "./snapshot.ts";
import { VERSION_COLUMN } from "./snapshot.ts";

/** A projected table, and the one of its object. */
export interface ProjectionSource {
  readonly projected: ProjectedTable;
  readonly table: SnapshotTable;
  /** SQL names of the searched columns; empty for a table without search. */
  readonly searched: readonly string[];
  /** SQL names of columns that relations come by: a join table is sought from either side. */
  readonly sought: readonly string[];
}

/** `features` is the description of their tables alone. */
export function d1Snapshot(features: Snapshot, sources: readonly ProjectionSource[]): Snapshot {
  const projections = sources.map((source): [string, SnapshotTable] => {
    const table = projectionTable(source);
    return [table.name, table];
  });
  const searched = sources
    .filter((source) => source.searched.length > 0)
    .map(({ projected, searched: columns }) => [projectionName(projected.name), columns] as const);
  const copied = sources.map(({ projected: { name, group } }) => [projectionName(name), group] as const);
  return {
    ...features,
    tables: { ...features.tables, ...Object.fromEntries(projections) } as SnapshotTables,
    ...(copied.length === 0 ? {} : { copied: Object.fromEntries(copied) }),
    ...(searched.length === 0 ? {} : { searched: Object.fromEntries(searched) }),
  };
}

function projectionTable(source: ProjectionSource): SnapshotTable {
  const { projected, table } = source;
  const name = projectionName(projected.name);
  const key = keyColumn(projected);
  const columns = projected.columns.flatMap(({ sqlName }) => {
    const column = table.columns[sqlName];
    return column === undefined ? [] : [[sqlName, plainColumn(column, sqlName === key.sqlName)] as const];
  });
  return {
    name,
    columns: {
      [COPY_COLUMN]: { name: COPY_COLUMN, type: "integer", primaryKey: false, notNull: true, autoincrement: false },
      ...Object.fromEntries(columns),
      [VERSION_COLUMN.name]: VERSION_COLUMN,
    },
    indexes: Object.fromEntries(copiedIndexes(source).map((index) => [index.name, index])),
    foreignKeys: {},
    compositePrimaryKeys: {
      [`${name}_pk`]: { name: `${name}_pk`, columns: [COPY_COLUMN, key.sqlName] },
    },
    uniqueConstraints: {},
    checkConstraints: {},
  };
}

/** Those of its table that reads across objects can use, of relations, and in partitions one by id. */
export function copiedIndexes({ projected, table, sought }: ProjectionSource): readonly SnapshotIndex[] {
  const name = projectionName(projected.name);
  const kept = new Set(projected.columns.map(({ sqlName }) => sqlName));
  // All rows of a table that is not partitioned are of one copy, which a read names first.
  const underCopy = (columns: readonly string[]) =>
    projected.partitionBy === null ? [COPY_COLUMN, ...columns] : columns;
  const own = Object.values(table.indexes).flatMap((index): SnapshotIndex[] =>
    index.where === undefined && index.columns.every((column) => kept.has(column))
      ? [{ ...index, name: `rm_${index.name}`, isUnique: false }]
      : [],
  );
  // Across objects there is no order by id but this one: the key begins with the copy.
  const byId = { name: `${name}_by_id`, columns: [keyColumn(projected).sqlName], isUnique: false };
  const led = new Set(own.map(({ columns }) => columns[0]));
  const links = sought.flatMap((column) =>
    led.has(column) ? [] : [{ name: `${name}_of_${column}`, columns: [column], isUnique: false }],
  );
  const indexes = [...own, ...links].map((index) => ({ ...index, columns: underCopy(index.columns) }));
  return [...indexes, ...(projected.partitionBy === null ? [] : [byId])];
}

function plainColumn({ name, type }: SnapshotColumn, isKey: boolean): SnapshotColumn {
  return { name, type, primaryKey: false, notNull: isKey, autoincrement: false };
}
