/**
 * How much text comparisons would walk, for the budget of text scans (text-scans.ts). Where the whole database is small it costs
 * nothing to know: SQLite tells its size at once. Else the texts are measured, by one walk that reads no long text, over the rows that
 * the rest of the condition leaves, the scope included unless it is a text scan too: what the caller may not see decides nothing.
 * A measure is kept until the database has grown by an eighth.
 */

import { requireColumn } from "../../src/core/query/grouping.ts";
import type { TableSpec } from "../../src/core/schema/table-spec.ts";
import { packParams, type SqlFragment } from "./fragment.ts";
import type { Sql } from "./port.ts";
import { quoteColumn, quoteIdentifier } from "./quote-identifier.ts";
import { StatementCache } from "./statement-cache.ts";

const GROWTH = 9 / 8;

interface Measured {
  databaseBytes: number;
  walkedBytes: number;
}

/** Of one object; it lives as long as the object is awake. */
export class TextSizes {
  readonly #sql: Sql;
  readonly #measured = new StatementCache<Measured>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * Whether so many walks over each field, by the rows under the condition, pass the bytes. `narrowed` is asked for only where the
   * size of the database does not settle it.
   */
  exceeds(
    table: TableSpec,
    walks: ReadonlyMap<string, number>,
    maxBytes: number,
    narrowed: () => SqlFragment,
  ): boolean {
    const databaseBytes = this.#sql.sizeBytes();
    let total = 0;
    for (const count of walks.values()) total += count;
    if (total * databaseBytes <= maxBytes) return false;
    const { text, params } = measureStatement(table, walks, narrowed());
    const measure = (): Measured => ({
      databaseBytes,
      walkedBytes: Number(this.#sql.all(text, params)[0]?.bytes ?? 0),
    });
    const known = this.#measured.get(JSON.stringify([text, params]), measure);
    if (databaseBytes > known.databaseBytes * GROWTH) Object.assign(known, measure());
    return known.walkedBytes > maxBytes;
  }
}

function measureStatement(table: TableSpec, walks: ReadonlyMap<string, number>, where: SqlFragment): SqlFragment {
  const sums = [...walks].map(
    ([field, count]) => `${count} * coalesce(sum(octet_length(${quoteColumn(requireColumn(table, field))})), 0)`,
  );
  const text = `SELECT ${sums.join(" + ")} AS bytes FROM ${quoteIdentifier(table.name)} WHERE ${where.text}`;
  return packParams({ text, params: where.params });
}
