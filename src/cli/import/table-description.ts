/** A table as `GET /_/schema` describes it: what the import needs to know, and nothing that only the source could tell. */

import type { IdKind } from "../../core/ids.ts";
import type { ColumnKind } from "../../core/schema/table-spec.ts";
import { fetchTables } from "../fetch-tables.ts";
import { CliError } from "../project.ts";

export interface ImportColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly writable: boolean;
}

export interface ImportTable {
  readonly name: string;
  readonly primaryKey: string;
  readonly idKind: IdKind;
  readonly partitionBy: string | null;
  readonly columns: readonly ImportColumn[];
}

/** Asks the server at `url`; `headers` carry the credentials. */
export async function fetchTable(
  url: string,
  headers: Readonly<Record<string, string>>,
  name: string,
): Promise<ImportTable> {
  const tables = await fetchTables<ImportTable>(url, headers);
  const found = tables.find((table) => table.name === name);
  if (found === undefined)
    throw new CliError(
      `There is no table "${name}" at ${url}. Tables are: ${tables.map((table) => table.name).join(", ")}`,
    );
  return found;
}
