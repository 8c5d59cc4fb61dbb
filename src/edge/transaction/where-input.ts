/** What server code may say of rows: filter text, a built filter, or equalities; as an operation takes it. */

import { invalid } from "../../core/fault.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { printFilter } from "../../core/query/print.ts";
import { type Filter, isFilter } from "../../core/query/tree.ts";
import { invalidMembers, type OperationPlace } from "../../core/transaction/place-operation-fault.ts";
import { literally } from "../../core/transaction/template.ts";
import { jsonForm } from "../validate-input.ts";

/** A filter text, a filter built with `eq`, `and` …, or `{ column: value }`, all of which must be equal. */
export type WhereInput = string | Filter | Readonly<Record<string, unknown>>;

/** `where` of an operation, or `all: true` for an empty filter tree. Values are data: braces in them are text. */
export function whereMembers(
  where: WhereInput,
  place?: OperationPlace,
): { readonly where: Json } | { readonly all: true } {
  if (typeof where === "string") return { where };
  if (isFilter(where)) return where.kind === "all" ? { all: true } : { where: printFilter(where) };
  return { where: literally(equalities(where, place)) };
}

/** Refuses a value that is missing: left out, it would widen what is meant, to rows that nobody named. */
export function equalities(where: Readonly<Record<string, unknown>>, place?: OperationPlace): JsonObject {
  const missing = Object.keys(where).filter((name) => where[name] === undefined);
  const errors = missing.map((name) => ({ field: `where.${name}`, message: "has no value", code: "missing" }));
  if (errors.length > 0) throw place === undefined ? invalid(errors) : invalidMembers(place, errors);
  return jsonForm(where);
}

/** Columns as code writes them, as data that holds no references. */
export function literalData(data: object): JsonObject {
  return literally(jsonForm(data as Record<string, unknown>)) as JsonObject;
}
