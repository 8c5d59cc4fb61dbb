/**
 * One table inside its object: the SQL that reads and writes a row by key, and the step between stored and JSON form.
 * Knows no scopes, no ledger and no callers.
 */

import type { StoredRow } from "../../src/core/change/plan-write.ts";
import { type RowId, type Seq, seqOf } from "../../src/core/ids.ts";
import type { Json } from "../../src/core/json.ts";
import type { ColumnSpec, Draft, Row, TableSpec } from "../../src/core/schema/table-spec.ts";
import { decodeValue, encodeValue } from "../../src/core/schema/value.ts";
import type { AnyResource } from "../../src/define/resource.ts";
import { decodeListed, decodeRow } from "../sql/list-rows.ts";
import { VERSION_COLUMN } from "../sql/list-statement.ts";
import type { Sql } from "../sql/port.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";

export interface TableStore {
  readonly resource: AnyResource;
  readonly spec: TableSpec;
  /** The select list: every column, then `_version`. */
  readonly columnList: string;
  /** A record of that select list → the row and its version. */
  decode(record: Record<string, unknown>): StoredRow;
  find(id: RowId): StoredRow | null;
  insert(row: Row, version: Seq): void;
  /** Writes the columns that differ. */
  update(before: Row, after: Row, version: Seq): void;
  remove(id: RowId): void;
  /** The next integer id: above every id this table ever gave. */
  nextIntId(): number;
  /** Defaults that the database or the Drizzle table gives for the columns left out. */
  defaults(missing: readonly string[]): Draft;
}

/**
 * Opens a table. `present` holds the SQLite columns that exist: all of them, unless a migration failed; the missing ones are
 * then left out, and show as null, so that the object stays readable.
 */
export function openTable(sql: Sql, resource: AnyResource, present: ReadonlySet<string>): TableStore {
  const isWhole = resource.spec.columns.every((column) => present.has(column.sqlName));
  const spec = isWhole
    ? resource.spec
    : { ...resource.spec, columns: resource.spec.columns.filter((column) => present.has(column.sqlName)) };
  const table = quoteIdentifier(spec.name);
  const key = spec.columns.find((column) => column.primaryKey) as ColumnSpec;
  const keyName = quoteIdentifier(key.sqlName);
  const columnList = [...spec.columns.map((column) => column.sqlName), VERSION_COLUMN].map(quoteIdentifier).join(", ");
  const selectById = `SELECT ${columnList} FROM ${table} WHERE ${keyName} = ?`;
  const insertRow = `INSERT INTO ${table} (${[...spec.columns.map((column) => quoteIdentifier(column.sqlName)), "_version"].join(", ")}) VALUES (${"?, ".repeat(spec.columns.length)}?)`;
  const deleteById = `DELETE FROM ${table} WHERE ${keyName} = ?`;

  const store: TableStore = {
    resource,
    spec,
    columnList,
    decode(record) {
      return { row: decodeRow(spec, record), version: seqOf(Number(record[VERSION_COLUMN])) };
    },
    find(id) {
      const values = sql.values(selectById, [id])[0];
      return values === undefined ? null : decodeListed(spec, values);
    },
    insert(row, version) {
      sql.run(insertRow, [...spec.columns.map((column) => encodeValue(column, row[column.name] ?? null)), version]);
    },
    update(before, after, version) {
      const changed = spec.columns.filter((column) => !isSameValue(before[column.name], after[column.name]));
      const assignments = changed.map((column) => `${quoteIdentifier(column.sqlName)} = ?`);
      sql.run(`UPDATE ${table} SET ${[...assignments, "_version = ?"].join(", ")} WHERE ${keyName} = ?`, [
        ...changed.map((column) => encodeValue(column, after[column.name] ?? null)),
        version,
        before[key.name] as RowId,
      ]);
    },
    remove(id) {
      if (spec.idKind === "int") rememberHighestId(sql, table, keyName, spec.name, id);
      sql.run(deleteById, [id]);
    },
    nextIntId() {
      const row = sql.all(
        `SELECT max(coalesce((SELECT max(${keyName}) FROM ${table}), 0), coalesce((SELECT last FROM _ids WHERE name = ?), 0)) AS last`,
        [spec.name],
      )[0];
      return Number(row?.last ?? 0) + 1;
    },
    defaults(missing) {
      const values: Record<string, Json> = {};
      for (const name of missing) {
        const source = resource.defaults.get(name);
        const column = spec.columns.find((candidate) => candidate.name === name);
        if (column === undefined) continue;
        if (source === undefined) {
          const update = resource.onUpdate.get(name);
          if (update !== undefined) values[name] = update();
        } else if (source.kind === "value") values[name] = source.value;
        else if (source.kind === "function") values[name] = source.make();
        else values[name] = decodeValue(column, sql.all(`SELECT (${source.sql}) AS value`, [])[0]?.value);
      }
      return values;
    },
  };
  return store;
}

/** Removing the row with the highest integer id must not let that id be given again. */
function rememberHighestId(sql: Sql, table: string, keyName: string, name: string, id: RowId): void {
  sql.run(
    `INSERT INTO _ids (name, last) SELECT ?, ? WHERE ? >= (SELECT max(${keyName}) FROM ${table})
     ON CONFLICT (name) DO UPDATE SET last = max(last, excluded.last)`,
    [name, id, id],
  );
}

/** Equal scalars, or the same JSON value by identity of its text. */
function isSameValue(a: Json | undefined, b: Json | undefined): boolean {
  return a === b || (typeof a === "object" && JSON.stringify(a) === JSON.stringify(b));
}
