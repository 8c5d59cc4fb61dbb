/**
 * Entries in a storage of texts by key: React Native's `AsyncStorage`, or whatever else has its three functions. All of them are one text, so what
 * changes together is written together. For one program at a time: tabs of a browser share IndexedDB, which keeps them apart.
 */

import type { OutboxEntry } from "../../core/offline/outbox-entry.ts";
import type { SessionStorageLike } from "../auth-types.ts";
import { inOrder } from "../in-order.ts";
import { firstForm, type OutboxStorage } from "./outbox-storage.ts";

interface Held {
  /** The last that was given. */
  readonly place: number;
  readonly entries: readonly OutboxEntry[];
}

/** `name` tells one outbox from others in the same storage. Each write writes all that is unsent: fit for hundreds of entries. */
export function keyValueStorage(storage: SessionStorageLike, name: string): OutboxStorage {
  const key = `ledge-outbox:${name}`;
  const waitTurn = inOrder();
  const read = async (): Promise<Held> => {
    const text = await storage.getItem(key);
    return text === null ? { place: 0, entries: [] } : (JSON.parse(text) as Held);
  };
  const write = async (held: Held) => storage.setItem(key, JSON.stringify(held));
  return {
    add: (draft) =>
      waitTurn(async () => {
        const { place, entries } = await read();
        const entry: OutboxEntry = { ...firstForm(draft), place: place + 1 };
        await write({ place: place + 1, entries: [...entries, entry] });
        return entry;
      }),
    commit: (changes) =>
      waitTurn(async () => {
        const { place, entries } = await read();
        const held = new Map(entries.map((entry) => [entry.key, entry]));
        if (changes.some(({ before }) => held.get(before.key)?.rev !== before.rev)) return false;
        for (const { before, after } of changes) {
          if (after === null) held.delete(before.key);
          else held.set(before.key, after);
        }
        await write({ place, entries: [...held.values()] });
        return true;
      }),
    all: () => waitTurn(async () => (await read()).entries),
  };
}
