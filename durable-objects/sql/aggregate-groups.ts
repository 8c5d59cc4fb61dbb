/** The groups of an aggregate: from one statement, or, where a residual filter is left, tallied in memory within its budget. */

import type { AggregateQuery } from "../../src/core/query/aggregate.ts";
import { type ArrangedGroups, arrangeGroups } from "../../src/core/query/arrange-groups.ts";
import { accumulate, emptyTally, groupKey, type Tally, tallyPlan, tallyResult } from "../../src/core/query/tally.ts";
import type { Filter } from "../../src/core/query/tree.ts";
import { aggregateStatement } from "./aggregate-statement.ts";
import type { Selection } from "./list-statement.ts";
import type { Sql } from "./port.ts";
import { residualRows } from "./residual-rows.ts";

export function aggregateGroups(sql: Sql, selection: Selection, query: AggregateQuery): ArrangedGroups {
  const { text, params, residual, read } = aggregateStatement(selection, query);
  if (residual !== null) return tallyGroups(sql, selection, query, residual);
  const groups = sql.all(text, params).map(read);
  return { groups: groups.slice(0, query.limit), isTruncated: groups.length > query.limit };
}

function tallyGroups(sql: Sql, selection: Selection, query: AggregateQuery, residual: Filter): ArrangedGroups {
  const plan = tallyPlan(query, selection.table);
  const tallies = new Map<string, Tally>();
  // Without groupBy there is one group, also of no rows ([AG3]).
  if (query.groupBy.length === 0) tallies.set("[]", emptyTally(plan, []));
  for (const row of residualRows(sql, selection, residual)) {
    const key = groupKey(plan, row);
    const name = JSON.stringify(key);
    let tally = tallies.get(name);
    if (tally === undefined) {
      tally = emptyTally(plan, key);
      tallies.set(name, tally);
    }
    accumulate(plan, tally, row);
  }
  const groups = [...tallies.values()].map((tally) => tallyResult(plan, tally));
  return arrangeGroups(groups, query, selection.table);
}
