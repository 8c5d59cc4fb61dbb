/** `ledge types`: the types of a running application's tables, written to a file: for a client in another repository than the tables. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { fetchTables } from "./fetch-tables.ts";
import { printDone, printError } from "./terminal.ts";
import { type DescribedTable, typesText } from "./types/types-text.ts";

export const typesHelp = `ledge types [options]         the types of a running application's tables

  --url <url>                 default http://127.0.0.1:8787
  --out <file>                default ledge-types.ts
  --token <token>             of an administrator, outside development
  --check                     write nothing, exit code 1 when the file is not as it would be written`;

/** Returns the exit code. */
export async function typesCommand(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: "string", default: "http://127.0.0.1:8787" },
      out: { type: "string", default: "ledge-types.ts" },
      token: { type: "string" },
      check: { type: "boolean", default: false },
    },
  });
  const { url, token, check } = values;
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const tables = await fetchTables<DescribedTable>(url, headers);
  const text = typesText(tables, url);
  const file = resolve(values.out);
  const isCurrent = existsSync(file) && readFileSync(file, "utf8") === text;
  if (check) {
    if (isCurrent) printDone(`${values.out} is current`);
    else printError(`${values.out} is not current. Run: ledge types --out ${values.out}`);
    return isCurrent ? 0 : 1;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  printDone(`${values.out}: ${tables.length} tables`);
  return 0;
}
