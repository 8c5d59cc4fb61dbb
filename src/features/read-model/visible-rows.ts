/**
 * What the statements of a view stand on: `WITH` clauses that take the place of the tables they name, with the rows of copies that serve,
 * and no others. So the code that lists, counts and searches a table in its object reads a view, unchanged.
 */

import { VERSION_COLUMN } from "../../../durable-objects/sql/list-statement.ts";
import type { Sql } from "../../../durable-objects/sql/port.ts";
import { quoteColumn, quoteIdentifier } from "../../../durable-objects/sql/quote-identifier.ts";
import { rowidName } from "../../../durable-objects/sql/search-index.ts";
import { type ObjectName, objectName } from "../../core/ids.ts";
import { ALL, type Filter } from "../../core/query/tree.ts";
import { COPY_COLUMN, type ProjectedTable, projectionName } from "../../core/read-model/projected-table.ts";
import type { TableSpec } from "../../core/schema/table-spec.ts";
import { fixedPartitions } from "./fixed-partitions.ts";
import type { Projection } from "./projection.ts";
import type { View } from "./view.ts";

/** A table as the statements of a reader name it, and the clauses before them. */
export interface ReadSource {
  readonly spec: TableSpec;
  readonly prefix: string;
}

/** `where` is what the rows must meet: a partition that it fixes bounds what is looked through. */
export function sourceOf(view: View, projection: Projection, where: Filter = ALL): ReadSource {
  const { spec } = view.resource;
  const tables = view.tables.map((name) => requireTable(projection, name));
  if (view.query === null) {
    const [table] = tables as [ProjectedTable];
    return tableSource(projection, table, spec, where);
  }
  const clauses = tables.map((table) => clause(table.name, rowsOf(projection, table, ALL, "present")));
  const names = view.query.columns.map(quoteIdentifier).join(", ");
  // Views have no versions; the readers of tables want one.
  const own = `${quoteIdentifier(`${spec.name} of`)}(${names}) AS (${view.query.sql})`;
  // With a blank, as no table has one that the query reads.
  const name = `rows of ${spec.name}`;
  const whole = clause(name, `SELECT *, 0 AS "_version" FROM ${quoteIdentifier(`${spec.name} of`)}`);
  // A query may give NULL whatever its columns declare (an outer join): no page may be lost by it.
  const columns = spec.columns.map((column) => ({ ...column, notNull: false }));
  return { spec: { ...spec, name, columns }, prefix: `WITH ${[...clauses, own, whole].join(", ")} ` };
}

/** All rows of one table, soft-deleted ones too: the reader's filter leaves them out. */
export function tableSource(
  projection: Projection,
  table: ProjectedTable,
  spec: TableSpec,
  where: Filter = ALL,
): ReadSource {
  const { sources, prefix } = tableSources(projection, [[table, spec, where]]);
  return { spec: sources[0] as TableSpec, prefix };
}

/** Several tables side by side, with the names that statements have for them. */
export function tableSources(
  projection: Projection,
  tables: readonly (readonly [ProjectedTable, TableSpec, Filter])[],
): { readonly sources: readonly TableSpec[]; readonly prefix: string } {
  const clauses = tables.map(([table, spec, where]) =>
    clause(
      projectionName(table.name),
      rowsOf(projection, table, where, "all", isIndexed(table, spec) ? [rowidName(spec)] : []),
    ),
  );
  return {
    sources: tables.map(([table, spec]) => ({ ...spec, name: projectionName(table.name) })),
    prefix: `WITH ${clauses.join(", ")} `,
  };
}

/** Whether D1 has a full-text index of it: then its rows have numbers. */
export function isIndexed({ columns }: ProjectedTable, { search }: TableSpec): boolean {
  return search?.fields.every((field) => columns.some(({ name }) => name === field.name)) === true;
}

/** A port whose statements all begin with the clauses. */
export function prefixed(sql: Sql, prefix: string): Sql {
  return {
    ...sql,
    all: (text, params) => sql.all(prefix + text, params),
    values: (text, params) => sql.values(prefix + text, params),
  };
}

function requireTable({ tables }: Projection, name: string): ProjectedTable {
  const table = tables.get(name);
  if (table === undefined) throw new TypeError(`"${name}" is not copied: give it readModel`);
  return table;
}

/**
 * `main.` is the table itself, which the clause of the same name hides. Its columns are named, and with their table: to SQLite "mood" alone is
 * a text where D1 has no such column (its migrations are behind, or ahead of a Worker that goes), and this fails.
 */
function rowsOf(
  { app }: Projection,
  table: ProjectedTable,
  where: Filter,
  which: "all" | "present",
  numbers: readonly string[] = [],
): string {
  const hidden = softDeleted(table);
  const partitions = table.partitionBy === null ? [null] : fixedPartitions(where, table);
  const isVisible =
    partitions === null
      ? // Mostly none is hidden: then no row has to be looked up.
        `(NOT EXISTS (SELECT 1 FROM main.rm_copies WHERE is_hidden = 1) OR ${COPY_COLUMN} NOT IN (SELECT id FROM main.rm_copies WHERE is_hidden = 1))`
      : copiesOf(
          partitions.map((each) => objectName(app, table.group, each)),
          which,
        );
  const isPresent = which === "present" && hidden !== null ? ` AND t.${hidden} IS NULL` : "";
  const names = [...numbers.map((name) => `${name} AS ${name}`), ...table.columns.map(quoteColumn), VERSION_COLUMN];
  const columns = names.map((name) => `t.${name}`).join(", ");
  return `SELECT ${columns} FROM main.${quoteIdentifier(projectionName(table.name))} AS t WHERE ${isVisible}${isPresent}`;
}

/** Of one object `=`, so that its rows come in order of id; in a query, which has an order of its own, SQLite then looks at other indexes too. */
function copiesOf(objects: readonly ObjectName[], which: "all" | "present"): string {
  const names = objects.map((name) => `'${name}'`).join(", ");
  return `${COPY_COLUMN} ${objects.length === 1 && which === "all" ? "=" : "IN"} (SELECT id FROM main.rm_copies WHERE object IN (${names}) AND status = 'serving')`;
}

function softDeleted({ softDelete, columns }: ProjectedTable): string | null {
  const column = columns.find(({ name }) => name === softDelete);
  return column === undefined ? null : quoteColumn(column);
}

function clause(name: string, rows: string): string {
  return `${quoteIdentifier(name)} AS (${rows})`;
}
