/**
 * Reads a page by the statements of its plan, in turn: one that gives too few rows is followed by the next, with the room that is
 * left. Synchronous, so that all of a page is of one instant. What the rows mean, and the page's end, is list-rows.ts.
 */

import type { PagePlan, Room } from "./list-statement.ts";
import type { Sql, SqlValues } from "./port.ts";

export interface ReadRows {
  readonly rows: readonly SqlValues[];
  /** The last row passed the bytes: there may be more behind it. */
  readonly isCut: boolean;
}

/** At most so many rows and bytes, and the row with which the bytes are passed. */
export function readPage(sql: Sql, { statements }: PagePlan, { limitRows, maxBytes }: Room): ReadRows {
  let rows: readonly SqlValues[] = [];
  let bytes = 0;
  for (const statement of statements) {
    const left = { limitRows: limitRows - rows.length, maxBytes: maxBytes === null ? null : maxBytes - bytes };
    const { text, params } = statement(left);
    const found = sql.values(text, params);
    rows = rows.length === 0 ? found : [...rows, ...found];
    if (maxBytes !== null) bytes += Number(found.at(-1)?.at(-1) ?? 0);
    const isCut = maxBytes !== null && bytes > maxBytes;
    if (isCut || rows.length >= limitRows) return { rows, isCut };
  }
  return { rows, isCut: false };
}
