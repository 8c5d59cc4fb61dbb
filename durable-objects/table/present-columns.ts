/**
 * Which columns a table really has in this object: what a read may name while a failed migration keeps the object on its
 * old schema.
 */

import type { Sql } from "../sql/port.ts";

/** SQL names of the table's columns, generated ones included; empty when there is no such table. */
export function presentColumns(sql: Sql, tableName: string): ReadonlySet<string> {
  return new Set(sql.all("SELECT name FROM pragma_table_xinfo(?)", [tableName]).map((row) => String(row.name)));
}
