/**
 * `resource(table, config)`: a plain Drizzle table and its configuration become one checked value that everything else
 * reads: routing, validation, SQL, hooks, migrations, types. Mistakes are refused here, when the module loads, so that a
 * wrong application does not start (`ConfigError` names the table, the file and the mend).
 */

import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { type IdKind, RESERVED_RESOURCES } from "../core/ids.ts";
import { isJsonObject, type Json, shortHash } from "../core/json.ts";
import { type CustomOperators, defineOperators } from "../core/query/custom-operators.ts";
import type {
  AggregatableSpec,
  Capability,
  ColumnSpec,
  Row,
  SoftDeleteSpec,
  TableSpec,
} from "../core/schema/table-spec.ts";
import { parseValue } from "../core/schema/value.ts";
import { batchOf } from "./batch-limits.ts";
import { checkOptions } from "./check-options.ts";
import { checkScopes } from "./check-scopes.ts";
import type { ResourceConfig } from "./config.ts";
import { ConfigError, declaringFile } from "./config-error.ts";
import { type DefaultSource, type ForeignKey, readTable } from "./read-table.ts";
import { searchOf } from "./search.ts";

export interface Resource<T extends SQLiteTable = SQLiteTable, N extends string = string> {
  readonly kind: "resource";
  /** The table's name, also the path segment: `/api/<name>`. */
  readonly name: N;
  readonly table: T;
  readonly spec: TableSpec;
  readonly config: ResourceConfig<T>;
  /** Where a column's default comes from, by column name. */
  readonly defaults: ReadonlyMap<string, DefaultSource>;
  /** `$onUpdate` functions of the Drizzle table, by column name; they give JSON forms. */
  readonly onUpdate: ReadonlyMap<string, () => Json>;
  /** The table's own filter operators, each made total ([QL44]). */
  readonly operators: CustomOperators;
  /** SQL foreign keys; `defineApp` checks that none leaves its object. */
  readonly foreignKeys: readonly ForeignKey[];
  /** The file that declares it, for messages, e.g. `src/tables/tasks.ts`; undefined when the stack does not tell. */
  readonly file: string | undefined;
}

/** A resource of any table, as the rooms that do not care about its type pass it on. */
// biome-ignore lint/suspicious/noExplicitAny: variance of hooks makes the precise type of "any resource" unspellable
export type AnyResource = Resource<any, string>;

/** Declares a resource. `T["_"]["name"]` carries the table's name into the types of app and client. */
export function resource<T extends SQLiteTable>(table: T, config: ResourceConfig<T> = {}): Resource<T, T["_"]["name"]> {
  const file = declaringFile(new Error().stack);
  const read = readTable(table, config as ResourceConfig, file);
  const refuse = (problem: string, mend: string) => new ConfigError(read.name, file, problem, mend);

  if (RESERVED_RESOURCES.has(read.name)) {
    throw refuse(`the name is reserved for a path of Ledge`, `Give the table another name.`);
  }
  checkOptions(config as ResourceConfig, refuse);
  checkColumnNames(config as ResourceConfig, read.columns, refuse);
  const spec = tableSpec(read.name, read.columns, config as ResourceConfig, refuse);
  const made: Resource<T, T["_"]["name"]> = {
    kind: "resource",
    name: read.name as T["_"]["name"],
    table,
    spec,
    config,
    defaults: read.defaults,
    onUpdate: read.onUpdate,
    operators: operatorsOf(config as ResourceConfig, read.columns, refuse),
    foreignKeys: read.foreignKeys,
    file,
  };
  checkScopes(made as unknown as AnyResource, refuse);
  return made;
}

export type Refuse = (problem: string, mend: string) => ConfigError;

function tableSpec(name: string, columns: readonly ColumnSpec[], config: ResourceConfig, refuse: Refuse): TableSpec {
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
    ...(config.search === undefined ? {} : { search: searchOf(config.search.fields, columns, refuse) }),
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

function checkColumnNames(config: ResourceConfig, columns: readonly ColumnSpec[], refuse: Refuse): void {
  const names = new Set(columns.map((column) => column.name));
  const check = (place: string, fields: readonly (string | undefined)[]) => {
    for (const field of fields) {
      if (field === undefined || names.has(field)) continue;
      throw refuse(`${place} names no column: "${field}"`, `Columns are: ${[...names].join(", ")}.`);
    }
  };
  check("fields.readable", config.fields?.readable ?? []);
  check("fields.writable", config.fields?.writable ?? []);
  check("fields.filterable", config.fields?.filterable ?? []);
  check("fields.sortable", config.fields?.sortable ?? []);
  check("fields.aggregatable.groupBy", config.fields?.aggregatable?.groupBy ?? []);
  check("fields.aggregatable.metrics", config.fields?.aggregatable?.metrics ?? []);
  check("generatedFields", config.generatedFields ?? []);
  check("columns", Object.keys(config.columns ?? {}));
  check("partitionBy", [config.partitionBy]);
  check("softDelete.field", [config.softDelete?.field]);
  check("etag.versionField", [config.etag?.versionField]);
  for (const column of columns) {
    if (column.primaryKey && !column.readable) {
      throw refuse(
        `the primary key "${column.name}" is not readable`,
        "Every row is named by its key: leave it readable.",
      );
    }
  }
}

function operatorsOf(config: ResourceConfig, columns: readonly ColumnSpec[], refuse: Refuse): CustomOperators {
  for (const [token, operator] of Object.entries(config.operators ?? {})) {
    const unknown = operator.on.find((name) => !columns.some((column) => column.name === name));
    if (unknown !== undefined)
      throw refuse(`operator ${token} is declared on no column: "${unknown}"`, "Name columns of this table in `on`.");
  }
  try {
    return defineOperators(config.operators ?? {}, (token, error) => {
      console.error(
        JSON.stringify({ level: "error", message: "a custom operator threw", operator: token, error: String(error) }),
      );
    });
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error), "Mend the declaration in `operators`.");
  }
}

/** A full row with computed fields added, masked to what may leave the object ([HT16] [HT17]). */
export function publicRow(
  source: AnyResource,
  row: Row,
  select: readonly string[] | null,
  onFailure: (field: string, error: unknown) => void,
): Record<string, Json> {
  const shown: Record<string, Json> = {};
  const wants = (name: string) => select === null || name === source.spec.primaryKey || select.includes(name);
  for (const column of source.spec.columns) {
    if (column.readable && wants(column.name)) shown[column.name] = row[column.name] ?? null;
  }
  for (const name of source.spec.computed) {
    if (!wants(name)) continue;
    try {
      const value: unknown = source.config.computed?.[name]?.(row);
      shown[name] = value === undefined || (isJsonObject(value) && "then" in value) ? null : (value as Json);
    } catch (error) {
      onFailure(name, error);
      shown[name] = null;
    }
  }
  return shown;
}
