/**
 * `migrations/placement.json`: which object group owns each table and by which column it is partitioned. Changing either
 * makes Ledge address other objects and strands the rows in the old ones, so a change is refused unless someone states that
 * there were no rows. Pure.
 */

import type { TableDescription } from "../describe-app.ts";

export interface Placement {
  readonly group: string;
  readonly partitionBy: string | null;
}
/** By table name. */
export type PlacementLock = Readonly<Record<string, Placement>>;

/** The lock as it should be now, tables in order of name. */
export function placementOf(tables: readonly TableDescription[]): PlacementLock {
  const sorted = [...tables].sort((a, b) => (a.name < b.name ? -1 : 1));
  return Object.fromEntries(sorted.map(({ name, group, partitionBy }) => [name, { group, partitionBy }]));
}

/** One message for each table that moved without having been accepted. */
export function placementProblems(
  lock: PlacementLock,
  tables: readonly TableDescription[],
  accepted: readonly string[],
): string[] {
  const problems: string[] = [];
  for (const table of tables) {
    const old = lock[table.name];
    if (old === undefined || accepted.includes(table.name)) continue;
    const moves = [
      old.group === table.group ? null : `group was "${old.group}" and is now "${table.group}"`,
      old.partitionBy === table.partitionBy
        ? null
        : `partitionBy was ${name(old.partitionBy)} and is now ${name(table.partitionBy)}`,
    ].filter((move) => move !== null);
    if (moves.length === 0) continue;
    problems.push(
      `Table "${table.name}" (${table.file ?? "src/tables"}): ${moves.join(", and ")}. Its rows lie in the old object and would be stranded there. ` +
        `Put it back; or, if the table holds no rows anywhere, run: npx ledge generate --accept-placement ${table.name}`,
    );
  }
  return problems;
}

function name(column: string | null): string {
  return column === null ? "not set" : `"${column}"`;
}
