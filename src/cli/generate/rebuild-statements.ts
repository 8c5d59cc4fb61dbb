/**
 * The statements that give a table a form ALTER TABLE cannot, in drizzle-kit's pattern: fill `__new_x`, drop `x`, rename.
 * Values are kept by column name; a column that became NOT NULL takes its default where it held NULL. The migration runner
 * (durable-objects/table/migrate.ts) carries the pattern out so that rows which refer to `x` survive. Pure.
 */

import type { SnapshotTable } from "./snapshot.ts";

/** `created` is what creates `after` from nothing: the table first, then its indexes. */
export function rebuildStatements(before: SnapshotTable, after: SnapshotTable, created: readonly string[]): string[] {
  const [createTable = "", ...createIndexes] = created;
  const { name } = after;
  const copy = `__new_${name}`;
  const kept = Object.values(after.columns).filter(
    (column) => column.name in before.columns && column.generated === undefined,
  );
  const values = kept.map((column) => {
    const isFilled = column.notNull && column.default !== undefined && before.columns[column.name]?.notNull === false;
    return isFilled ? `coalesce(\`${column.name}\`, ${String(column.default)})` : `\`${column.name}\``;
  });
  // Checks name their table: `"x"."points" > 0`.
  const createCopy = createTable
    .replace(`CREATE TABLE \`${name}\``, `CREATE TABLE \`${copy}\``)
    .replaceAll(`"${name}".`, `"${copy}".`)
    .replaceAll(`\`${name}\`.`, `\`${copy}\`.`);
  return [
    "PRAGMA foreign_keys=OFF;",
    createCopy,
    `INSERT INTO \`${copy}\`(${kept.map((column) => `\`${column.name}\``).join(", ")}) SELECT ${values.join(", ")} FROM \`${name}\`;`,
    `DROP TABLE \`${name}\`;`,
    `ALTER TABLE \`${copy}\` RENAME TO \`${name}\`;`,
    "PRAGMA foreign_keys=ON;",
    ...createIndexes,
  ];
}
