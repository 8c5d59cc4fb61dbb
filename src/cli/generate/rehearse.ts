/**
 * Runs a group's migrations, the new one last, through the very runner that objects use, on an empty SQLite in memory: a
 * migration that cannot run never reaches a file, and one that leaves another schema than the tables declare is a defect.
 */

import { DatabaseSync } from "node:sqlite";
import { nodeSql } from "../../../durable-objects/sql/node-sqlite.ts";
import { migrate } from "../../../durable-objects/table/migrate.ts";
import { presentColumns } from "../../../durable-objects/table/present-columns.ts";
import type { Migration } from "../../define/app.ts";
import type { SnapshotTables } from "./snapshot.ts";

/** The reason why it does not work, or null. */
export function rehearse(migrations: readonly Migration[], expected: SnapshotTables): string | null {
  const database = new DatabaseSync(":memory:");
  try {
    const sql = nodeSql(database);
    const outcome = migrate(sql, migrations, { nowMs: 0 });
    if (outcome.kind === "failed") return `${outcome.tag}: ${outcome.message}`;
    for (const table of Object.values(expected)) {
      const present = [...presentColumns(sql, table.name)].sort().join(", ");
      const declared = Object.keys(table.columns).sort().join(", ");
      if (present !== declared) return `table ${table.name} would have columns ${present} instead of ${declared}`;
    }
    return null;
  } finally {
    database.close();
  }
}
