/**
 * A table object in memory, for the live part: rows, a ledger with a floor, and the reads of `LiveSource` done naively over all rows.
 * What it answers is the yardstick, so it shares no code with the maintained views but the matcher and the order.
 */

import type { Epoch, ObjectName, RowId, Seq } from "../../../src/core/ids.ts";
import type { Json } from "../../../src/core/json.ts";
import type { LiveTable } from "../../../src/core/live/live-query.ts";
import type { LiveCommit, LiveRow, LiveSource } from "../../../src/core/live/live-source.ts";
import type { RowChange } from "../../../src/core/protocol/object-call.ts";
import { arrangeGroups } from "../../../src/core/query/arrange-groups.ts";
import { rowComparator } from "../../../src/core/query/compare-values.ts";
import { compileMatcher } from "../../../src/core/query/matches.ts";
import { completeOrder } from "../../../src/core/query/order.ts";
import { accumulate, emptyTally, groupKey, type Tally, tallyPlan, tallyResult } from "../../../src/core/query/tally.ts";
import type { Filter } from "../../../src/core/query/tree.ts";
import type { Row } from "../../../src/core/schema/table-spec.ts";

export interface Written {
  readonly table: string;
  readonly id: RowId;
  /** Null removes the row. */
  readonly row: Row | null;
}

export class ModelObject implements LiveSource {
  readonly object: ObjectName;
  epoch: Epoch;
  readonly log: LiveCommit[] = [];
  /** Oldest seq that can be resumed. */
  floor = 0;
  readonly #tables: ReadonlyMap<string, LiveTable>;
  readonly #rows = new Map<string, Map<RowId, LiveRow>>();
  #pending = new Set<string>();

  constructor(object: string, tables: readonly LiveTable[], epoch = "aaaaaaaaaaaaaaaa") {
    this.object = object as ObjectName;
    this.epoch = epoch as Epoch;
    this.#tables = new Map(tables.map((table) => [table.spec.name, table]));
    for (const { spec } of tables) this.#rows.set(spec.name, new Map());
  }

  /** One commit; null when nothing changed. */
  commit(
    written: readonly Written[],
    more: Partial<Pick<LiveCommit, "actor" | "txid" | "parts" | "at">> = {},
  ): LiveCommit | null {
    const seq = this.head() + 1;
    const changes = new Map<string, RowChange>();
    for (const { table, id, row } of written) {
      const rows = this.#rows.get(table) as Map<RowId, LiveRow>;
      const key = `${table} ${id}`;
      const earlier = changes.get(key);
      const before = earlier === undefined ? (rows.get(id)?.row ?? null) : earlier.before;
      if (before === null && row === null) {
        rows.delete(id);
        changes.delete(key);
        continue;
      }
      const op = before === null ? "create" : row === null ? "delete" : "update";
      changes.set(key, { table, id, op, before, after: row });
      if (row === null) rows.delete(id);
      else rows.set(id, { row, version: seq });
    }
    const isPart = more.txid !== undefined && more.txid !== null;
    if (changes.size === 0 && !isPart) return null;
    const commit: LiveCommit = {
      seq,
      at: more.at ?? seq,
      actor: more.actor ?? null,
      txid: more.txid ?? null,
      parts: more.parts ?? null,
      changes: [...changes.values()],
      bytes: 100,
    };
    this.log.push(commit);
    if (isPart) this.#pending.delete(String(more.txid));
    return commit;
  }

  prune(floor: number): void {
    this.floor = Math.max(this.floor, Math.min(floor, this.head()));
  }

  /** A part that is prepared and not settled. */
  prepare(txid: string): void {
    this.#pending.add(txid);
  }

  head(): Seq {
    return (this.log.at(-1)?.seq ?? 0) as Seq;
  }

  table(name: string): LiveTable | undefined {
    return this.#tables.get(name);
  }

  find(table: string, id: RowId): LiveRow | null {
    return this.#rows.get(table)?.get(id) ?? null;
  }

  first(
    table: string,
    where: Filter,
    { orderBy, limit }: { orderBy: Parameters<typeof rowComparator>[0]; limit: number },
  ): LiveRow[] {
    const { spec } = this.#tables.get(table) as LiveTable;
    const compare = rowComparator(orderBy, spec);
    return this.all(table, where)
      .sort((a, b) => compare(a.row, b.row))
      .slice(0, limit);
  }

  all(table: string, where: Filter): LiveRow[] {
    const { spec, operators } = this.#tables.get(table) as LiveTable;
    const test = compileMatcher(where, spec, operators);
    const compare = rowComparator(completeOrder([], spec), spec);
    const rows = [...(this.#rows.get(table) as Map<RowId, LiveRow>).values()];
    return rows.filter(({ row }) => test(row)).sort((a, b) => compare(a.row, b.row));
  }

  groups(table: string, where: Filter, query: Parameters<LiveSource["groups"]>[2]): ReturnType<LiveSource["groups"]> {
    const { spec } = this.#tables.get(table) as LiveTable;
    const plan = tallyPlan(query, spec);
    const tallies = new Map<string, Tally>();
    if (query.groupBy.length === 0) tallies.set("[]", emptyTally(plan, []));
    for (const { row } of this.all(table, where)) {
      const key = groupKey(plan, row);
      const tally = tallies.get(JSON.stringify(key)) ?? emptyTally(plan, key);
      tallies.set(JSON.stringify(key), tally);
      accumulate(plan, tally, row);
    }
    return arrangeGroups(
      [...tallies.values()].map((tally) => tallyResult(plan, tally)),
      query,
      spec,
    );
  }

  scan(table: string, where: Filter): Row[] {
    return this.all(table, where).map(({ row }) => row);
  }

  commits(after: number, limits: { readonly commits: number; readonly bytes: number }): LiveCommit[] | null {
    const commits = this.log.slice(after);
    const bytes = commits.reduce((sum, commit) => sum + commit.bytes, 0);
    return after < this.floor || commits.length > limits.commits || bytes > limits.bytes ? null : commits;
  }

  settledAt(txid: string): number | null | undefined {
    if (this.#pending.has(txid)) return undefined;
    return this.log.find((commit) => commit.txid === txid)?.seq ?? null;
  }

  unsettled(): string[] {
    return [...this.#pending];
  }

  /** A backup is put in place of what is there: another epoch, and what came after it is gone. */
  restore(seq: number, epoch: string): void {
    const kept = this.log.splice(0).slice(0, seq);
    for (const rows of this.#rows.values()) rows.clear();
    this.#pending = new Set();
    this.epoch = epoch as Epoch;
    this.floor = Math.min(this.floor, seq);
    for (const { changes, ...more } of kept)
      this.commit(
        changes.map(({ table, id, after }) => ({ table, id, row: after })),
        more,
      );
  }

  show(table: string, row: Row, select: readonly string[] | null): Record<string, Json> {
    const { spec } = this.#tables.get(table) as LiveTable;
    return Object.fromEntries(
      spec.columns
        .filter(({ name, readable }) => readable && (select === null || select.includes(name)))
        .map(({ name }) => [name, row[name] ?? null]),
    );
  }
}
