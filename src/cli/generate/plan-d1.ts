/**
 * Plans the migration of D1: the tables of features like those of objects, projected tables with what drizzle-kit has no word for: rows
 * kept in their key (a copy's row is one row written), and the full-text index of a searched one. A projected table whose kind changes is
 * made anew with the rows it had. Where it has columns that it had not (also ones that come back), the copies of its group do not hold what they
 * say, so each begins anew beside itself; until then reads say so.
 */

import { DatabaseSync } from "node:sqlite";
import type { Sql } from "../../../durable-objects/sql/port.ts";
import { createIndex, dropIndex, type SearchedTable } from "../../../durable-objects/sql/search-index.ts";
import { projectionName } from "../../core/read-model/projected-table.ts";
import { type GroupPlan, planGroup } from "./plan-group.ts";
import { fittingRenames, type Rename } from "./renames.ts";
import type { Snapshot, SnapshotTable } from "./snapshot.ts";
import { sameForm } from "./snapshot.ts";

/** `renames` are those of the objects' tables: a renamed column keeps its values in the copy that is read until the new one is whole. */
export async function planD1(
  before: Snapshot | null,
  after: Snapshot,
  renames: readonly Rename[] = [],
): Promise<GroupPlan> {
  const old = before?.tables ?? {};
  const remade = Object.values(after.tables).filter((table) => isRemade(table, old[table.name], before, after));
  const kept = Object.fromEntries(Object.entries(old).filter(([name]) => !remade.some((table) => table.name === name)));
  const plan = await planGroup(kept, after, fittingRenames(kept, after.tables, renames.flatMap(inCopies)));
  const touched = plan.statements.join("\n");
  const isTouched = (name: string) =>
    touched.includes(`\`${name}\``) || !sameForm(before?.searched?.[name], after.searched?.[name]);
  const stale = Object.keys(before?.searched ?? {}).filter(isTouched);
  const fresh = Object.entries(after.searched ?? {}).filter(([name]) => isTouched(name));
  const statements = [
    ...stale.flatMap((name) => recorded((sql) => dropIndex(sql, name))),
    ...remade.flatMap(({ name }) => setAside(old[name])),
    ...plan.statements.map((statement) => withoutRowid(statement, after)),
    ...remade.flatMap((table) => takeBack(table, old[table.name])),
    ...fresh.flatMap(([name, columns]) => recorded((sql) => createIndex(sql, searchedTable(name, columns, after)))),
    ...(before === null ? [] : outdate(before, after)),
  ];
  const searches = fresh.map(([name, columns]) => ({
    table: name,
    text: `search in ${columns.join(", ")}`,
    risk: "none" as const,
    words: ["search", name],
  }));
  return { ...plan, statements, changes: [...plan.changes, ...searches] };
}

/** Why the migrations do not run one after the other on an empty database, or null. */
export function rehearseD1(migrations: readonly { readonly tag: string; readonly sql: string }[]): string | null {
  const database = new DatabaseSync(":memory:");
  try {
    for (const { tag, sql } of migrations) {
      try {
        database.exec(sql);
      } catch (error) {
        return `${tag}: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
    return null;
  } finally {
    database.close();
  }
}

/** A table under another name is copied from the start: its copy has another key. */
function inCopies(rename: Rename): readonly Rename[] {
  return rename.kind === "column" ? [{ ...rename, table: projectionName(rename.table) }] : [];
}

function isProjection(name: string, { tables }: Snapshot): boolean {
  return name.startsWith("rm_") && tables[name]?.columns._copy !== undefined;
}

/** What ALTER TABLE cannot do to a projected table: another key, or rows that move in or out of the key. */
function isRemade(
  table: SnapshotTable,
  old: SnapshotTable | undefined,
  before: Snapshot | null,
  after: Snapshot,
): boolean {
  if (old === undefined || before === null || !isProjection(table.name, after)) return false;
  const isSearched = (snapshot: Snapshot) => snapshot.searched?.[table.name] !== undefined;
  return isSearched(before) !== isSearched(after) || !sameForm(old.compositePrimaryKeys, table.compositePrimaryKeys);
}

/** The table under a name of its own, without its indexes, whose names the new one takes. */
function setAside(table: SnapshotTable | undefined): readonly string[] {
  if (table === undefined) return [];
  const indexes = Object.keys(table.indexes).map((name) => `DROP INDEX \`${name}\`;`);
  return [...indexes, `ALTER TABLE \`${table.name}\` RENAME TO \`__old_${table.name}\`;`];
}

/** The rows that were there, in the columns that both have. */
function takeBack({ name, columns }: SnapshotTable, old: SnapshotTable | undefined): readonly string[] {
  if (old === undefined) return [];
  const both = Object.keys(columns).filter((column) => column in old.columns);
  const list = both.map((column) => `\`${column}\``).join(", ");
  return [`INSERT INTO \`${name}\` (${list}) SELECT ${list} FROM \`__old_${name}\`;`, `DROP TABLE \`__old_${name}\`;`];
}

/**
 * What becomes of the copies of groups whose tables have columns that they had not, or are there again: no version of the code makes copies of
 * the form '', so each is made anew. Of a group that is no longer copied nothing is left to read.
 */
function outdate(before: Snapshot, after: Snapshot): readonly string[] {
  if (before.tables.rm_copies === undefined) return [];
  const isNew = (name: string) => {
    const old = before.tables[name]?.columns ?? {};
    return Object.values(after.tables[name]?.columns ?? {}).some((column) => column.type !== old[column.name]?.type);
  };
  const { copied = {} } = after;
  const outdated = Object.keys(copied).flatMap((name) => (isNew(name) ? (copied[name] ?? []) : []));
  const gone = Object.values(before.copied ?? {}).filter((group) => !Object.values(copied).includes(group));
  return [
    ...[...new Set(outdated)].map((group) => `UPDATE \`rm_copies\` SET ${OUTDATED} WHERE \`grp\` = '${group}';`),
    ...[...new Set(gone)].map((group) => `DELETE FROM \`rm_copies\` WHERE \`grp\` = '${group}';`),
  ];
}

/** The step fails whoever is at the copy. */
const OUTDATED = "`form` = '', `step` = `step` + 1";

/** A full-text index names rows by their number; other copies need none. */
function withoutRowid(statement: string, after: Snapshot): string {
  const name = /^CREATE TABLE `(?:__new_)?(\w+)`/.exec(statement)?.[1];
  if (name === undefined || !isProjection(name, after) || after.searched?.[name] !== undefined) return statement;
  return statement.replace(/\)\s*;?\s*$/, ") WITHOUT ROWID;");
}

function searchedTable(name: string, columns: readonly string[], { tables }: Snapshot): SearchedTable {
  const column = (sqlName: string) => ({ name: sqlName, sqlName, kind: "text" as const });
  return {
    name,
    columns: Object.keys(tables[name]?.columns ?? {}).map(column),
    search: { fields: columns.map((each) => ({ name: each, weight: 1 })) },
  } as unknown as SearchedTable;
}

/** The statements that are run on a port, instead of running them. */
function recorded(run: (sql: Sql) => void): string[] {
  const statements: string[] = [];
  const refuse = () => {
    throw new TypeError("An index is made by statements without results");
  };
  run({
    run: (statement) => void statements.push(statement.endsWith(";") ? statement : `${statement};`),
    all: refuse,
    values: refuse,
    sizeBytes: refuse,
    transaction: refuse,
  });
  return statements;
}
