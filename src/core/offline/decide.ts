/**
 * What a person may do with a refused write: try it again, change it first, or give it up. Only refused ones: the others belong to the tab that
 * leads, and may be on their way. Pure; the storage carries the change out, unless the entry has changed meanwhile.
 */

import { type Beneath, onTop } from "./entry-changes.ts";
import { changed, type EntryChange, type OutboxEntry, QUEUED, type RowWrite } from "./outbox-entry.ts";

export type Decision =
  | {
      readonly kind: "retry";
      /** Instead of its own. */
      readonly writes?: readonly RowWrite[];
      /** Of the server's present row, where a conflict was the reason. */
      readonly onTop?: Omit<Beneath, "values">;
    }
  | { readonly kind: "discard" };

/** Null: it is not refused, so there is nothing to decide. */
export function decide(entry: OutboxEntry, decision: Decision): EntryChange | null {
  const { state } = entry;
  if (state.kind !== "refused") return null;
  switch (decision.kind) {
    case "retry": {
      const { writes = entry.writes, onTop: beneath } = decision;
      // What the other writes of a transaction stand on nobody has looked at.
      const at = typeof state.problem.index === "number" ? state.problem.index : 0;
      return changed(entry, { state: QUEUED, writes: beneath === undefined ? writes : onTop({ writes }, at, beneath) });
    }
    case "discard":
      return { before: entry, after: null };
  }
}
