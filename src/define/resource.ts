/**
 * `resource(table, config)`: a plain Drizzle table and its configuration become one checked value that everything else
 * reads: routing, validation, SQL, hooks, migrations, types. Mistakes are refused here, when the module loads, so that a
 * wrong application does not start (`ConfigError` names the table, the file and the mend).
 */

import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { RESERVED_RESOURCES } from "../core/ids.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import { type CustomOperators, defineOperators } from "../core/query/custom-operators.ts";
import type { ColumnSpec, Row, TableSpec } from "../core/schema/table-spec.ts";
import { checkOperators } from "./check-operators.ts";
import { checkOptions } from "./check-options.ts";
import { checkScopes } from "./check-scopes.ts";
import type { Relation, ResourceConfig } from "./config.ts";
import { ConfigError, declaringFile } from "./config-error.ts";
import { deriveTableSpec } from "./derive-table-spec.ts";
import { type DefaultSource, type ForeignKey, readTable } from "./read-table.ts";
import type { ColumnName } from "./row-types.ts";

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
  /** A feature's own: may have a name that is reserved for Ledge. */
  readonly isOfLedge?: true;
  /** The file that declares it, for messages, e.g. `src/tables/tasks.ts`; undefined when the stack does not tell. */
  readonly file: string | undefined;
}

/** A resource of any table, as the rooms that do not care about its type pass it on. */
// biome-ignore lint/suspicious/noExplicitAny: variance of hooks makes the precise type of "any resource" unspellable
export type AnyResource = Resource<any, string>;

/** What the client must know of a table's configuration and its Drizzle table does not tell ([TY3]). Types only, never set. */
export interface StatedTraits<P extends string, F extends string, C extends string = never, R = NoRelations> {
  readonly traits?: { readonly partitionBy: P; readonly filled: F; readonly copied: C; readonly relations: R };
}

export type NoRelations = Readonly<Record<never, Relation>>;

/**
 * Declares a resource. `T["_"]["name"]` carries the table's name into the types of app and client; `P`, `F`, `C` and `R` say which column
 * is the partition, which ones the server fills, which ones alone are copied, and what `include` reads.
 */
export function resource<
  T extends SQLiteTable,
  P extends ColumnName<T> = never,
  F extends ColumnName<T> = never,
  C extends ColumnName<T> = never,
  const R extends Readonly<Record<string, Relation>> = NoRelations,
>(table: T, config: StatedConfig<T, P, F, C, R> = {}): Resource<T, T["_"]["name"]> & StatedTraits<P, F, C, R> {
  return declare(table, config as unknown as ResourceConfig<T>, "user");
}

/** A configuration whose words the client's types repeat. */
export type StatedConfig<T extends SQLiteTable, P, F, C, R> = ResourceConfig<T> & {
  readonly partitionBy?: P;
  readonly generatedFields?: readonly F[];
  readonly readModel?: true | readonly C[];
  readonly relations?: R;
};

/** For features: a table under a name that no application may use for its own, as `jobs`. */
export function ledgeResource<T extends SQLiteTable>(table: T, config: ResourceConfig<T>): Resource<T, T["_"]["name"]> {
  return declare(table, config, "ledge");
}

function declare<T extends SQLiteTable>(
  table: T,
  config: ResourceConfig<T>,
  owner: "user" | "ledge",
): Resource<T, T["_"]["name"]> {
  const plain = config as unknown as ResourceConfig;
  const file = declaringFile(new Error().stack);
  const read = readTable(table, plain, file);
  const refuse = (problem: string, mend: string) => new ConfigError(read.name, file, problem, mend);

  if (owner === "user" && RESERVED_RESOURCES.has(read.name)) {
    throw refuse(`the name is reserved for a path of Ledge`, `Give the table another name.`);
  }
  checkOptions(plain, refuse);
  checkColumnNames(plain, read.columns, refuse);
  const spec = deriveTableSpec(read.name, read.columns, plain, refuse);
  const made: Resource<T, T["_"]["name"]> = {
    kind: "resource",
    name: read.name as T["_"]["name"],
    table,
    spec,
    config,
    defaults: read.defaults,
    onUpdate: read.onUpdate,
    operators: operatorsOf(plain, read.columns, refuse),
    foreignKeys: read.foreignKeys,
    ...(owner === "ledge" ? { isOfLedge: true } : {}),
    file,
  };
  checkOperators(config.query?.operators, made.operators, refuse);
  checkScopes(made as unknown as AnyResource, refuse);
  return made;
}

export type Refuse = (problem: string, mend: string) => ConfigError;

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
  check("readModel", Array.isArray(config.readModel) ? config.readModel : []);
  check("partitionBy", [config.partitionBy]);
  check("softDelete.field", [config.softDelete?.field]);
  check("etag.versionField", [config.etag?.versionField]);
  check("wake.at", [config.wake?.at]);
  const wakes = columns.find((column) => column.name === config.wake?.at);
  if (wakes !== undefined && wakes.kind !== "int")
    throw refuse(`wake.at "${wakes.name}" is ${wakes.kind}, not an integer`, "Make it integer(): ms since 1970.");
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
