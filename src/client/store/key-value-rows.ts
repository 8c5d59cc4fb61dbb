/**
 * Rows of watches in a storage of texts by key, such as React Native's `AsyncStorage`: a text for each watch, and one that says which count. That one
 * is written last, so what is saved together is there together; what a crash left over is written over next time. For one program at a time.
 */

import type { SessionStorageLike } from "../auth-types.ts";
import { inOrder } from "../in-order.ts";
import { type KeptRows, LIMIT, type RowStorage } from "./row-storage.ts";

interface Listed {
  /** Of the text that holds the rows. */
  readonly number: number;
  readonly path: string;
  readonly savedAtMs: number;
}
interface List {
  /** Above all that count. */
  readonly next: number;
  readonly watches: Readonly<Record<string, Listed>>;
}

/** `name` tells these rows from others in the same storage. */
export function keyValueRows(storage: SessionStorageLike, name: string): RowStorage {
  const prefix = `ledge-rows:${name}`;
  const keyOf = ({ number }: Pick<Listed, "number">) => `${prefix}:${number}`;
  const waitTurn = inOrder();
  const read = async (): Promise<List> => {
    const text = await storage.getItem(prefix);
    return text === null ? { next: 0, watches: {} } : (JSON.parse(text) as List);
  };
  /** What counts no more is removed after the list says so. */
  const turn = async (before: List, watches: ReadonlyMap<string, Listed>, next: number) => {
    await storage.setItem(prefix, JSON.stringify({ next, watches: Object.fromEntries(watches) }));
    const counts = new Set([...watches.values()].map(({ number }) => number));
    const written = Array.from({ length: next - before.next }, (_, index) => before.next + index);
    for (const number of [...Object.values(before.watches).map((listed) => listed.number), ...written])
      if (!counts.has(number)) await storage.removeItem(keyOf({ number }));
  };
  return {
    load: (key) =>
      waitTurn(async () => {
        const listed = new Map(Object.entries((await read()).watches)).get(key);
        const text = listed === undefined ? null : await storage.getItem(keyOf(listed));
        return text === null ? null : (JSON.parse(text) as KeptRows);
      }),
    save: (kept) =>
      waitTurn(async () => {
        const list = await read();
        const watches = new Map(Object.entries(list.watches));
        let { next } = list;
        for (const rows of kept) {
          const { key, path, savedAtMs } = rows;
          await storage.setItem(keyOf({ number: next }), JSON.stringify(rows));
          watches.set(key, { number: next++, path, savedAtMs });
        }
        const byAge = [...watches].sort(([, a], [, b]) => a.savedAtMs - b.savedAtMs);
        await turn(list, new Map(byAge.slice(-LIMIT)), next);
      }),
    clear: (path) =>
      waitTurn(async () => {
        const list = await read();
        const rest = Object.entries(list.watches).filter(([, listed]) => path !== undefined && listed.path !== path);
        await turn(list, new Map(rest), list.next);
      }),
  };
}
