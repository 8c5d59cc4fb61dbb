/**
 * Tells the outbox of rows that are no longer this person's to see, as live queries hear of it: a scope that was withdrawn as a whole, and rows
 * that left what is shown and cannot be read either.
 */

import { lostRows } from "../../core/offline/lost-rows.ts";
import { rowKey } from "../../core/offline/outbox-entry.ts";
import type { LiveHub } from "../live/live-hub.ts";
import type { Send } from "../send.ts";
import { readPresent } from "./entry-request.ts";
import type { OutboxRunner } from "./outbox-runner.ts";

export function followWithdrawals(hub: LiveHub, runner: OutboxRunner, send: Send): void {
  const asked = new Set<string>();
  hub.onPurged = ({ resource: table, partition }) => runner.revoked(table, partition);
  hub.onShown = (watch, steps) => {
    if (watch.request.aggregate !== undefined) return;
    for (const write of lostRows(runner.entries, watch, steps)) {
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
}
