/** What server code may say of rows: filter text, a built filter, or equalities; as an operation takes it. */

import type { Json, JsonObject } from "../../core/json.ts";
import { printFilter } from "../../core/query/print.ts";
import { type Filter, isFilter } from "../../core/query/tree.ts";
import { literally } from "../../core/transaction/template.ts";
import { jsonForm } from "../validate-input.ts";

/** A filter text, a filter built with `eq`, `and` …, or `{ column: value }`, all of which must be equal. */
export type WhereInput = string | Filter | Readonly<Record<string, unknown>>;

/** `where` of an operation, or `all: true` for an empty filter tree. Values are data: braces in them are text. */
export function whereMembers(where: WhereInput): { readonly where: Json } | { readonly all: true } {
  if (typeof where === "string") return { where };
  if (isFilter(where)) return where.kind === "all" ? { all: true } : { where: printFilter(where) };
  return { where: literally(jsonForm(where as Record<string, unknown>)) };
}

/** Columns as code writes them, as data that holds no references. */
export function literalData(data: object): JsonObject {
  return literally(jsonForm(data as Record<string, unknown>)) as JsonObject;
}
