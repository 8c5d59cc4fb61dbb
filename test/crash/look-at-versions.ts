/** The library's database as `migrate.test.ts` finds it: on version A, on version B, or what fits neither. */

import type { DatabaseSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";
import { hasTable } from "./object-file.ts";

export interface Look {
  readonly schema: "A" | "B";
  /** What fits neither version. */
  readonly problems: readonly string[];
  /** Every value that both versions have; names as version B would have them. */
  readonly data: string;
  readonly ledger: string;
}

export function look(database: DatabaseSync): Look {
  const all = (statement: string) => database.prepare(statement).all() as Record<string, unknown>[];
  const tags = all("SELECT tag FROM _migrations ORDER BY tag").map((row) => String(row.tag));
  const schema = tags.length === 1 ? "A" : "B";
  const text = all("SELECT sql FROM sqlite_master WHERE name = 'shelves'")
    .map((row) => String(row.sql))
    .join();
  const facts = {
    tags: tags.length,
    hasCheck: text.includes("shelves_named"),
    hasPages: all("SELECT 1 FROM pragma_table_info('books') WHERE name = 'pages'").length > 0,
    hasLenders: hasTable(database, "lenders"),
    hasNulls: all("SELECT 1 FROM shelves WHERE name IS NULL").length > 0,
  };
  const meant =
    schema === "A"
      ? { tags: 1, hasCheck: false, hasPages: false, hasLenders: false, hasNulls: true }
      : { tags: 2, hasCheck: true, hasPages: true, hasLenders: true, hasNulls: false };
  const problems = isDeepStrictEqual(facts, meant) ? [] : [`neither A nor B: ${JSON.stringify(facts)}`];
  for (const row of all("SELECT name FROM sqlite_master WHERE name LIKE '\\_\\_new%' ESCAPE '\\'"))
    problems.push(`${row.name} was left behind`);
  for (const row of all("PRAGMA foreign_key_check")) problems.push(`a row of ${row.table} points nowhere`);
  for (const row of all("PRAGMA integrity_check"))
    if (row.integrity_check !== "ok") problems.push(String(row.integrity_check));
  const shelves = all("SELECT id, coalesce(name, 'no name') AS name, load, _version FROM shelves ORDER BY id");
  const books = all("SELECT id, shelf_id, title, _version FROM books ORDER BY id");
  const ledger = all("SELECT seq, at, changes FROM _log ORDER BY seq");
  return { schema, problems, data: JSON.stringify([shelves, books]), ledger: JSON.stringify(ledger) };
}
