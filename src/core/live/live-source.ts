/**
 * What the live part reads of its object: the rows as they stand at the head of the ledger, and the commits that led there.
 * Two implementations: the object's SQLite, and a model in memory for the simulation.
 */

import type { Epoch, ObjectName, RowId, Seq } from "../ids.ts";
import type { RowChange } from "../protocol/object-call.ts";
import type { AggregateQuery } from "../query/aggregate.ts";
import type { ArrangedGroups } from "../query/arrange-groups.ts";
import type { Filter } from "../query/tree.ts";
import type { Row } from "../schema/table-spec.ts";
import type { LiveTable, WindowSpec } from "./live-query.ts";

export interface LiveRow {
  readonly row: Row;
  /** Seq of the commit that last wrote it. */
  readonly version: number;
}

/** A commit as the ledger keeps it. */
export interface LiveCommit {
  readonly seq: number;
  readonly at: number;
  readonly actor: string | null;
  readonly txid: string | null;
  readonly parts: readonly ObjectName[] | null;
  readonly changes: readonly RowChange[];
  /** About what it takes as text. */
  readonly bytes: number;
}

export interface LiveSource {
  readonly object: ObjectName;
  readonly epoch: Epoch;
  head(): Seq;
  table(name: string): LiveTable | undefined;
  find(table: string, id: RowId): LiveRow | null;
  /** The first rows in the order. */
  first(table: string, where: Filter, window: WindowSpec): readonly LiveRow[];
  /** All rows, in order of id; throws a `Fault` when they are too many ([LV7]). */
  all(table: string, where: Filter): readonly LiveRow[];
  groups(table: string, where: Filter, query: AggregateQuery): ArrangedGroups;
  /** Every row once, for tallies; null when there are so many that groups are better asked for each time. */
  scan(table: string, where: Filter): Iterable<Row> | null;
  /** Commits after a seq, oldest first; null when the ledger does not reach back so far, or they exceed the limits ([WS11]). */
  commits(after: number, limits: { readonly commits: number; readonly bytes: number }): readonly LiveCommit[] | null;
  /** Where the object applied a transaction; null: it took no part; undefined: it is not settled yet. */
  settledAt(txid: string): number | null | undefined;
  /** Transactions that are prepared here and not settled. */
  unsettled(): readonly string[];
  /** Masked, computed, selected: what may leave the object. */
  show(table: string, row: Row, select: readonly string[] | null): unknown;
}

/** Texts of queries, kept by the object so that a socket remembers each by a number. */
export interface QueryStore {
  keyOf(text: string): number;
  textOf(key: number): string | null;
}
