/** Drizzle's SQL as text with its values in place: defaults that are expressions, queries of views. */

import type { SQL } from "drizzle-orm";
import { CasingCache } from "drizzle-orm/casing";

/** With its values in place. Drizzle's SQLite dialect does the same, and would bring its whole query builder into the Worker. */
export function printSql(expression: SQL): string {
  const { sql } = expression.toQuery({
    casing: new CasingCache(),
    escapeName: (name) => `"${name}"`,
    escapeParam: () => "?",
    escapeString: (text) => `'${text.replaceAll("'", "''")}'`,
    inlineParams: true,
  });
  return sql;
}
