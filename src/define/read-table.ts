/**
 * Reads a Drizzle `sqliteTable` into Ledge's own plain description: column kinds, defaults, keys.
 * The only file that knows Drizzle's column classes. Refuses what the query language has no kind for.
 */

import { getTableColumns, is, SQL } from "drizzle-orm";
import { getTableConfig, type SQLiteColumn, type SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Json } from "../core/json.ts";
import { encodeBase64 } from "../core/schema/base64.ts";
import type { ColumnKind, ColumnSpec, TimeStorage } from "../core/schema/table-spec.ts";
import { printInstant } from "../core/schema/time.ts";
import type { ResourceConfig } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { printSql } from "./print-sql.ts";

/** Where a column's default comes from. An expression is evaluated by SQLite, inside the write. */
export type DefaultSource =
  | { readonly kind: "value"; readonly value: Json }
  | { readonly kind: "function"; readonly make: () => Json }
  | { readonly kind: "expression"; readonly sql: string };

export interface ForeignKey {
  /** Column names (properties) on this table. */
  readonly columns: readonly string[];
  readonly targetTable: string;
  /** Column names in SQLite on the target. */
  readonly targetColumns: readonly string[];
  readonly onDelete: string;
  readonly onUpdate: string;
}

export interface ReadTable {
  readonly name: string;
  readonly columns: readonly ColumnSpec[];
  readonly defaults: ReadonlyMap<string, DefaultSource>;
  readonly onUpdate: ReadonlyMap<string, () => Json>;
  readonly foreignKeys: readonly ForeignKey[];
}

export function readTable(table: SQLiteTable, config: ResourceConfig, file: string | undefined): ReadTable {
  const drizzle = getTableConfig(table);
  const refuse = (problem: string, mend: string) => new ConfigError(drizzle.name, file, problem, mend);
  if (!/^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(drizzle.name))
    throw refuse("the name cannot be a path segment", "Use letters, digits and _.");

  const entries = Object.entries(getTableColumns(table));
  if (drizzle.primaryKeys.length > 0) {
    throw refuse(
      "a composite primary key is not supported",
      "Give the table one key column, and make the pair unique().",
    );
  }
  const columns: ColumnSpec[] = [];
  const defaults = new Map<string, DefaultSource>();
  const onUpdate = new Map<string, () => Json>();
  for (const [name, column] of entries) {
    if (!/^(?!__)[A-Za-z_]\w*$/.test(name) || /^(_version$|_cf_)/i.test(column.name)) {
      throw refuse(
        `column "${name}" has a name that filters or Ledge cannot use`,
        "Use letters, digits and _; _version and _cf_… are taken.",
      );
    }
    const { kind, timeStorage } = kindOf(name, column, config, refuse);
    const source = defaultOf(column, kind);
    if (source !== null) defaults.set(name, source);
    const update = column.onUpdateFn;
    if (update !== undefined) onUpdate.set(name, () => toJsonForm(update(), kind));
    columns.push(columnSpec(name, column, kind, timeStorage, config));
  }
  return {
    name: drizzle.name,
    columns,
    defaults,
    onUpdate,
    foreignKeys: drizzle.foreignKeys.map((key) => foreignKeyOf(key, entries)),
  };
}

type Refuse = (problem: string, mend: string) => ConfigError;

function kindOf(
  name: string,
  column: SQLiteColumn,
  config: ResourceConfig,
  refuse: Refuse,
): { kind: ColumnKind; timeStorage?: TimeStorage } {
  const declared = config.columns?.[name]?.type;
  if (declared !== undefined && column.columnType !== "SQLiteText") {
    throw refuse(`columns.${name}.type is for text columns`, "Drop the option, or make the column text().");
  }
  switch (column.columnType) {
    case "SQLiteText":
      if (declared === "time") return { kind: "time", timeStorage: "iso" };
      return { kind: declared ?? "text" };
    case "SQLiteTextJson":
      return { kind: "json" };
    case "SQLiteInteger":
      return { kind: "int" };
    case "SQLiteBoolean":
      return { kind: "bool" };
    case "SQLiteTimestamp":
      return { kind: "time", timeStorage: (column as { mode?: string }).mode === "timestamp" ? "s" : "ms" };
    case "SQLiteReal":
      return { kind: "real" };
    case "SQLiteBlobBuffer":
      return { kind: "blob" };
    case "SQLiteBlobJson":
      throw refuse(
        `column "${name}" is a JSON blob, which SQL cannot read`,
        `Use text("${column.name}", { mode: "json" }).`,
      );
    case "SQLiteBigInt":
      throw refuse(
        `column "${name}" is a bigint blob, which SQL cannot order`,
        `Use text("${column.name}") with columns: { ${name}: { type: "bigint" } }.`,
      );
    default:
      throw refuse(
        `column "${name}" is of a Drizzle type that Ledge has no kind for (${column.columnType})`,
        "Use text, integer, real or blob.",
      );
  }
}

function columnSpec(
  name: string,
  column: SQLiteColumn,
  kind: ColumnKind,
  timeStorage: TimeStorage | undefined,
  config: ResourceConfig,
): ColumnSpec {
  const flags = config.columns?.[name];
  const listed = (list: readonly string[] | undefined) => list === undefined || list.includes(name);
  const readable = flags?.returned !== false && listed(config.fields?.readable);
  const serverFilled =
    name === config.partitionBy ||
    name === config.softDelete?.field ||
    name === config.etag?.versionField ||
    (config.generatedFields ?? []).includes(name);
  const length = (column as { length?: number }).length;
  const enumValues = column.enumValues;
  return {
    name,
    sqlName: column.name,
    kind,
    ...(timeStorage === undefined ? {} : { timeStorage }),
    notNull: column.notNull,
    hasDefault: (column.hasDefault || column.onUpdateFn !== undefined) && flags?.required !== true,
    primaryKey: column.primary,
    ...(length === undefined ? {} : { maxLength: length }),
    ...(enumValues === undefined || enumValues.length === 0 ? {} : { enumValues }),
    readable,
    writable: flags?.input !== false && !serverFilled && !column.primary && listed(config.fields?.writable),
    filterable: readable && (listed(config.fields?.filterable) || column.primary),
    sortable: readable && kind !== "json" && kind !== "blob" && (listed(config.fields?.sortable) || column.primary),
    serverFilled,
  };
}

function defaultOf(column: SQLiteColumn, kind: ColumnKind): DefaultSource | null {
  const make = column.defaultFn;
  if (make !== undefined) return { kind: "function", make: () => toJsonForm(make(), kind) };
  const value: unknown = column.default;
  if (value === undefined) return null;
  if (is(value, SQL)) {
    return { kind: "expression", sql: printSql(value) };
  }
  return { kind: "value", value: toJsonForm(value, kind) };
}

/** A value as Drizzle's types give it (Date, bigint, bytes) → its JSON form. */
function toJsonForm(value: unknown, kind: ColumnKind): Json {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return printInstant(value.getTime());
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return encodeBase64(value);
  if (kind === "time" && typeof value === "number") return printInstant(value);
  return value as Json;
}

type DrizzleForeignKey = ReturnType<typeof getTableConfig>["foreignKeys"][number];

function foreignKeyOf(key: DrizzleForeignKey, entries: readonly [string, SQLiteColumn][]): ForeignKey {
  const reference = key.reference();
  return {
    columns: reference.columns.map(
      (column) => entries.find(([, candidate]) => candidate.name === column.name)?.[0] ?? column.name,
    ),
    targetTable: getTableConfig(reference.foreignTable).name,
    targetColumns: reference.foreignColumns.map((column) => column.name),
    onDelete: key.onDelete ?? "no action",
    onUpdate: key.onUpdate ?? "no action",
  };
}
