/**
 * What a transaction looks at in its object: rows with their versions, and filters ([TX12]). Recorded while its steps run, hooks'
 * reads included; and the check, later, that all of it is still so. Reads only.
 */

import { Fault } from "../../src/core/fault.ts";
import { positionToken, type RowId, type Seq } from "../../src/core/ids.ts";
import type { Seen } from "../../src/core/protocol/transaction-call.ts";
import { isUntouchedSince } from "./collection-condition.ts";
import { scopeTest } from "./scope-test.ts";
import type { Store } from "./store.ts";

export interface Reads {
  /** `version` 0: it was absent. What this commit itself wrote is no read. */
  row(table: string, id: RowId, version: number): void;
  /** A filter text; `""` is every row. */
  range(table: string, filter: string): void;
  seen(store: Store): Seen;
}

export function recordReads(ownSeq: Seq): Reads {
  const rows = new Map<string, Seen["rows"][number]>();
  const ranges = new Map<string, Seen["ranges"][number]>();
  return {
    row(table, id, version) {
      const key = `${table}\u0000${id}`;
      if (version !== ownSeq && !rows.has(key)) rows.set(key, { table, id, version });
    },
    range: (table, filter) => void ranges.set(`${table}\u0000${filter}`, { table, filter }),
    seen: ({ epoch, head }) => ({
      position: positionToken(epoch, head.seq),
      rows: [...rows.values()],
      ranges: [...ranges.values()],
    }),
  };
}

/** Throws `transaction-conflict` when anything that was seen is no longer so. */
export function checkSeen(store: Store, { position, rows, ranges }: Seen): void {
  const [epoch, seq] = position.split(":");
  const since = Number(seq);
  if (epoch === store.epoch && since === store.head.seq) return;
  const isSame =
    epoch === store.epoch &&
    rows.every(({ table, id, version }) => (store.tables.get(table)?.find(id)?.version ?? 0) === version) &&
    ranges.every(({ table: name, filter }) => {
      const table = store.tables.get(name);
      return (
        table !== undefined && isUntouchedSince(store, table, since, scopeTest(table, filter === "" ? "*" : filter))
      );
    });
  if (!isSame) throw new Fault({ slug: "transaction-conflict", retryable: true, tries: 1, retryAfter: 1 });
}
