/**
 * Rows under a copy of which no line tells are in views over partitions, and nobody's: each such copy has a line from here on, which hides it,
 * as that of an object that is not registered. Goes from copy to copy by the key of the table, whose rows it does not read: so many copies a
 * batch, and as long as there is time. Called by what operators do, which carry on where it ended.
 */

import { quoteIdentifier } from "../../../durable-objects/sql/quote-identifier.ts";
import { type ProjectedTable, projectionName } from "../../core/read-model/projected-table.ts";
import type { Place } from "../../core/read-model/pull.ts";
import type { Statement } from "../../core/read-model/statements.ts";
import { type Database, runBatch } from "./database.ts";
import type { Projection } from "./projection.ts";

export interface StrayLimits {
  /** Copies looked at by one batch: each is a place sought in an index, twice. */
  readonly copies: number;
  readonly isOver: () => boolean;
}

/** Goes on behind this copy of this table, or begins where there is no such table; null: all copies were looked at. */
export async function claimStrays(
  database: Database,
  { tables }: Projection,
  from: Place,
  { copies, isOver }: StrayLimits,
): Promise<Place | null> {
  const all = [...tables.values()];
  const at = all.findIndex(({ name }) => name === from.table);
  let after = at < 0 ? null : from.after;
  for (const table of all.slice(Math.max(at, 0))) {
    do {
      if (isOver()) return { table: table.name, after };
      const [seen] = await runBatch(database, claimStatements(table, after, copies));
      after = seen?.[0]?.last as number | null;
    } while (after !== null);
  }
  return null;
}

/** The last of the next copies that the table has rows of, null: there is none; and a line for each that has none. */
function claimStatements({ name, group }: ProjectedTable, after: Place["after"], copies: number): readonly Statement[] {
  const table = quoteIdentifier(projectionName(name));
  const next = (place: string) => `(SELECT _copy FROM ${table} WHERE _copy > ${place} ORDER BY _copy LIMIT 1)`;
  const seen = `WITH RECURSIVE seen(copy) AS (SELECT ${next("?1")} UNION ALL SELECT ${next("seen.copy")} FROM seen WHERE copy LIMIT ?2) `;
  return [
    { sql: `${seen}SELECT max(copy) AS last FROM seen`, params: [after ?? 0, copies] },
    {
      sql: `${seen}INSERT INTO rm_copies (id, object, grp, part, status, is_hidden, epoch, migration, form, seq, head, size_bytes, place, as_of, step)
 SELECT copy, 't/stray/' || ?3 || '/' || copy, ?3, NULL, 'dropping', 1, '', NULL, '', 0, 0, 0, NULL, 0, 0 FROM seen WHERE copy NOT IN (SELECT id FROM rm_copies)`,
      params: [after ?? 0, copies, group],
    },
  ];
}
