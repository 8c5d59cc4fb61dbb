/** The unique indexes of a table as SQLite has them, read once per instance: what two rows may not share. */

import type { Json } from "../../src/core/json.ts";
import type { TableSpec } from "../../src/core/schema/table-spec.ts";
import type { Sql } from "../sql/port.ts";

export interface UniqueIndex {
  /** By name in the row, with what the collation makes of a value; null: over an expression, so any two rows may meet. */
  readonly columns: readonly { readonly name: string; readonly fold: (value: Json) => Json }[] | null;
}

const known = new WeakMap<Sql, Map<string, readonly UniqueIndex[]>>();

/** Without the primary key: that is the row's own key. */
export function uniqueIndexes(sql: Sql, spec: TableSpec): readonly UniqueIndex[] {
  let ofObject = known.get(sql);
  if (ofObject === undefined) {
    ofObject = new Map();
    known.set(sql, ofObject);
  }
  let indexes = ofObject.get(spec.name);
  if (indexes === undefined) {
    indexes = readIndexes(sql, spec);
    ofObject.set(spec.name, indexes);
  }
  return indexes;
}

function readIndexes(sql: Sql, spec: TableSpec): readonly UniqueIndex[] {
  const names = sql.all(`SELECT name FROM pragma_index_list(?) WHERE "unique" = 1 AND origin <> 'pk'`, [spec.name]);
  return names.map(({ name }) => {
    const found = sql.all("SELECT cid, name, coll FROM pragma_index_xinfo(?) WHERE key = 1 ORDER BY seqno", [
      String(name),
    ]);
    const columns = found.map(({ cid, name: sqlName, coll }) => {
      const column = Number(cid) < 0 ? undefined : spec.columns.find((each) => each.sqlName === sqlName);
      return column === undefined ? null : { name: column.name, fold: foldBy(String(coll)) };
    });
    return { columns: columns.some((column) => column === null) ? null : (columns as UniqueIndex["columns"]) };
  });
}

/** Equal where the collation says so; a little too often equal does no harm. */
function foldBy(collation: string): (value: Json) => Json {
  if (collation.toUpperCase() === "BINARY") return (value) => value;
  return (value) => (typeof value === "string" ? value.trimEnd().toLowerCase() : value);
}
