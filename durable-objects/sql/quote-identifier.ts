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

/**
 * The column as something to compare. Text is compared by its bytes whatever collation the column declares ([QL28]); the
 * explicit BINARY does not keep SQLite from using a BINARY index. Digits are compared as numbers by `orderedColumn`.
 */
export function comparedColumn(column: ColumnSpec): string {
  return column.kind === "text" ? `${quoteColumn(column)} COLLATE BINARY` : quoteColumn(column);
}

/** The column as something to order: bigint is stored as digits and ordered as the 64-bit integer. */
export function orderedColumn(column: ColumnSpec): string {
  return column.kind === "bigint" ? `CAST(${quoteColumn(column)} AS INTEGER)` : comparedColumn(column);
}
