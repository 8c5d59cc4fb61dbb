/**
 * The migration runner: brings one object's tables up to the code's migrations, all pending ones in one synchronous
 * transaction. Runs when an object wakes. An object whose migration fails stays as it was, readable, and reports; only storage
 * that cannot be had at the moment is thrown, for the next call to try again. Its record is `_migrations`, its own table; a wake
 * with nothing to do costs one small read and no write.
 */

import type { Migration } from "../../src/define/app.ts";
import type { Sql } from "../sql/port.ts";
import { quoteIdentifier as quote } from "../sql/quote-identifier.ts";
import type { FailPoint } from "./fail-points.ts";
import { type MigrationStep, migrationSteps } from "./migration-steps.ts";
import { isBusy } from "./storage-fault.ts";

export type MigrationOutcome =
  | { readonly kind: "current" }
  /** Nothing was kept, of this migration or of those that ran before it in the same wake. */
  | { readonly kind: "failed"; readonly tag: string; readonly message: string };

const CREATE_RECORD =
  "CREATE TABLE IF NOT EXISTS _migrations (tag TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID";

/** Whether the object has not had all of them. */
export function hasPending(sql: Sql, migrations: readonly Migration[]): boolean {
  const applied = appliedTags(sql);
  return migrations.some((migration) => !applied.has(migration.tag));
}

/**
 * Applies what `migrations` (in order) holds and the object has not had. Tags the object knows and the code does not are
 * left alone: during a gradual deployment the older code meets the newer schema.
 */
export function migrate(
  sql: Sql,
  migrations: readonly Migration[],
  options: { readonly nowMs: number; readonly failPoint?: FailPoint | undefined },
): MigrationOutcome {
  const { failPoint } = options;
  const applied = appliedTags(sql);
  const pending = migrations.filter((migration) => !applied.has(migration.tag));
  if (pending.length === 0) return { kind: "current" };

  let tag = "";
  try {
    sql.transaction(() => {
      sql.run("PRAGMA defer_foreign_keys = ON");
      sql.run(CREATE_RECORD);
      failPoint?.("migrate.begun");
      for (const migration of pending) {
        tag = migration.tag;
        const steps = migrationSteps(migration.sql);
        for (const step of steps) carryOut(sql, step, failPoint);
        failPoint?.("migrate.steps-done");
        if (steps.some((step) => step.kind === "drop")) checkForeignKeys(sql);
        sql.run("INSERT INTO _migrations (tag, at) VALUES (?, ?)", [migration.tag, options.nowMs]);
        failPoint?.("migrate.recorded");
      }
    });
    failPoint?.("migrate.released");
    return { kind: "current" };
  } catch (error) {
    if (isBusy(error)) throw error;
    return { kind: "failed", tag, message: error instanceof Error ? error.message : String(error) };
  } finally {
    // The pragma lasts until the platform commits, at the end of the turn: a request served in this turn must not inherit it.
    sql.run("PRAGMA defer_foreign_keys = OFF");
  }
}

function appliedTags(sql: Sql): ReadonlySet<string> {
  try {
    return new Set(sql.all("SELECT tag FROM _migrations").map((row) => String(row.tag)));
  } catch (error) {
    if (!String(error).includes("no such table")) throw error;
    return new Set(); // A new object.
  }
}

function carryOut(sql: Sql, step: MigrationStep, failPoint: FailPoint | undefined): void {
  failPoint?.("migrate.before-step");
  switch (step.kind) {
    case "run":
      sql.run(step.statement);
      return;
    case "drop":
      refuseActions(sql, step.table);
      sql.run(step.statement);
      return;
    case "refill": {
      sql.run(step.create);
      for (const index of step.uniqueIndexes) sql.run(index);
      const columns = storedColumns(sql, step.table).map(quote).join(", ");
      sql.run(`INSERT INTO ${quote(step.table)} (${columns}) SELECT ${columns} FROM ${quote(step.copy)}`);
      failPoint?.("migrate.refilled");
      sql.run(`DROP TABLE ${quote(step.copy)}`);
    }
  }
}

/**
 * Dropping a table deletes its rows first, which would set off CASCADE and SET NULL on the rows that point at it. workerd lists its own
 * tables (`_cf_METADATA`, there once an alarm was set) in `sqlite_master` and lets nobody look inside: SQLITE_AUTH.
 */
function refuseActions(sql: Sql, table: string): void {
  const found = sql.all(
    `SELECT child.name AS child, key.on_delete AS action FROM sqlite_master AS child, pragma_foreign_key_list(child.name) AS key
     WHERE child.type = 'table' AND child.name <> ?1 AND child.name NOT LIKE '\\_cf\\_%' ESCAPE '\\'
       AND key."table" = ?1 AND key.on_delete <> 'NO ACTION' LIMIT 1`,
    [table],
  )[0];
  if (found === undefined) return;
  throw new Error(
    `cannot rebuild or drop table "${table}": "${String(found.child)}" refers to it with ON DELETE ${String(found.action)}, which would run on its rows`,
  );
}

function checkForeignKeys(sql: Sql): void {
  const broken = sql.all("PRAGMA foreign_key_check")[0];
  if (broken === undefined) return;
  throw new Error(`rows of "${String(broken.table)}" would refer to rows of "${String(broken.parent)}" that are gone`);
}

/** Columns that hold values of their own: generated ones are `hidden` 2 or 3. */
function storedColumns(sql: Sql, table: string): string[] {
  return sql.all("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", [table]).map((row) => String(row.name));
}
