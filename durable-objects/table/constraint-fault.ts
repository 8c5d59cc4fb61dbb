/**
 * A constraint that SQLite refused, as a fault that names the rule and never the other row ([HT23]).
 * Reads the message because that is all the runtime gives (`… SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)` on
 * Durable Objects, `UNIQUE constraint failed: tasks.slug` on both); anything it does not know is a defect and goes on as it is.
 */

import { Fault, invalidField } from "../../src/core/fault.ts";
import type { Row, TableSpec } from "../../src/core/schema/table-spec.ts";
import { encodeValue } from "../../src/core/schema/value.ts";
import type { ForeignKey } from "../../src/define/read-table.ts";
import type { Sql } from "../sql/port.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import { storageFault } from "./storage-fault.ts";

export interface RefusedWrite {
  readonly spec: TableSpec;
  readonly foreignKeys: readonly ForeignKey[];
  readonly op: "write" | "remove";
  readonly row: Row;
}

/** The fault behind a failed statement, or the error itself when it is no constraint. */
export function constraintFault(sql: Sql, error: unknown, refused: RefusedWrite): unknown {
  const message = error instanceof Error ? error.message : String(error);
  const id = refused.row[refused.spec.primaryKey] as string | number;
  const unique = /UNIQUE constraint failed: ([^:(]+)/.exec(message);
  if (unique !== null) {
    const fields = columnsNamed(refused.spec, unique[1] ?? "");
    if (fields.length === 1 && fields[0] === refused.spec.primaryKey)
      return new Fault({ slug: "conflict", reason: "exists", id });
    return new Fault({ slug: "conflict", reason: "unique", fields });
  }
  if (message.includes("FOREIGN KEY constraint failed")) {
    if (refused.op === "remove") return new Fault({ slug: "conflict", reason: "referenced", id });
    const field = missingParent(sql, refused);
    return field === null
      ? new Fault({ slug: "conflict", reason: "referenced", id })
      : new Fault({ slug: "conflict", reason: "foreign-key", field });
  }
  const check = /CHECK constraint failed: ([^\s:(]+)/.exec(message);
  if (check !== null) return invalidField("", `breaks the rule "${check[1]}" of the table`, "check");
  const missing = /NOT NULL constraint failed: ([^:(\s]+)/.exec(message);
  if (missing !== null)
    return invalidField(columnsNamed(refused.spec, missing[1] ?? "")[0] ?? "", "may not be null", "required");
  return storageFault(error) ?? error;
}

/** `tasks.slug, tasks.org` → the readable column names; an index over an expression names none. */
function columnsNamed(spec: TableSpec, list: string): string[] {
  const names: string[] = [];
  for (const part of list.split(",")) {
    const sqlName = part.trim().split(".").at(-1)?.replaceAll('"', "") ?? "";
    const column = spec.columns.find((candidate) => candidate.sqlName === sqlName);
    if (column?.readable === true) names.push(column.name);
  }
  return names;
}

/** The first foreign-key column whose parent is not there. */
function missingParent(sql: Sql, refused: RefusedWrite): string | null {
  for (const key of refused.foreignKeys) {
    const columns = key.columns.map((name) => refused.spec.columns.find((column) => column.name === name));
    const values = columns.map((column) =>
      column === undefined ? null : encodeValue(column, refused.row[column.name] ?? null),
    );
    if (values.includes(null)) continue;
    const where = key.targetColumns.map((name) => `${quoteIdentifier(name)} = ?`).join(" AND ");
    if (sql.all(`SELECT 1 AS found FROM ${quoteIdentifier(key.targetTable)} WHERE ${where}`, values).length === 0)
      return key.columns[0] ?? null;
  }
  return null;
}
