/** The tables of a running application, as `GET /_/schema` describes them. Called by the commands that work with one from outside. */

import { CliError } from "./project.ts";

/** Asks the server at `url`; `headers` carry the credentials. `Table` is what the caller reads of each. */
export async function fetchTables<Table>(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<readonly Table[]> {
  const reply = await fetch(new URL("/_/schema", url), { headers }).catch(() => null);
  if (reply === null)
    throw new CliError(`Cannot reach ${url}. Is Ledge running there (npm run dev)? Another address: --url`);
  if (!reply.ok) {
    throw new CliError(
      `${url} does not show its tables (status ${reply.status}): outside development give an administrator's --token`,
    );
  }
  const { tables } = (await reply.json()) as { readonly tables: readonly Table[] };
  return tables;
}
