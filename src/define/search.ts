/** The option `search` of a table, checked when the application starts ([SR1]): readable text columns, weights. */

import type { ColumnSpec, SearchSpec } from "../core/schema/table-spec.ts";
import type { Refuse } from "./resource.ts";

/** A column, with its weight when it differs from 1. */
export type SearchFieldConfig = string | { readonly name: string; readonly weight?: number };

/** Each is a part of every search's statement. */
const MAX_SEARCH_FIELDS = 20;
const MAX_WEIGHT = 1000;

export interface SearchConfig {
  readonly fields: readonly SearchFieldConfig[];
  readonly attributes?: readonly string[];
}

export function searchOf(
  { fields, attributes = [] }: SearchConfig,
  columns: readonly ColumnSpec[],
  refuse: Refuse,
): SearchSpec {
  const listed = fields.map((field) =>
    typeof field === "string" ? { name: field, weight: 1 } : { weight: 1, ...field },
  );
  if (listed.length === 0 || listed.length > MAX_SEARCH_FIELDS) {
    throw refuse(
      `search.fields has ${listed.length} fields`,
      `Name 1 to ${MAX_SEARCH_FIELDS} text columns, or drop search.`,
    );
  }
  for (const [index, { name, weight }] of listed.entries()) {
    const column = columns.find((candidate) => candidate.name === name);
    if (column === undefined) {
      throw refuse(
        `search.fields names no column: "${name}"`,
        `Columns are: ${columns.map((each) => each.name).join(", ")}.`,
      );
    }
    if (column.kind !== "text")
      throw refuse(`search.fields names "${name}", which is ${column.kind}, not text`, "Name text columns.");
    if (!column.readable) {
      throw refuse(
        `search.fields names "${name}", which is not readable`,
        "What a search finds would tell of it: make it readable, or drop it.",
      );
    }
    if (!Number.isFinite(weight) || weight <= 0 || weight > MAX_WEIGHT) {
      throw refuse(`search weight of "${name}" is ${weight}`, `Give a number above 0, at most ${MAX_WEIGHT}.`);
    }
    if (listed.findIndex((other) => other.name === name) < index)
      throw refuse(`search.fields names "${name}" twice`, "Name it once.");
  }
  const unknown = attributes.find((name) => !columns.some((column) => column.name === name));
  if (unknown !== undefined) {
    throw refuse(
      `search.attributes names no column: "${unknown}"`,
      `Columns are: ${columns.map((each) => each.name).join(", ")}.`,
    );
  }
  return { fields: listed, ...(attributes.length === 0 ? {} : { attributes }) };
}
