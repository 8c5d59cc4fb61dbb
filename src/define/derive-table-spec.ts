/**
 * The plain description of a table (`TableSpec`) from its columns and its configuration: keys, soft delete, version counter, limits,
 * capabilities. Refuses what does not fit together. Called by `resource`.
 */

import type { IdKind } from "../core/ids.ts";
import { shortHash } from "../core/json.ts";
import type { AggregatableSpec, Capability, ColumnSpec, SoftDeleteSpec, TableSpec } from "../core/schema/table-spec.ts";
import { parseValue } from "../core/schema/value.ts";
import { batchOf } from "./batch-limits.ts";
import type { ResourceConfig } from "./config.ts";
import type { Refuse } from "./resource.ts";
import { searchOf } from "./search.ts";

/** Throws `ConfigError` on the first mistake. */
export function deriveTableSpec(
  name: string,
  columns: readonly ColumnSpec[],
  config: ResourceConfig,
  refuse: Refuse,
): TableSpec {
  const keys = columns.filter((column) => column.primaryKey);
  const key = keys[0];
  if (key === undefined || keys.length > 1) {
    throw refuse(
      keys.length > 1 ? "a composite primary key is not supported" : "the table has no primary key",
      `Give it one: id: text("id").primaryKey().`,
    );
  }
  const idKind = idKindOf(key, config, refuse);
  const computed = Object.keys(config.computed ?? {});
  for (const field of computed) {
    if (columns.some((column) => column.name === field)) {
      throw refuse(`computed field "${field}" has the name of a column`, "Rename the computed field.");
    }
  }
  const columnNamed = (field: string) => columns.find((column) => column.name === field);
  if (config.partitionBy !== undefined) {
    const column = columnNamed(config.partitionBy);
    if (column?.kind !== "text" || !column.notNull) {
      throw refuse(`partitionBy column "${config.partitionBy}" must be text and not null`, "Add .notNull().");
    }
    if (config.partition === undefined) {
      throw refuse(
        "partitionBy is set without a rule that admits callers",
        `Add partition: { claim: "…" } or partition: { allow: (principal, partition) => … }.`,
      );
    }
  } else if (config.partition !== undefined) {
    throw refuse("partition is set without partitionBy", 'Name the column: partitionBy: "roomId".');
  }
  return {
    name,
    columns,
    primaryKey: key.name,
    idKind,
    group: config.group ?? name,
    partitionBy: config.partitionBy ?? null,
    softDelete: softDeleteOf(config, columns, refuse),
    versionField: versionFieldOf(config, columns, refuse),
    etagRequired: config.etag?.required ?? false,
    strictInput: config.strictInput ?? false,
    computed,
    pagination: paginationOf(config, refuse),
    ...(config.fields?.aggregatable === undefined
      ? {}
      : { aggregatable: aggregatableOf(config.fields.aggregatable, columns, refuse) }),
    ...(config.search === undefined ? {} : { search: searchOf(config.search, columns, refuse) }),
    capabilities: capabilitiesOf(config),
    batch: batchOf(config, refuse),
    shape: shapeOf(columns, computed),
  };
}

function idKindOf(key: ColumnSpec, config: ResourceConfig, refuse: Refuse): IdKind {
  if (key.kind === "int") {
    if (config.id !== undefined && config.id !== "int") {
      throw refuse(`id: "${config.id}" on an integer key`, `Use id: "int", or make the key text.`);
    }
    return "int";
  }
  if (key.kind !== "text") throw refuse(`the primary key is of kind ${key.kind}`, "Make it text or integer.");
  if (config.id === "int") throw refuse(`id: "int" on a text key`, "Make the key integer, or drop the option.");
  return config.id ?? "uuid";
}

function softDeleteOf(config: ResourceConfig, columns: readonly ColumnSpec[], refuse: Refuse): SoftDeleteSpec | null {
  if (config.softDelete === undefined) return null;
  const { field, value } = config.softDelete;
  const column = columns.find((candidate) => candidate.name === field);
  if (column === undefined)
    throw refuse(`softDelete.field names no column: ${String(field)}`, "Name the marker column.");
  if (column.notNull)
    throw refuse(`soft-delete marker "${field}" is NOT NULL`, "Let it be NULL: NULL means not deleted.");
  if (value === undefined) {
    if (column.kind !== "time") {
      throw refuse(
        `soft-delete marker "${field}" is ${column.kind}, not a time`,
        "Make it a timestamp, or give softDelete.value.",
      );
    }
    return { field: column.name, value: { kind: "now" } };
  }
  const parsed = parseValue(column, value);
  if (!parsed.ok || parsed.value === null) {
    throw refuse(`softDelete.value does not fit column "${field}"`, "Give a value of the column's kind, not null.");
  }
  return { field: column.name, value: { kind: "fixed", value: parsed.value } };
}

function versionFieldOf(config: ResourceConfig, columns: readonly ColumnSpec[], refuse: Refuse): string | null {
  const field = config.etag?.versionField;
  if (field === undefined) return null;
  if (columns.find((column) => column.name === field)?.kind !== "int") {
    throw refuse(
      `etag.versionField "${String(field)}" is not an integer column`,
      "Make it integer().notNull().default(1).",
    );
  }
  return field;
}

/** Lists of columns that no metric could ever use are a mistake worth a word. */
function aggregatableOf(lists: AggregatableSpec, columns: readonly ColumnSpec[], refuse: Refuse): AggregatableSpec {
  const useless = columns.find(
    ({ name, kind }) => lists.metrics?.includes(name) === true && (kind === "json" || kind === "blob"),
  );
  if (useless !== undefined) {
    throw refuse(
      `fields.aggregatable.metrics names "${useless.name}", which is ${useless.kind} and has no metric`,
      "Take it out of the list.",
    );
  }
  return lists;
}

function paginationOf(config: ResourceConfig, refuse: Refuse): TableSpec["pagination"] {
  const { defaultLimit = 20, maxLimit = 100, offset = true } = config.pagination ?? {};
  const isLimit = (value: number) => Number.isInteger(value) && value >= 1 && value <= 1000;
  if (!isLimit(defaultLimit) || !isLimit(maxLimit)) {
    throw refuse(
      "pagination limits must be integers from 1 to 1000",
      "Mend pagination.defaultLimit and pagination.maxLimit.",
    );
  }
  return { defaultLimit: Math.min(defaultLimit, maxLimit), maxLimit, offset };
}

function capabilitiesOf(config: ResourceConfig): Readonly<Record<Capability, boolean>> {
  const all: Record<Capability, boolean> = {
    create: true,
    update: true,
    delete: true,
    batch: true,
    aggregate: true,
    subscribe: true,
    search: true,
  };
  const chosen = { ...all, ...(config.capabilities as Partial<Record<Capability, boolean>> | undefined) };
  // Without an index there is nothing to search, whatever is asked for ([SR1]).
  return { ...chosen, search: chosen.search && config.search !== undefined };
}

/** 6 hex digits over what a client can see of a row, so that a deploy that changes it changes every tag ([HT33]). */
function shapeOf(columns: readonly ColumnSpec[], computed: readonly string[]): string {
  const visible = columns.filter((column) => column.readable).map((column) => `${column.name}:${column.kind}`);
  return shortHash([...visible, ...computed].join(",")).slice(0, 6);
}
