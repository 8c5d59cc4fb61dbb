/** A table as `GET /_/schema` describes it: what the import needs to know, and nothing that only the source could tell. */

import type { IdKind } from "../../core/ids.ts";
import type { ColumnKind } from "../../core/schema/table-spec.ts";
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
  const reply = await fetch(new URL("/_/schema", url), { headers }).catch(() => null);
  if (reply === null)
    throw new CliError(`Cannot reach ${url}. Is Ledge running there (npm run dev)? Another address: --url`);
  if (!reply.ok) {
    throw new CliError(
      `${url} does not show its tables (status ${reply.status}): outside development give an administrator's --token`,
    );
  }
  const { tables } = (await reply.json()) as { readonly tables: readonly ImportTable[] };
  const found = tables.find((table) => table.name === name);
  if (found === undefined)
    throw new CliError(
      `There is no table "${name}" at ${url}. Tables are: ${tables.map((table) => table.name).join(", ")}`,
    );
  return found;
}
