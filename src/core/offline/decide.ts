/**
 * What a person may do with a refused write: try it again, change it first, or give it up. Only refused ones: the others belong to the tab that
 * leads, and may be on their way. Pure; the storage carries the change out, unless the entry has changed meanwhile.
 */

import { type Beneath, onTop } from "./entry-changes.ts";
import { changed, type EntryChange, type OutboxEntry, QUEUED, type RowWrite } from "./outbox-entry.ts";

export type Decision =
  /** `onTop`: of the server's present row, where a conflict was the reason. */
  | { readonly kind: "retry"; readonly onTop?: Omit<Beneath, "values"> }
  | { readonly kind: "edit"; readonly writes: readonly RowWrite[] }
  | { readonly kind: "discard" };

/** Null: it is not refused, so there is nothing to decide. */
export function decide(entry: OutboxEntry, decision: Decision): EntryChange | null {
  const { state } = entry;
  if (state.kind !== "refused") return null;
  switch (decision.kind) {
    case "retry": {
      // What the other writes of a transaction stand on nobody has looked at.
      const at = typeof state.problem.index === "number" ? state.problem.index : 0;
      const writes = decision.onTop === undefined ? entry.writes : onTop(entry, at, decision.onTop);
      return changed(entry, { state: QUEUED, writes });
    }
    case "edit":
      return changed(entry, { state: QUEUED, writes: decision.writes });
    case "discard":
      return { before: entry, after: null };
  }
}
