/**
 * What a migration does in a Durable Object, as data. drizzle-kit rebuilds a table by switching foreign keys off, filling
 * `__new_x`, dropping `x` and renaming. Inside a transaction the switch does nothing, and rows that point at `x` would be
 * left as violations that the rename does not settle. Here the rename becomes a *refill*: `x` is created anew under its own
 * name and filled from `__new_x`, which brings SQLite's deferred violation counter back to zero (https://sqlite.org/foreignkeys.html
 * section 5, read 2026-11). Pure; `migrate.ts` carries the steps out.
 */

import { splitStatements } from "./split-statements.ts";

export type MigrationStep =
  | { readonly kind: "run"; readonly statement: string }
  | { readonly kind: "drop"; readonly table: string; readonly statement: string }
  | {
      readonly kind: "refill";
      readonly table: string;
      /** The filled copy, `__new_<table>`; dropped at the end. */
      readonly copy: string;
      readonly create: string;
      /** Foreign keys may point at a unique column that is no primary key: its index must stand before the rows return. */
      readonly uniqueIndexes: readonly string[];
    };

const NAME = '(?:`([^`]+)`|"([^"]+)"|(\\w+))';
const CREATE_TABLE = new RegExp(`^CREATE\\s+TABLE\\s+${NAME}`, "i");
const DROP_TABLE = new RegExp(`^DROP\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?${NAME}$`, "i");
const RENAME_TABLE = new RegExp(`^ALTER\\s+TABLE\\s+${NAME}\\s+RENAME\\s+TO\\s+${NAME}$`, "i");
const UNIQUE_INDEX = new RegExp(`^CREATE\\s+UNIQUE\\s+INDEX\\s+${NAME}\\s+ON\\s+${NAME}`, "i");
const FOREIGN_KEYS_SWITCH = /^PRAGMA\s+foreign_keys\s*=/i;
const REBUILT_PREFIX = "__new_";

/** The steps of one migration file, in order. */
export function migrationSteps(text: string): MigrationStep[] {
  const statements = splitStatements(text).filter((statement) => !FOREIGN_KEYS_SWITCH.test(statement));
  const rebuilt = new Map<string, string>();
  for (const statement of statements) {
    const table = nameIn(CREATE_TABLE.exec(statement), 1);
    if (table?.startsWith(REBUILT_PREFIX)) rebuilt.set(table, statement);
  }
  const early = new Set<string>();
  const steps: MigrationStep[] = [];
  for (const [index, statement] of statements.entries()) {
    if (early.has(statement)) continue;
    const renamed = RENAME_TABLE.exec(statement);
    const copy = nameIn(renamed, 1);
    const table = nameIn(renamed, 4);
    const create = copy === null ? undefined : rebuilt.get(copy);
    if (copy !== null && table !== null && create !== undefined) {
      const uniqueIndexes = statements
        .slice(index + 1)
        .filter((later) => nameIn(UNIQUE_INDEX.exec(later), 4) === table);
      for (const each of uniqueIndexes) early.add(each);
      steps.push({ kind: "refill", table, copy, create: renameInside(create, copy, table), uniqueIndexes });
      continue;
    }
    const dropped = nameIn(DROP_TABLE.exec(statement), 1);
    steps.push(dropped === null ? { kind: "run", statement } : { kind: "drop", table: dropped, statement });
  }
  return steps;
}

/** A name is matched in one of three groups, by its quotes. */
function nameIn(found: RegExpExecArray | null, group: number): string | null {
  return found === null ? null : (found[group] ?? found[group + 1] ?? found[group + 2] ?? null);
}

/** drizzle-kit writes the copy's name into the table's checks, too. */
function renameInside(create: string, from: string, to: string): string {
  const escaped = from.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return create.replace(new RegExp(`(?<!\\w)${escaped}(?!\\w)`, "g"), () => to);
}
