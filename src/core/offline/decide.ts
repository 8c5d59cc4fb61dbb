/**
 * What a person may do with a refused write: try it again, change it first, or give it up. Only refused ones: the others belong to the tab that
 * leads, and may be on their way. Pure; the storage carries the change out, unless the entry has changed meanwhile.
 */

import type { JsonObject } from "../json.ts";
import { columnsOf } from "./entry-changes.ts";
import { changed, type EntryChange, type OutboxEntry, QUEUED, type RowWrite } from "./outbox-entry.ts";

export type Decision =
  /** `onTop`: of the server's present row, where a conflict was the reason. */
  | { readonly kind: "retry"; readonly onTop?: { readonly row: JsonObject | null; readonly tag: string | null } }
  | { readonly kind: "edit"; readonly writes: readonly RowWrite[] }
  | { readonly kind: "discard" };

/** Null: it is not refused, so there is nothing to decide. */
export function decide(entry: OutboxEntry, decision: Decision): EntryChange | null {
  if (entry.state.kind !== "refused") return null;
  switch (decision.kind) {
    case "retry": {
      const { onTop } = decision;
      const [write, ...more] = entry.writes;
      if (onTop === undefined || write === undefined || more.length > 0) return changed(entry, { state: QUEUED });
      return changed(entry, {
        state: QUEUED,
        writes: [{ ...write, base: columnsOf(onTop.row, write.values), tag: onTop.tag }],
      });
    }
    case "edit":
      return changed(entry, { state: QUEUED, writes: decision.writes });
    case "discard":
      return { before: entry, after: null };
  }
}
