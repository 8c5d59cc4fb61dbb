/**
 * The only door to drizzle-kit's differ. One table at a time, and never one that lost and gained columns at once: so its
 * interactive questions, which would hang without a terminal, cannot come up; Ledge asks them itself (`renames.ts`).
 */

import { ORIGIN_ID, type Snapshot, type SnapshotTable } from "./snapshot.ts";

/** SQL from one form of a table to another, `null` for "does not exist". */
export async function kitStatements(
  before: SnapshotTable | null,
  after: SnapshotTable | null,
  internal: Snapshot["internal"],
): Promise<string[]> {
  const kit = await import("drizzle-kit/api"); // Takes a second to load: only when something changed.
  const wrap = (table: SnapshotTable | null) => ({
    version: "6" as const,
    dialect: "sqlite" as const,
    id: ORIGIN_ID,
    prevId: ORIGIN_ID,
    tables: table === null ? {} : { [table.name]: table },
    views: {},
    enums: {},
    _meta: { tables: {}, columns: {} },
    ...(internal === undefined ? {} : { internal }),
  });
  type KitSnapshot = Parameters<typeof kit.generateSQLiteMigration>[0];
  const statements = await kit.generateSQLiteMigration(
    wrap(before) as unknown as KitSnapshot,
    wrap(after) as unknown as KitSnapshot,
  );
  return statements.map((statement) => statement.trim());
}
