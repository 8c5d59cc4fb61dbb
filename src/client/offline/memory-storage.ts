/** Entries in memory: for tests, and for programs that need none to outlive them. */

import type { OutboxEntry } from "../../core/offline/outbox-entry.ts";
import { firstForm, type OutboxStorage } from "./outbox-storage.ts";

export function memoryStorage(): OutboxStorage {
  const entries = new Map<string, OutboxEntry>();
  let place = 0;
  return {
    add: async (draft) => {
      const entry: OutboxEntry = { ...firstForm(draft), place: ++place };
      entries.set(entry.key, entry);
      return entry;
    },
    commit: async (changes) => {
      if (changes.some(({ before }) => entries.get(before.key)?.rev !== before.rev)) return false;
      for (const { before, after } of changes) {
        if (after === null) entries.delete(before.key);
        else entries.set(before.key, after);
      }
      return true;
    },
    all: async () => [...entries.values()],
  };
}
