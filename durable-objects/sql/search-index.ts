/**
 * The full-text index of a table ([SR1] [SR4]): an FTS5 table `_fts_<table>` whose content is the table itself (through a view that
 * names its columns `c0 c1 …`, since FTS5 reserves some names), kept by three triggers.
 *
 * Why triggers: SQLite runs them for whatever writes a row (one row, a batch, a cascade, a hook, a migration) inside that statement,
 * and gives them the very values that were indexed, so the index cannot drift and no code can forget it. Why external content without
 * column sizes: it writes the fewest rows. A commit costs about four rows of the index (a page, its entry, structure, totals), however
 * many rows it changes; the text is not stored twice, and there is no size row for each document. Relevance does not need one
 * (search-statement.ts).
 */

import { requireColumn } from "../../src/core/query/grouping.ts";
import type { SearchSpec, TableSpec } from "../../src/core/schema/table-spec.ts";
import type { Sql } from "./port.ts";
import { quoteColumn, quoteIdentifier } from "./quote-identifier.ts";

/** A table that has a search configuration. */
export type SearchedTable = TableSpec & { readonly search: SearchSpec };

const ROWID_NAMES = ["rowid", "_rowid_", "oid"];
const TRIGGERS = ["insert", "update", "delete"] as const;

/** Name of the index of a table. */
export function indexName(table: string): string {
  return `_fts_${table}`;
}

/** Columns of the index that hold the fields. */
export function indexColumns(table: SearchedTable, fields: readonly string[]): string[] {
  return fields.map((field) => `c${table.search.fields.findIndex(({ name }) => name === field)}`);
}

/** The name under which SQLite knows a row's number, one that no column of the table takes. */
export function rowidName(table: TableSpec): string {
  const taken = new Set(table.columns.map((column) => column.sqlName.toLowerCase()));
  return ROWID_NAMES.find((name) => !taken.has(name)) ?? "rowid";
}

/**
 * Creates the index over the rows there are, in the caller's transaction. 100,000 rows of 500 characters took 2.7 s (workerd 1.20261023
 * on a busy machine of two cores, 2026-11), within the 30 s that a request to an object may compute; beyond a million rows this would
 * have to go in steps.
 */
export function createIndex(sql: Sql, table: SearchedTable): void {
  const fields = table.search.fields.map(({ name }) => quoteColumn(requireColumn(table, name)));
  const columns = fields.map((_, index) => `c${index}`);
  const name = quoteIdentifier(indexName(table.name));
  const view = quoteIdentifier(viewName(table.name));
  const source = quoteIdentifier(table.name);
  const rowid = rowidName(table);
  const named = fields.map((field, index) => `${field} AS ${columns[index]}`);
  sql.run(`CREATE VIEW ${view} AS SELECT ${rowid} AS docid, ${named.join(", ")} FROM ${source}`);
  sql.run(
    `CREATE VIRTUAL TABLE ${name} USING fts5(${columns.join(", ")}, content='${viewName(table.name)}', content_rowid='docid',` +
      " columnsize=0, tokenize='unicode61 remove_diacritics 2')",
  );
  const values = (row: "old" | "new") => [`${row}.${rowid}`, ...fields.map((field) => `${row}.${field}`)].join(", ");
  const add = `INSERT INTO ${name}(rowid, ${columns.join(", ")}) VALUES (${values("new")});`;
  const take = `INSERT INTO ${name}(${name}, rowid, ${columns.join(", ")}) VALUES ('delete', ${values("old")});`;
  const isChanged = fields.map((field) => `old.${field} IS NOT new.${field} COLLATE BINARY`).join(" OR ");
  const [onInsert, onUpdate, onDelete] = TRIGGERS.map((event) => quoteIdentifier(triggerName(table.name, event)));
  sql.run(`CREATE TRIGGER ${onInsert} AFTER INSERT ON ${source} BEGIN ${add} END`);
  sql.run(
    `CREATE TRIGGER ${onUpdate} AFTER UPDATE OF ${fields.join(", ")} ON ${source} WHEN ${isChanged} BEGIN ${take} ${add} END`,
  );
  sql.run(`CREATE TRIGGER ${onDelete} AFTER DELETE ON ${source} BEGIN ${take} END`);
  sql.run(`INSERT INTO ${name}(${name}) VALUES ('rebuild')`);
}

/** Removes whatever there is of the index of a table, which may be gone itself. */
export function dropIndex(sql: Sql, table: string): void {
  for (const event of TRIGGERS) sql.run(`DROP TRIGGER IF EXISTS ${quoteIdentifier(triggerName(table, event))}`);
  sql.run(`DROP TABLE IF EXISTS ${quoteIdentifier(indexName(table))}`);
  sql.run(`DROP VIEW IF EXISTS ${quoteIdentifier(viewName(table))}`);
}

function viewName(table: string): string {
  return `${indexName(table)}_rows`;
}

function triggerName(table: string, event: (typeof TRIGGERS)[number]): string {
  return `${indexName(table)}_${event}`;
}
