/** The option `search` of a table, checked when the application starts ([SR1]): readable text columns, weights, names of indexes. */

import type { ColumnSpec, SearchSpec } from "../core/schema/table-spec.ts";
import { ConfigError } from "./config-error.ts";
import type { AnyResource, Refuse } from "./resource.ts";

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

/** What FTS5 and Ledge call the parts of an index: `_fts_<table>_<part>` must not be the index of a table `<table>_<part>`. */
const INDEX_PARTS = ["data", "idx", "content", "docsize", "config", "rows"];

/** Refuses two tables of one object whose indexes would share names. */
export function checkSearchNames(resources: readonly AnyResource[]): void {
  const searched = resources.filter(({ spec }) => spec.search !== undefined);
  for (const one of searched) {
    const twin = searched.find(
      ({ name, spec }) => spec.group === one.spec.group && INDEX_PARTS.some((part) => name === `${one.name}_${part}`),
    );
    if (twin === undefined) continue;
    throw new ConfigError(
      twin.name,
      twin.file,
      `its index would bear the name of a part of the index of "${one.name}"`,
      "Rename it, or put it into another group.",
    );
  }
}
