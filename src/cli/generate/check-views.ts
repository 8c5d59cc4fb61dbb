/**
 * Tries the queries of views on an empty D1 as it is to be: a column that is not copied, or not there, would be read as a text by D1, which
 * takes a name in double quotes for one, and each row would show the column's name. Here such texts are off, and it is a `ConfigError`
 * with view, column and mend. Called when the tools load an application.
 */

import { DatabaseSync } from "node:sqlite";
import type { CopyQuery } from "../../define/app.ts";
import { ConfigError } from "../../define/config-error.ts";
import { planD1 } from "./plan-d1.ts";
import type { Snapshot } from "./snapshot.ts";

/** Throws `ConfigError`. */
export async function checkViews(queries: readonly CopyQuery[], d1: Snapshot): Promise<void> {
  if (queries.length === 0) return;
  const { statements } = await planD1(null, d1);
  const database = new DatabaseSync(":memory:", { enableDoubleQuotedStringLiterals: false });
  try {
    for (const statement of statements) database.exec(statement);
    for (const query of queries) {
      try {
        database.prepare(query.sql);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new ConfigError(
          query.name,
          query.file,
          `the query of this view does not run on D1: ${reason}`,
          mendOf(reason),
        );
      }
    }
  } finally {
    database.close();
  }
}

function mendOf(reason: string): string {
  if (reason.includes("no such column"))
    return "Copy the column (readModel of its table), or take it out of the query.";
  if (reason.includes("no such table")) return "Name its tables in `of`, each with readModel.";
  if (reason.includes("ambiguous")) return "Name the column with its table.";
  return "Mend the query.";
}
