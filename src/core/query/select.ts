/**
 * The parameter `select` ([QL49]): which columns and computed fields a reply shows. Hidden columns are answered like unknown
 * ones. Selection happens after computing, which sees the full row; it is not a list of SQL columns.
 */

import { invalidField } from "../fault.ts";
import type { TableSpec } from "../schema/table-spec.ts";
import { columnOf } from "../schema/table-spec.ts";

/** The pseudo-field that shows a row's tag. */
export const ETAG_FIELD = "_etag";

/** The names to show, the primary key first when it was not named; null when there is no `select`: all. */
export function parseSelect(text: string | undefined, table: TableSpec): readonly string[] | null {
  if (text === undefined) return null;
  if (text === "") throw invalidField("select", "is empty");
  const written = text.split(",");
  const names = new Set(written);
  for (const name of names) {
    const isKnown = columnOf(table, name)?.readable === true || table.computed.includes(name) || name === ETAG_FIELD;
    if (!isKnown) throw invalidField("select", `names an unknown field: ${name}`);
  }
  const twice = written.find((name, index) => written.indexOf(name) < index);
  if (twice !== undefined) throw invalidField("select", `names ${twice} twice`);
  return names.has(table.primaryKey) ? [...names] : [table.primaryKey, ...names];
}
