/** For `/readyz`: whether D1 has every table and column that this version of the code reads. Nothing is looked up but names. */

import { quoteColumn, quoteIdentifier } from "../../../durable-objects/sql/quote-identifier.ts";
import { indexName } from "../../../durable-objects/sql/search-index.ts";
import { COPY_COLUMN, projectionName } from "../../core/read-model/projected-table.ts";
import type { AppDefinition } from "../../define/app.ts";
import { databaseIn } from "./database.ts";
import type { Projection } from "./projection.ts";
import { isIndexed } from "./visible-rows.ts";

/** Throws with all that is missing, a line a table. */
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
    const columns = [COPY_COLUMN, ...table.columns.map(quoteColumn)].map((column) => `t.${column}`);
    const index = spec !== undefined && isIndexed(table, spec) ? [["1", indexName(name)] as const] : [];
    return [[columns.join(", "), name] as const, ...index];
  });
  const missing = await Promise.all(
    [["id", "rm_copies"] as const, ...probes].map(([columns, name]) =>
      database
        .prepare(`SELECT ${columns} FROM ${quoteIdentifier(name)} AS t LIMIT 0`)
        .all()
        .then(() => [])
        .catch((error: unknown) => [`${name}: ${error}`]),
    ),
  );
  const said = missing.flat().join("; ");
  if (said !== "") throw new Error(`D1 is behind this version (npm run deploy): ${said}`);
}
