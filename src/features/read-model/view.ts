/**
 * `view(…)`: something that is read like a table and lies in D1. Of one table, over all objects that hold it; or of a Drizzle query over
 * several. It has access rules of its own and takes none over: what a view shows, its own `auth` says. Checked when the module loads.
 */

import { getTableName, is, SQL } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { projectTable } from "../../core/read-model/projected-table.ts";
import type { AccessRules, ResourceConfig } from "../../define/config.ts";
import { ConfigError } from "../../define/config-error.ts";
import { printSql } from "../../define/print-sql.ts";
import { type AnyResource, resource } from "../../define/resource.ts";
import { isIndexed } from "./visible-rows.ts";

/** `Of`, by type alone, says whose rows and relations the client sees ([TY3]). */
export interface View<N extends string = string, Of = unknown> {
  /** Path segment, below the base path. */
  readonly name: N;
  readonly types?: Of;
  /** Its columns, their flags, access: as of a table of that name. */
  readonly resource: AnyResource;
  /** Names of the tables that it reads. */
  readonly tables: readonly string[];
  /** Null: the rows of its one table as they are. */
  readonly query: ViewQuery | null;
}

export interface ViewQuery {
  readonly sql: string;
  /** Its columns in the order of the query, as SQL names. */
  readonly columns: readonly string[];
}

/** A query as Drizzle's builder makes it: `new QueryBuilder().select({ … }).from(tasksTable)`. */
export interface DrizzleQuery {
  getSQL(): SQL;
  readonly _: { readonly selectedFields: Readonly<Record<string, unknown>> };
}

export interface TableViewOptions<R extends AnyResource = AnyResource> extends AccessRules {
  /** The table whose rows it shows, of all its objects. */
  readonly of: R;
  readonly pagination?: ResourceConfig["pagination"];
}

export interface QueryViewOptions<T extends SQLiteTable> extends AccessRules {
  /** The columns of the view, declared like a table's; each is a field of the query. */
  readonly columns: T;
  /** The tables that the query reads. Removed rows (soft delete) are not there. */
  readonly of: readonly AnyResource[];
  /** By the builder, or as `sql`…`` with the columns in the order of their declaration (which leaves the builder out of the Worker). */
  readonly query: DrizzleQuery | SQL;
  readonly fields?: ResourceConfig<T>["fields"];
  readonly pagination?: ResourceConfig["pagination"];
}

/** All rows of a table, whatever object they are in: `view("all_messages", { of: messages, auth: { read: … } })`. */
export function view<const N extends string, R extends AnyResource>(name: N, options: TableViewOptions<R>): View<N, R>;
/** A query over copied tables: its path is the name of the declared columns' table. */
export function view<T extends SQLiteTable>(options: QueryViewOptions<T>): View<T["_"]["name"], { readonly table: T }>;
export function view(...given: readonly [string, TableViewOptions] | readonly [QueryViewOptions<SQLiteTable>]): View {
  return given.length === 2 ? viewOfTable(...given) : viewOfQuery(given[0]);
}

function viewOfTable(name: string, { of, auth, public: open, pagination }: TableViewOptions): View {
  const { readModel, softDelete, search, fields, columns, computed, operators, query, relations } = of.config;
  const table = projectTable(of.spec, Array.isArray(readModel) ? readModel : true);
  const copied = table.columns;
  const isWhole = copied.length === of.spec.columns.length;
  const plain = given({
    ...{ softDelete, fields, columns, operators, query, relations, auth, public: open },
    search: isIndexed(table, of.spec) ? search : undefined,
    // Computed fields see whole rows.
    computed: isWhole ? computed : undefined,
    pagination: pagination ?? of.config.pagination,
    id: of.spec.idKind,
  }) as ResourceConfig;
  const whole = resource(of.table as SQLiteTable, plain) as unknown as AnyResource;
  const kept = whole.spec.columns.filter((column) => copied.some((each) => each.name === column.name));
  const made = { ...whole, spec: { ...whole.spec, columns: kept } };
  if (!/^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(name))
    throw new ConfigError(name, made.file, "the name cannot be a path segment", "Use letters, digits and _.");
  return { name, resource: { ...made, name }, tables: [of.name], query: null };
}

function viewOfQuery({
  columns,
  of,
  query,
  auth,
  public: open,
  fields,
  pagination,
}: QueryViewOptions<SQLiteTable>): View {
  const made = resource(
    columns,
    given({ auth, public: open, fields, pagination }) as ResourceConfig,
  ) as unknown as AnyResource;
  const isText = is(query, SQL);
  const selected = isText ? made.spec.columns.map(({ name }) => name) : Object.keys(query._.selectedFields);
  const missing = made.spec.columns.filter((column) => !selected.includes(column.name)).map((column) => column.name);
  const unknown = selected.filter((name) => !made.spec.columns.some((column) => column.name === name));
  if (missing.length > 0 || unknown.length > 0) {
    throw new ConfigError(
      made.name,
      made.file,
      `the query gives ${selected.join(", ")}, and the columns are ${made.spec.columns.map(({ name }) => name).join(", ")}`,
      "Select each column once, under its name.",
    );
  }
  const sqlNames = selected.map((name) => made.spec.columns.find((column) => column.name === name)?.sqlName ?? name);
  return {
    name: getTableName(columns),
    resource: made,
    tables: of.map((each) => each.name),
    query: { sql: printSql(isText ? query : query.getSQL()), columns: sqlNames },
  };
}

/** The options that are there. */
function given(options: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
