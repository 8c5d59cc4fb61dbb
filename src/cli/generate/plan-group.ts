/**
 * Plans the migration of one object group: its tables before, its tables after, and the renames between → SQL statements
 * and what they mean for the rows. drizzle-kit writes creates, drops and simple alterations; rebuilds are written here,
 * because drizzle-kit copies columns that do not exist yet and quotes expression indexes as if they were names
 * (drizzle-kit 0.31.11). Writes nothing.
 */

import { type Change, describeChanges, describeCreate, describeDrop, describeRebuild } from "./changes.ts";
import { kitStatements } from "./kit-statements.ts";
import { rebuildStatements } from "./rebuild-statements.ts";
import { alignForeignKeys, type Rename, renameAll, renameStatement } from "./renames.ts";
import { type Snapshot, type SnapshotColumn, type SnapshotTable, type SnapshotTables, sameForm } from "./snapshot.ts";

export interface GroupPlan {
  readonly statements: readonly string[];
  readonly changes: readonly Change[];
  /** Why it cannot be done at all; empty when it can. */
  readonly problems: readonly string[];
}

/** `renames` must fit (`fittingRenames`). */
export async function planGroup(
  before: SnapshotTables,
  after: Snapshot,
  renames: readonly Rename[],
): Promise<GroupPlan> {
  const renamed = renameAll(before, renames);
  const statements = renames.map(renameStatement);
  const changes: Change[] = renames.map((rename) => {
    const table = rename.kind === "table" ? rename.to : rename.table;
    return { table, text: `rename ${rename.from} to ${rename.to}`, risk: "none", words: ["rename", table] };
  });
  const problems: string[] = [];
  const { internal } = after;

  for (const table of Object.values(after.tables)) {
    if (renamed[table.name] !== undefined) continue;
    statements.push(...(await kitStatements(null, table, internal)));
    changes.push(describeCreate(table));
  }
  for (const table of Object.values(after.tables)) {
    const found = renamed[table.name];
    if (found === undefined) continue;
    const old = alignForeignKeys(found, table);
    if (sameForm(normal(old), normal(table))) continue;
    if (!sameForm(primaryKey(old), primaryKey(table))) {
      problems.push(
        `Table "${table.name}": its primary key was ${primaryKey(old).join(", ")} and is now ${primaryKey(table).join(", ")}. ` +
          `Rows are named by it, so it cannot change. Put it back, say that it was renamed (--rename ${table.name}.old=new), or declare a new table.`,
      );
      continue;
    }
    const altered = await alter(old, table, internal);
    statements.push(...altered.statements);
    changes.push(...describeChanges(old, table), ...(altered.isRebuild ? [describeRebuild(table)] : []));
  }
  for (const table of Object.values(renamed)) {
    if (table.name in after.tables) continue;
    statements.push(...(await kitStatements(table, null, internal)));
    changes.push(describeDrop(table));
  }
  return { statements, changes, problems };
}

async function alter(
  before: SnapshotTable,
  after: SnapshotTable,
  internal: Snapshot["internal"],
): Promise<{ statements: string[]; isRebuild: boolean }> {
  if (!mustRebuild(before, after)) {
    const statements = await kitStatements(before, after, internal);
    if (!statements.some((statement) => statement.includes(`\`__new_${after.name}\``)))
      return { statements, isRebuild: false };
  }
  const created = await kitStatements(null, after, internal);
  return { statements: rebuildStatements(before, after, created), isRebuild: true };
}

/** What ALTER TABLE cannot do, or drizzle-kit would ask about. */
function mustRebuild(before: SnapshotTable, after: SnapshotTable): boolean {
  const added = Object.values(after.columns).filter((column) => !(column.name in before.columns));
  const isDropping = Object.keys(before.columns).some((name) => !(name in after.columns));
  return (added.length > 0 && isDropping) || added.some((column) => !isAddable(column, after));
}

/** ADD COLUMN takes no computed default, no stored column, and no reference with a default (sqlite.org/lang_altertable, 2026-11). */
function isAddable(column: SnapshotColumn, table: SnapshotTable): boolean {
  if (column.generated?.type === "stored") return false;
  if (column.default === undefined) return true;
  const isComputed = typeof column.default === "string" && /^\(|^current_/i.test(column.default);
  const isReference = Object.values(table.foreignKeys).some((key) => key.columnsFrom.includes(column.name));
  return !isComputed && !isReference;
}

function primaryKey(table: SnapshotTable): string[] {
  const composite = Object.values(table.compositePrimaryKeys)[0];
  if (composite !== undefined) return [...composite.columns];
  return Object.values(table.columns)
    .filter((column) => column.primaryKey)
    .map((column) => column.name);
}

/** A table's form without the order of its members: SQLite adds new columns at the end, wherever the file declares them. */
function normal(table: SnapshotTable): unknown {
  const sorted = (items: Readonly<Record<string, object>>) =>
    Object.entries(items)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, item]) => Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  return [sorted(table.columns), sorted(table.indexes), sorted(table.foreignKeys), sorted(table.checkConstraints)];
}
