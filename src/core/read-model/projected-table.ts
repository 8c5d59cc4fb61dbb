/**
 * A table as D1 holds it: which of its columns, and the names there. `rm_<table>` keeps the rows of many objects side by side, told apart
 * by `_copy`; what a row of it means is in `copy.ts`. Called by the configuration, by the statements and by the generation of migrations.
 */

import { shortHash } from "../json.ts";
import { requireColumn } from "../query/grouping.ts";
import type { ColumnSpec, TableSpec } from "../schema/table-spec.ts";

export interface ProjectedTable {
  readonly name: string;
  readonly group: string;
  /** The key among them; in the order of the table. */
  readonly columns: readonly ColumnSpec[];
  readonly primaryKey: string;
  readonly partitionBy: string | null;
  /** The column that marks removed rows. */
  readonly softDelete: string | null;
}

/** Ledge's own columns of a projected table: whose row it is, and the seq that last wrote it. */
export const COPY_COLUMN = "_copy";

/** Beside Ledge's own two: a table of D1 has 100 at most (developers.cloudflare.com/d1/platform/limits/, read 2026-11). */
export const MAX_COPIED_COLUMNS = 98;

/**
 * The columns asked for, and those without which a row could not be told apart, hidden or listed. `true` leaves out what no client may read:
 * a secret lies in D1 only where it is named.
 */
export function projectTable(spec: TableSpec, wanted: true | readonly string[]): ProjectedTable {
  const needed = [spec.primaryKey, spec.partitionBy, spec.softDelete?.field];
  const columns = spec.columns.filter(
    ({ name, readable }) => (wanted === true ? readable : wanted.includes(name)) || needed.includes(name),
  );
  const { name, group, primaryKey, partitionBy } = spec;
  return { name, group, columns, primaryKey, partitionBy, softDelete: spec.softDelete?.field ?? null };
}

/** Copies have it whatever columns were asked for. */
export function keyColumn(table: ProjectedTable): ColumnSpec {
  return requireColumn(table, table.primaryKey);
}

/** The name of a table in D1. */
export function projectionName(table: string): string {
  return `rm_${table}`;
}

/** The form of an object's copy: another list of tables or columns makes another copy. */
export function projectionForm(tables: readonly ProjectedTable[]): string {
  const parts = tables.map(({ name, columns }) => [name, columns.map((column) => [column.name, column.kind])]);
  return shortHash(JSON.stringify(parts.sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))));
}
