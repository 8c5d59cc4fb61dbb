/**
 * Keeps the full-text indexes of an object in step with its configuration and its migrations, when it opens. What an index was made
 * from is noted in `_meta` under `search:<table>`; a note that differs from what is wanted means a new index.
 *
 * An index names rows by their number in SQLite. These numbers last, except where a migration rebuilds the table, so the tag of the last
 * such migration belongs to the note. Indexes that do not fit are removed *before* the migrations run: their triggers and view could
 * name a column that a migration is about to drop.
 */

import type { Migration } from "../../src/define/app.ts";
import type { AnyResource } from "../../src/define/resource.ts";
import type { Sql } from "../sql/port.ts";
import { createIndex, dropIndex, rowidName, type SearchedTable } from "../sql/search-index.ts";
import { logLine } from "./log-line.ts";
import { migrationSteps } from "./migration-steps.ts";
import { readMeta, writeMeta } from "./system-tables.ts";

/** Of the form of the index itself: another one is built anew everywhere. */
const INDEX_FORM = 1;
const NOTE = "search:";

/** Removes indexes that are no longer wanted, or not in this form. Call it before migrating. */
export function dropStaleIndexes(sql: Sql, resources: readonly AnyResource[], migrations: readonly Migration[]): void {
  const notes = sql.all(`SELECT name, value FROM _meta WHERE substr(name, 1, ${NOTE.length}) = ?`, [NOTE]);
  for (const { name, value } of notes) {
    const table = String(name).slice(NOTE.length);
    const resource = resources.find((each) => each.name === table);
    if (resource !== undefined && isSearched(resource.spec) && noteOf(resource.spec, migrations) === value) continue;
    sql.transaction(() => {
      dropIndex(sql, table);
      sql.run("DELETE FROM _meta WHERE name = ?", [NOTE + table]);
    });
  }
}

/**
 * Builds the index of a table that has none, over the rows there are. Call it after migrating, when all columns are there. When it
 * cannot be built (a full disk, say) the table works without: searches answer 503, and the next wake tries again.
 */
export function ensureIndex(sql: Sql, resource: AnyResource, migrations: readonly Migration[]): void {
  const { spec } = resource;
  if (!isSearched(spec) || readMeta(sql, NOTE + spec.name) !== null) return;
  try {
    sql.transaction(() => {
      dropIndex(sql, spec.name);
      createIndex(sql, spec);
      writeMeta(sql, NOTE + spec.name, noteOf(spec, migrations));
    });
  } catch (error) {
    logLine("error", "the full-text index could not be built", { table: spec.name, error: String(error) });
  }
}

/** Whether the table has its index, which then holds every row. */
export function hasIndex(sql: Sql, table: string): boolean {
  return readMeta(sql, NOTE + table) !== null;
}

export function isSearched(spec: AnyResource["spec"]): spec is SearchedTable {
  return spec.search !== undefined;
}

/** Weights are not in the index, so they are not in the note. */
function noteOf(spec: SearchedTable, migrations: readonly Migration[]): string {
  const columns = spec.search.fields.map(({ name }) => spec.columns.find((column) => column.name === name)?.sqlName);
  // A column that takes the name which the triggers have for the number of a row makes the index anew.
  const number = rowidName(spec) === "rowid" ? undefined : rowidName(spec);
  return JSON.stringify({ form: INDEX_FORM, columns, rebuilt: lastRebuild(spec.name, migrations), number });
}

const rebuilds = new WeakMap<readonly Migration[], ReadonlyMap<string, string>>();

/** Tag of the last migration that made the table anew, which gives its rows new numbers; null when none did. */
function lastRebuild(table: string, migrations: readonly Migration[]): string | null {
  let known = rebuilds.get(migrations);
  if (known === undefined) {
    known = new Map(
      migrations.flatMap(({ tag, sql }) =>
        migrationSteps(sql).flatMap((step): [string, string][] => (step.kind === "run" ? [] : [[step.table, tag]])),
      ),
    );
    rebuilds.set(migrations, known);
  }
  return known.get(table) ?? null;
}
