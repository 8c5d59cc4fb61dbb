/**
 * Tells the outbox of rows that are no longer this person's to see, as live queries hear of it: a scope that was withdrawn as a whole, and rows
 * that left what is shown and cannot be read either.
 */

import { lostRows, unseenRows } from "../../core/offline/lost-rows.ts";
import { type OutboxEntry, type RowWrite, rowKey } from "../../core/offline/outbox-entry.ts";
import type { LiveHub } from "../live/live-hub.ts";
import type { Send } from "../send.ts";
import { readPresent } from "./entry-request.ts";
import type { OutboxRunner } from "./outbox-runner.ts";

/** Gives what is to be told of each write that is refused. */
export function followWithdrawals(hub: LiveHub, runner: OutboxRunner, send: Send): (entry: OutboxEntry) => void {
  const asked = new Set<string>();
  const look = (writes: readonly RowWrite[]) => {
    for (const write of writes) {
      const key = rowKey(write);
      if (asked.has(key)) continue;
      asked.add(key);
      void readPresent(send, write).then((present) => {
        asked.delete(key);
        // Also where nobody can tell: what the person wrote stays in any case.
        if (present?.row == null) runner.revoked(write.table, write.partition, [write.id]);
      });
    }
  };
  hub.onPurged = ({ resource: table, partition }) => runner.revoked(table, partition);
  hub.onShown = (watch, steps) => {
    if (watch.request.aggregate === undefined) look(lostRows(runner.entries, watch, steps));
  };
  return (entry) => look(unseenRows(runner.entries, hub.watches, entry));
}
