/**
 * What a transaction looks at in its object: rows with their versions, and filters ([TX12]). Recorded while its steps run, hooks'
 * reads included; and the check, later, that all of it is still so. Reads only.
 */

import { Fault } from "../../src/core/fault.ts";
import { positionToken, type RowId, type Seq } from "../../src/core/ids.ts";
import type { Seen } from "../../src/core/protocol/transaction-call.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import { isUntouchedSince } from "./collection-condition.ts";
import { scopeTest } from "./scope-test.ts";
import type { Store } from "./store.ts";

/** A write that a constraint refused. */
export interface TriedWrite {
  readonly table: string;
  readonly row: Row;
  readonly op: "write" | "remove";
}

export interface Reads {
  /** `version` 0: it was absent. What this commit itself wrote is no read. */
  row(table: string, id: RowId, version: number): void;
  /** A filter text; `""` is every row. */
  range(table: string, filter: string): void;
  /** A write that SQLite refused has looked at what its constraint is about. */
  refused(write: TriedWrite): void;
  tried(): readonly TriedWrite[];
  /** What was looked at before, and has just been checked. */
  again(seen: Seen | null): void;
  seen(store: Store): Seen;
}

export function recordReads(ownSeq: Seq): Reads {
  const rows = new Map<string, Seen["rows"][number]>();
  const ranges = new Map<string, Seen["ranges"][number]>();
  const tried: TriedWrite[] = [];
  return {
    row(table, id, version) {
      const key = `${table}\u0000${id}`;
      if (version !== ownSeq && !rows.has(key)) rows.set(key, { table, id, version });
    },
    range: (table, filter) => void ranges.set(`${table}\u0000${filter}`, { table, filter }),
    refused: (write) => void tried.push(write),
    tried: () => tried,
    again(seen) {
      for (const each of seen?.rows ?? []) rows.set(`${each.table}\u0000${each.id}`, each);
      for (const each of seen?.ranges ?? []) ranges.set(`${each.table}\u0000${each.filter}`, each);
    },
    seen: ({ epoch, head }) => ({
      position: positionToken(epoch, head.seq),
      rows: [...rows.values()],
      ranges: [...ranges.values()],
    }),
  };
}

/** Throws `transaction-conflict` when anything that was seen is no longer so. */
export function checkSeen(store: Store, seen: Seen): void {
  if (!isStillSeen(store, seen))
    throw new Fault({ slug: "transaction-conflict", retryable: true, tries: 1, retryAfter: 1 });
}

/** Whether nothing of it was written since, not even back to what it was ([TP15]). */
export function isStillSeen(store: Store, { position, rows, ranges }: Seen): boolean {
  const [epoch, seq] = position.split(":");
  const since = Number(seq);
  if (epoch === store.epoch && since === store.head.seq) return true;
  return (
    epoch === store.epoch &&
    rows.every(({ table: name, id, version }) => {
      const table = store.tables.get(name);
      if (table === undefined || (table.find(id)?.version ?? 0) !== version) return false;
      // A row that is absent has no version to tell that it came and went.
      return version !== 0 || isUntouchedSince(store, table, since, (row) => row[table.spec.primaryKey] === id);
    }) &&
    ranges.every(({ table: name, filter }) => {
      const table = store.tables.get(name);
      return (
        table !== undefined && isUntouchedSince(store, table, since, scopeTest(table, filter === "" ? "*" : filter))
      );
    })
  );
}
