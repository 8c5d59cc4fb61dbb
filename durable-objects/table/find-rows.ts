/**
 * Many rows by id, in few statements; absent ones are left out. The ids travel as JSON texts ([QL41]). Refuses rows that would
 * fill the object's memory together.
 */

import type { StoredRow } from "../../src/core/change/plan-write.ts";
import { Fault } from "../../src/core/fault.ts";
import type { RowId } from "../../src/core/ids.ts";
import { columnOf } from "../../src/core/schema/table-spec.ts";
import type { Sql } from "../sql/port.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import { storedSize } from "../sql/residual-effort.ts";
import type { TableStore } from "./table-store.ts";

/** At 512 KB a row, 64 MB of the object's 128 MB. */
const ROWS_AT_ONCE = 128;
const MAX_BYTES = 64 * 2 ** 20;

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
  let size = 0;
  for (let at = 0; at < ids.length; at += ROWS_AT_ONCE) {
    for (const record of sql.all(statement, [JSON.stringify(ids.slice(at, at + ROWS_AT_ONCE))])) {
      size += storedSize(Object.values(record));
      const stored = table.decode(record);
      found.set(stored.row[spec.primaryKey] as RowId, stored);
    }
    if (size > MAX_BYTES) throw new Fault({ slug: "batch-limit-exceeded", limit: "bytes", requested: size });
  }
  return found;
}
