/** What a Durable Object's SQLite and Ledge itself refuse in a table, told when migrations are generated. Pure. */

import type { TableDescription } from "../describe-app.ts";
import { VERSION_COLUMN } from "./snapshot.ts";

/** Columns a table can have in Durable Object SQLite, `_version` included (developers.cloudflare.com/durable-objects/platform/limits, 2026-11). */
const MAX_COLUMNS = 100;

/** One message for each breach. */
export function limitProblems(tables: readonly TableDescription[]): string[] {
  const problems: string[] = [];
  for (const { name, file, columns } of tables) {
    const refuse = (problem: string) => problems.push(`Table "${name}" (${file ?? "src/tables"}): ${problem}`);
    if (/^_|^sqlite_/i.test(name)) {
      refuse('names that begin with "_" or "sqlite_" belong to Ledge and SQLite. Rename the table.');
    }
    if (columns.includes(VERSION_COLUMN.name)) {
      refuse(`column "${VERSION_COLUMN.name}" is kept by Ledge itself. Rename yours; for a visible counter use etag: { versionField }.`);
    }
    for (const column of columns.filter((each) => /^_cf_/i.test(each))) {
      refuse(`column "${column}" begins with "_cf_", which the platform keeps for itself. Rename the column.`);
    }
    if (columns.length >= MAX_COLUMNS) {
      const limit = `limit is ${MAX_COLUMNS - 1} (one of the platform's ${MAX_COLUMNS} is "${VERSION_COLUMN.name}")`;
      refuse(`it has ${columns.length} columns, ${limit}. Split the table, or keep some values in one JSON column.`);
    }
  }
  return problems;
}
