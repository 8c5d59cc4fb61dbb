/**
 * Rows that act by themselves (`wake` of a resource): the alarm hands those whose time has come to the resource, in a transaction of their
 * own. While no row has a time there is no alarm.
 */

import type { ObjectCall } from "../../src/core/protocol/object-call.ts";
import { ANONYMOUS } from "../../src/core/scope/principal.ts";
import type { Wake } from "../../src/define/hooks.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import { hookTransaction } from "./hook-transaction.ts";
import { Blocked } from "./key-gate.ts";
import { wakeOf } from "./schedule-wakes.ts";
import { selectRows } from "./select-rows.ts";
import type { Store } from "./store.ts";
import type { TableStore } from "./table-store.ts";
import { transact } from "./transact.ts";

/** Rows of one commit; large enough that a ledger row is shared, small enough that calls get in between. */
const ROWS_A_COMMIT = 100;
/** For so long at a stretch, then other timers and calls have their turn. */
const STRETCH_MS = 500;
/** Asked again after this where a transaction over several objects holds what the rows touch. */
const BLOCKED_MS = 200;

/** Runs what is due. Returns when it is to go on at the latest where something stood in the way, or null. */
export function wakeRows(store: Store): number | null {
  const endsAt = store.clock() + STRETCH_MS;
  for (const table of store.tables.values()) {
    const wake = wakeOf(table);
    if (wake === undefined) continue;
    try {
      while (store.clock() < endsAt && wakeSome(store, table, wake));
    } catch (error) {
      if (!(error instanceof Blocked)) throw error;
      return store.clock() + BLOCKED_MS;
    }
  }
  return null;
}

/** When the next row is due (ms), or null. */
export function nextWake(store: Store): number | null {
  const times = [...store.tables.values()].flatMap((table) => {
    const wake = wakeOf(table);
    if (wake === undefined) return [];
    const column = quoteIdentifier(sqlName(table, wake.at));
    const name = quoteIdentifier(table.spec.name);
    const at = store.sql.all(`SELECT min(${column}) AS at FROM ${name} WHERE ${column} IS NOT NULL`, [])[0]?.at;
    return typeof at === "number" ? [at] : [];
  });
  return times.length === 0 ? null : Math.min(...times);
}

/** One commit; false: no row was due. */
function wakeSome(store: Store, table: TableStore, { at, run }: Wake): boolean {
  let found = 0;
  transact(store, QUIET_CALL, {
    run(commit) {
      const filter = `${at}<=${commit.nowMs}`;
      const rows = selectRows(store, table, filter, { limit: ROWS_A_COMMIT, orderBy: at });
      for (const row of rows) commit.reads?.row(table.spec.name, row[table.spec.primaryKey] as string | number, 0);
      found = rows.length;
      if (found > 0)
        run(
          hookTransaction(commit, () => {}),
          rows,
        );
      return () => ({ answer: { kind: "answer", status: 204, headers: {}, body: null, position: "" }, ids: [] });
    },
    rebuild: () => null,
  });
  return found > 0;
}

/** Nobody has called. */
const QUIET_CALL = {
  principal: ANONYMOUS,
  idempotency: null,
  attempt: null,
  wantsChange: false,
} as const satisfies Partial<ObjectCall>;

function sqlName(table: TableStore, column: string): string {
  return table.spec.columns.find(({ name }) => name === column)?.sqlName ?? column;
}
