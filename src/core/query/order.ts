/**
 * The total order of a read ([QL51]): `name:asc,-age` becomes terms that always end with the primary key.
 * Hidden, unsortable, json and blob columns are answered like unknown ones. Called by the edge and live windows.
 */

import { invalidField } from "../fault.ts";
import type { ColumnSpec, TableSpec } from "../schema/table-spec.ts";
import { columnOf } from "../schema/table-spec.ts";

export interface OrderTerm {
  readonly field: string;
  readonly direction: "asc" | "desc";
}

export const MAX_ORDER_FIELDS = 5;

const TERM = /^(?:(-)([A-Za-z_][A-Za-z0-9_]*)|([A-Za-z_][A-Za-z0-9_]*)(?::(asc|desc))?)$/;

/** Parses the parameter `orderBy`; undefined means the primary key ascending. What follows the primary key is dropped. */
export function parseOrderBy(text: string | undefined, table: TableSpec): OrderTerm[] {
  const written = text === undefined ? [] : text.split(",").map((part) => parseTerm(part, table));
  if (written.length > MAX_ORDER_FIELDS) {
    throw invalidField("orderBy", `has ${written.length} fields, limit is ${MAX_ORDER_FIELDS}`);
  }
  const twice = written.find((term, index) => written.findIndex((other) => other.field === term.field) < index);
  if (twice !== undefined) throw invalidField("orderBy", `names ${twice.field} twice`);
  return completeOrder(written, table);
}

/** Ends the terms with the primary key: appended ascending when absent, and nothing after it. */
export function completeOrder(terms: readonly OrderTerm[], table: TableSpec): OrderTerm[] {
  const end = terms.findIndex((term) => term.field === table.primaryKey);
  return end < 0 ? [...terms, { field: table.primaryKey, direction: "asc" }] : terms.slice(0, end + 1);
}

/** `name:asc,age:desc,id:asc`: what a cursor is bound to ([PG2]). */
export function canonicalOrderBy(order: readonly OrderTerm[], table: TableSpec): string {
  return completeOrder(order, table)
    .map((term) => `${term.field}:${term.direction}`)
    .join(",");
}

/** Whether a client may sort by the column. */
export function isSortable(column: ColumnSpec): boolean {
  return column.readable && column.sortable && column.kind !== "json" && column.kind !== "blob";
}

function parseTerm(part: string, table: TableSpec): OrderTerm {
  const parts = TERM.exec(part);
  const field = parts?.[2] ?? parts?.[3];
  if (parts === null || field === undefined) {
    throw invalidField(
      "orderBy",
      `must be fields as name, name:asc, name:desc or -name, separated by commas, not ${JSON.stringify(part)}`,
    );
  }
  const column = columnOf(table, field);
  if (column === undefined || !isSortable(column)) throw invalidField("orderBy", `names an unknown field: ${field}`);
  return { field, direction: parts[1] === "-" || parts[4] === "desc" ? "desc" : "asc" };
}
