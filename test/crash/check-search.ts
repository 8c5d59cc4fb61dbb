/**
 * Every full-text index against one that is built anew from the rows, entry by entry. Works on a copy: the file of the object stays
 * as the process left it. Returns what does not hold, in words.
 */

import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { StoredObject } from "./object-file.ts";

export interface SearchCheck {
  readonly wrong: readonly string[];
  /** Entries that were compared. */
  readonly entries: number;
}

export function checkSearch({ name, file }: StoredObject, searched: readonly string[]): SearchCheck {
  const folder = mkdtempSync(join(tmpdir(), "ledge-search-"));
  const copy = join(folder, "copy.sqlite");
  for (const end of ["", "-wal"]) if (existsSync(file + end)) copyFileSync(file + end, copy + end);
  const database = new DatabaseSync(copy);
  try {
    const wrong: string[] = [];
    let count = 0;
    for (const table of searched) {
      const index = `_fts_${table}`;
      if (database.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(index) === undefined) {
        wrong.push(`${name}: ${table} has no full-text index`);
        continue;
      }
      database.exec(`CREATE VIRTUAL TABLE temp.entries USING fts5vocab('main', '${index}', 'instance')`);
      const entries = () =>
        database
          .prepare("SELECT term, doc, col, offset FROM temp.entries ORDER BY 1, 2, 3, 4")
          .all()
          .map((row) => Object.values(row).join(" "));
      const kept = entries();
      database.exec(`INSERT INTO "${index}"("${index}") VALUES ('rebuild')`);
      const fresh = entries();
      database.exec("DROP TABLE temp.entries");
      count += fresh.length;
      const isSame = kept.length === fresh.length && kept.every((entry, at) => entry === fresh[at]);
      if (!isSame)
        wrong.push(
          `${name}: the index of ${table} has ${kept.length} entries, a new one ${fresh.length}: ${firstDifference(kept, fresh)}`,
        );
    }
    return { wrong, entries: count };
  } finally {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function firstDifference(kept: readonly string[], fresh: readonly string[]): string {
  const at = fresh.findIndex((entry, index) => entry !== kept[index]);
  return `${kept[at] ?? "nothing"} instead of ${fresh[at] ?? "nothing"}`;
}
