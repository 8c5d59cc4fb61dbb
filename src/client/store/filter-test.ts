/**
 * The filter of a list as a test of rows that are held here, for writes that the server has not seen: where such a row belongs. Null where it
 * cannot be told: a filter that came as text (no parser is carried along), an operator of the application's own, a column that the
 * row does not have. Pure.
 */

import type { JsonObject } from "../../core/json.ts";
import { compileMatcher } from "../../core/query/matches.ts";
import { ALL, type Filter } from "../../core/query/tree.ts";
import type { TableSpec } from "../../core/schema/table-spec.ts";
import { type FilterInput, treeOf } from "../filter-text.ts";

export type RowTest = (row: JsonObject) => boolean | null;

/** The tree of a filter; null for a text. */
export function filterTree(input: FilterInput<object> | undefined): Filter | null {
  if (input === undefined || input === "") return ALL;
  return typeof input === "string" ? null : treeOf(input);
}

const UNKNOWN: RowTest = () => null;

/** `kinds`: of the columns by name, as the server tells them. */
export function filterTest(filter: Filter | null, kinds: JsonObject): RowTest {
  if (filter === null) return UNKNOWN;
  const columns = Object.entries(kinds).map(([name, kind]) => ({ name, kind }));
  const fields = fieldsOf(filter);
  try {
    const test = compileMatcher(filter, { columns } as unknown as TableSpec);
    return (row) => (fields.every((name) => row[name] !== undefined) ? test(row) : null);
  } catch {
    return UNKNOWN;
  }
}

function fieldsOf(filter: Filter): string[] {
  switch (filter.kind) {
    case "all":
      return [];
    case "compare":
      return [filter.field];
    case "not":
      return fieldsOf(filter.term);
    default:
      return filter.terms.flatMap(fieldsOf);
  }
}
