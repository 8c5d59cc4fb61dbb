/** Many rows by id in one statement; absent ones are left out. The ids travel as one JSON text ([QL41]). */

import type { StoredRow } from "../../src/core/change/plan-write.ts";
import type { RowId } from "../../src/core/ids.ts";
import { columnOf } from "../../src/core/schema/table-spec.ts";
import type { Sql } from "../sql/port.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import type { TableStore } from "./table-store.ts";

export function findRows(sql: Sql, table: TableStore, ids: readonly RowId[]): ReadonlyMap<RowId, StoredRow> {
  const found = new Map<RowId, StoredRow>();
  const { spec } = table;
  const [only] = ids;
  if (ids.length === 1 && only !== undefined) {
    const stored = table.find(only);
    return stored === null ? found : found.set(only, stored);
  }
  if (ids.length === 0) return found;
  const key = quoteIdentifier(columnOf(spec, spec.primaryKey)?.sqlName ?? "");
  const statement = `SELECT ${table.columnList} FROM ${quoteIdentifier(spec.name)} WHERE ${key} IN (SELECT value FROM json_each(?))`;
  for (const record of sql.all(statement, [JSON.stringify(ids)])) {
    const stored = table.decode(record);
    found.set(stored.row[spec.primaryKey] as RowId, stored);
  }
  return found;
}
