/**
 * A storage that may not be to be had, as IndexedDB where a browser has none, refuses it, or never answers: then entries are kept in memory, are gone
 * with the page, and no other tab sees them. Asked once, at the beginning: one that fails later holds what was written before, and is not left.
 */

import type { Platform } from "../platform.ts";
import { within } from "../within.ts";
import { memoryStorage } from "./memory-storage.ts";
import type { OutboxStorage } from "./outbox-storage.ts";

/** So long is waited for the first answer: many times what a slow disk takes. */
const OPEN_MS = 5_000;

export interface StorageFound {
  /** Of the outbox: what it is asked before one is found waits for that. */
  readonly storage: OutboxStorage;
  /** False: it is memory. */
  readonly isDurable: Promise<boolean>;
}

export function orMemory(storage: OutboxStorage, platform: Platform): StorageFound {
  const found = within(platform, OPEN_MS, undefined, () => storage.commit([])).then(
    () => storage,
    () => {
      // Should it open after all, it keeps nobody else from a newer form.
      storage.close?.();
      return memoryStorage();
    },
  );
  return {
    isDurable: found.then((it) => it === storage),
    storage: {
      add: async (draft) => (await found).add(draft),
      commit: async (changes) => (await found).commit(changes),
      all: async () => (await found).all(),
      close: () => storage.close?.(),
    },
  };
}
