/** For `/readyz`: whether D1 has every table and column that this version of the code reads. Nothing is looked up but names. */

import { quoteColumn, quoteIdentifier } from "../../../durable-objects/sql/quote-identifier.ts";
import { indexName } from "../../../durable-objects/sql/search-index.ts";
import { COPY_COLUMN, projectionName } from "../../core/read-model/projected-table.ts";
import type { AppDefinition } from "../../define/app.ts";
import { databaseIn } from "./database.ts";
import type { Projection } from "./projection.ts";
import { isIndexed } from "./visible-rows.ts";

/** Throws with what is missing, of each table the first. */
export async function checkDatabase(
  env: unknown,
  { tables }: Projection,
  resources: AppDefinition["resources"],
): Promise<void> {
  const database = databaseIn(env);
  if (database === null) throw new Error("no D1 database is bound as LEDGE_D1");
  const probes = [...tables.values()].flatMap((table) => {
    const name = projectionName(table.name);
    const spec = resources.get(table.name)?.spec;
    const rows = probe([COPY_COLUMN, ...table.columns.map(quoteColumn)], name);
    return spec !== undefined && isIndexed(table, spec) ? [rows, probe(["rowid"], indexName(name))] : [rows];
  });
  const asked = [probe(["id"], "rm_copies"), probe(["held"], "rm_guards"), ...probes].map((sql) =>
    database.prepare(sql).all(),
  );
  const failed = (await Promise.allSettled(asked)).flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
  if (failed.length > 0) throw new Error(`D1 is behind this version (npm run deploy): ${failed.join("; ")}`);
}

/** Fails where one of them is not there. The table stands before each, so the message names it. */
function probe(columns: readonly string[], table: string): string {
  const name = quoteIdentifier(table);
  return `SELECT ${columns.map((column) => `${name}.${column}`).join(", ")} FROM ${name} LIMIT 0`;
}
