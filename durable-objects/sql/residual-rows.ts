/**
 * The rows of a selection whose filter SQL cannot finish: walked in order and tested in memory, within the budget of one
 * request ([QL42]). For answers that need every row; a list, which may stop early, does its own walk.
 */

import { compileMatcher } from "../../src/core/query/matches.ts";
import type { Filter } from "../../src/core/query/tree.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import { tooExpensive, walkAll } from "./list-rows.ts";
import type { Selection } from "./list-statement.ts";
import type { Sql } from "./port.ts";
import { effortOf, MAX_EXAMINED } from "./residual-effort.ts";

/** Throws `query-too-expensive` at the first row over the budget. */
export function* residualRows(sql: Sql, selection: Selection, residual: Filter): Generator<Row> {
  const test = compileMatcher(residual, selection.table, selection.operators);
  const effort = effortOf(residual);
  let examined = 0;
  for (const { row, size } of walkAll(sql, selection)) {
    if (examined >= MAX_EXAMINED) throw tooExpensive();
    examined += effort(row, size);
    if (test(row)) yield row;
  }
}
