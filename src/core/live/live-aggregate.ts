/**
 * The groups of a live aggregate, maintained by difference ([LA1]–[LA3]): what matched before is taken back, what matches after is
 * added. A minimum or maximum that leaves is asked for at the head of the ledger, that group alone where its key can be asked
 * for. Where the rows were too many to tally, the groups are asked for each time. A result like the last one is not told.
 */

import type { Json, JsonScalar } from "../json.ts";
import type { RowChange } from "../protocol/object-call.ts";
import type { AggregateQuery } from "../query/aggregate.ts";
import { type ArrangedGroups, arrangeGroups } from "../query/arrange-groups.ts";
import type { GroupResult } from "../query/grouping.ts";
import type { RowTest } from "../query/matches.ts";
import { showGroup } from "../query/show-group.ts";
import {
  accumulate,
  emptyTally,
  groupKey,
  isStale,
  refresh,
  retract,
  type Tally,
  type TallyPlan,
  tallyPlan,
  tallyResult,
} from "../query/tally.ts";
import { conjoin, type Filter } from "../query/tree.ts";
import { columnOf, type Row, type TableSpec } from "../schema/table-spec.ts";

export interface AggregateRead {
  readonly groups: (more: Filter | null, query: AggregateQuery) => ArrangedGroups;
  /** Null: too many rows. */
  readonly scan: () => Iterable<Row> | null;
}

export class LiveAggregate {
  readonly #query: AggregateQuery;
  readonly #table: TableSpec;
  readonly #test: RowTest;
  readonly #plan: TallyPlan;
  /** Null: not tallied yet, or never. */
  #tallies: Map<string, Tally> | null = null;
  #isTooLarge = false;
  #isBehind = false;
  #told = "";

  constructor(query: AggregateQuery, table: TableSpec, test: RowTest) {
    this.#query = query;
    this.#table = table;
    this.#test = test;
    this.#plan = tallyPlan(query, table);
  }

  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** The result as it stands at the head, as JSON text; it then counts as told. */
  open(read: AggregateRead): string {
    this.#isBehind = false;
    this.#told = this.#tallies === null ? this.#text(read.groups(null, this.#query)) : this.#result(read);
    return this.#told;
  }

  /** Whether any row of the commit matched before or after. */
  take(changes: readonly RowChange[]): boolean {
    let isTouched = false;
    for (const { before, after } of changes) {
      const wasIn = before !== null && this.#test(before);
      const isIn = after !== null && this.#test(after);
      if (!wasIn && !isIn) continue;
      isTouched = true;
      if (this.#tallies === null) continue;
      if (wasIn) this.#retract(before);
      if (isIn) accumulate(this.#plan, this.#tally(after), after);
    }
    if (isTouched) this.#isBehind = true;
    return isTouched;
  }

  /** The new result; `same` when it is the last one; null when it takes a read and there is none. */
  tell(read: AggregateRead | null): { readonly text: string } | "same" | null {
    const needsRead = this.#tallies === null || [...this.#tallies.values()].some(isStale);
    if (needsRead && read === null) return null;
    const text = this.#result(read);
    this.#isBehind = false;
    if (text === this.#told) return "same";
    this.#told = text;
    return { text };
  }

  #result(read: AggregateRead | null): string {
    if (this.#tallies === null && read !== null) {
      // Rows are read once, when the first commit touches the aggregate: many never change.
      if (!this.#isTooLarge) this.#tallyRows(read);
      if (this.#tallies === null) return this.#text(read.groups(null, this.#query));
    }
    const tallies = this.#tallies ?? new Map<string, Tally>();
    if (read !== null) for (const tally of tallies.values()) if (isStale(tally)) this.#renew(read, tally);
    const groups = [...tallies.values()].map((tally) => tallyResult(this.#plan, tally));
    return this.#text(arrangeGroups(groups, this.#query, this.#table));
  }

  #tallyRows({ scan }: AggregateRead): void {
    const rows = scan();
    this.#isTooLarge = rows === null;
    if (rows === null) return;
    this.#tallies = new Map();
    // Without groupBy there is one group, also of no rows ([AG3]).
    if (this.#query.groupBy.length === 0) this.#tallies.set("[]", emptyTally(this.#plan, []));
    for (const row of rows) accumulate(this.#plan, this.#tally(row), row);
  }

  #tally(row: Row): Tally {
    const tallies = this.#tallies as Map<string, Tally>;
    const key = groupKey(this.#plan, row);
    const name = JSON.stringify(key);
    let tally = tallies.get(name);
    if (tally === undefined) {
      tally = emptyTally(this.#plan, key);
      tallies.set(name, tally);
    }
    return tally;
  }

  #retract(row: Row): void {
    const tally = this.#tally(row);
    retract(this.#plan, tally, row);
    if (tally.count === 0 && this.#query.groupBy.length > 0)
      this.#tallies?.delete(JSON.stringify(groupKey(this.#plan, row)));
  }

  /** The extremes of one group from the head. Where a key cannot be asked for, of all groups. */
  #renew(read: AggregateRead, tally: Tally): void {
    const { groupBy } = this.#query;
    const keys = groupBy.map((field, index) => keyTerm(this.#table, field, tally.key[index] ?? null));
    const isAskable = keys.every((key) => key !== null);
    const all: AggregateQuery = {
      ...this.#query,
      having: [],
      orderBy: [],
      limit: isAskable ? 1 : Number.MAX_SAFE_INTEGER,
    };
    const { groups } = read.groups(isAskable ? conjoin(keys) : null, all);
    const name = JSON.stringify(tally.key);
    const fresh = groups.find((group: GroupResult) => JSON.stringify(group.key) === name);
    if (fresh !== undefined) refresh(tally, fresh);
  }

  #text({ groups, isTruncated }: ArrangedGroups): string {
    const shown = groups.map((group) => showGroup(group, this.#query));
    return JSON.stringify({ groups: shown, ...(isTruncated ? { truncated: true } : {}) });
  }
}

function keyTerm(table: TableSpec, field: string, value: Json): Filter | null {
  const kind = columnOf(table, field)?.kind;
  if (kind === "json" || kind === "blob") return null;
  return { kind: "compare", field, operator: "==", operand: value as JsonScalar };
}
