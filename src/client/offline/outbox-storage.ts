/** Where the entries of an outbox are kept; shared by the tabs of a browser. A storage of one's own is an object with these three methods. */

import type { EntryChange, EntryDraft, OutboxEntry } from "../../core/offline/outbox-entry.ts";

export interface OutboxStorage {
  /** Puts an entry at the end; its place is above all that were ever given. Durable when it resolves. */
  add(draft: EntryDraft): Promise<OutboxEntry>;
  /** All of the changes or none; false when an entry is not of the revision that a change began with. */
  commit(changes: readonly EntryChange[]): Promise<boolean>;
  all(): Promise<readonly OutboxEntry[]>;
  close?(): void;
}

/** An entry at the end of the queue. */
export function firstForm(draft: EntryDraft): Omit<OutboxEntry, "place"> {
  return { ...draft, rev: 0, state: { kind: "queued" } };
}
