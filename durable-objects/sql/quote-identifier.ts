/** Identifiers in SQL text: names come from the schema only, and are always quoted ([QL40]). */

import type { ColumnSpec } from "../../src/core/schema/table-spec.ts";

/** `due_at` → `"due_at"`. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The column as it stands in SQL. */
export function quoteColumn(column: ColumnSpec): string {
  return quoteIdentifier(column.sqlName);
}

/** A collation that the column declares in SQL (through a custom Drizzle type), if any. */
type Collated = ColumnSpec & { readonly collation?: string };

/**
 * The column as something to compare. Text is compared by its bytes whatever collation the column declares ([QL28]). BINARY is
 * forced only where another is declared: an explicit COLLATE keeps SQLite (3.53) from using indexes in an OR.
 */
export function comparedColumn(column: ColumnSpec): string {
  const { collation = "BINARY" }: Collated = column;
  return collation.toUpperCase() === "BINARY" ? quoteColumn(column) : `${quoteColumn(column)} COLLATE BINARY`;
}

/** The column as something to order: bigint is stored as digits and ordered as the 64-bit integer. */
export function orderedColumn(column: ColumnSpec): string {
  return column.kind === "bigint" ? `CAST(${quoteColumn(column)} AS INTEGER)` : comparedColumn(column);
}
