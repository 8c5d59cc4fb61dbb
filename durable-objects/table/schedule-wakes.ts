/** Rows that act by themselves at a time in one of their columns: a commit that sets such a time makes sure of the alarm (`wake-rows.ts` is what it runs). */

import type { RowChange } from "../../src/core/protocol/object-call.ts";
import type { Wake } from "../../src/define/hooks.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";
import { schedule } from "./timers.ts";

/** Called in the transaction of the commit. */
export function scheduleWakes(store: Store, changes: readonly RowChange[]): void {
  let earliest = Number.POSITIVE_INFINITY;
  for (const { table, after } of changes) {
    const wake = wakeOf(store.tables.get(table));
    const at = wake === undefined ? null : after?.[wake.at];
    if (typeof at === "number") earliest = Math.min(earliest, at);
  }
  if (Number.isFinite(earliest)) schedule(store.sql, store.alarm, "wake", earliest);
}

export function wakeOf(table: TableStore | undefined): Wake | undefined {
  return table?.resource.config.wake as Wake | undefined;
}
