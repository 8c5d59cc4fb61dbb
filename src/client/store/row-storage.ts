/**
 * Where the rows of watches are kept, so that a page that opens without a network shows them: rows and the position that they stand at, in one record,
 * written and read as a whole. In IndexedDB, or in memory. What was kept for one person is never shown to another: a key says whose it is,
 * and who signs in or out has all of it removed.
 */

import type { JsonObject } from "../../core/json.ts";
import type { ShownRow } from "../../core/live/server-frames.ts";
import { type Closable, IdbConnection } from "../idb-connection.ts";

export interface KeptRows {
  /** Of the watch and the person. */
  readonly key: string;
  /** Path of the table. */
  readonly path: string;
  /** `epoch:seq:tag` */
  readonly position: string;
  readonly rows: readonly ShownRow[];
  readonly aggregate: JsonObject | null;
  readonly hasMore: boolean | null;
  readonly rowKey: string;
  readonly kinds: JsonObject;
  readonly savedAtMs: number;
}

/** What is kept of a watch, whoever's it is. */
export type KeptWatch = Omit<KeptRows, "key" | "savedAtMs">;

export interface RowStorage {
  load(key: string): Promise<KeptRows | null>;
  /** All of them or none. Above `LIMIT` records the oldest go. */
  save(kept: readonly KeptRows[]): Promise<void>;
  /** Those of one table, or all. */
  clear(path?: string): Promise<void>;
  close?(): void;
}

/** Watches that are kept. */
export const LIMIT = 100;

export function memoryRows(): RowStorage {
  const held = new Map<string, KeptRows>();
  return {
    load: async (key) => held.get(key) ?? null,
    save: async (kept) => {
      for (const each of kept) {
        held.delete(each.key);
        held.set(each.key, structuredCloneOf(each));
      }
      for (const oldest of [...held.keys()].slice(0, Math.max(0, held.size - LIMIT))) held.delete(oldest);
    },
    clear: async (path) => {
      for (const [key, each] of held) if (path === undefined || each.path === path) held.delete(key);
    },
  };
}

/** As a database would give it back: JSON, and nothing shared. */
function structuredCloneOf(kept: KeptRows): KeptRows {
  return JSON.parse(JSON.stringify(kept)) as KeptRows;
}

/** The parts of IndexedDB that are used. */
interface Request<T> {
  readonly result: T;
  readonly error: unknown;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}
interface Store {
  get(key: string): Request<KeptRows | undefined>;
  put(value: KeptRows): unknown;
  delete(key: string): unknown;
  clear(): unknown;
  createIndex(name: string, path: string): unknown;
  index(name: string): { getAllKeys(query?: unknown): Request<string[]> };
}
interface Transaction {
  readonly error: unknown;
  objectStore(name: string): Store;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
}
interface Database extends Closable {
  transaction(store: string, mode: "readonly" | "readwrite"): Transaction;
  createObjectStore(name: string, options: object): Store;
}
interface Globals {
  readonly indexedDB: {
    open(name: string, version: number): Request<Database> & { onupgradeneeded: (() => void) | null };
  };
}

const STORE = "watches";
const globals = globalThis as unknown as Globals;

export function indexedDbRows(name: string): RowStorage {
  const connection = new IdbConnection(() => open(name));
  const within = async <T>(
    mode: "readonly" | "readwrite",
    run: (store: Store, give: (value: T) => void) => void,
    none: T,
  ): Promise<T> => {
    const transaction = await connection.use((database) => database.transaction(STORE, mode));
    return new Promise<T>((resolve, reject) => {
      let given = none;
      transaction.oncomplete = () => resolve(given);
      transaction.onabort = () => reject(transaction.error);
      run(transaction.objectStore(STORE), (value) => {
        given = value;
      });
    });
  };
  return {
    load: (key) =>
      within<KeptRows | null>(
        "readonly",
        (store, give) => {
          const request = store.get(key);
          request.onsuccess = () => give(request.result ?? null);
        },
        null,
      ),
    save: (kept) =>
      within<void>(
        "readwrite",
        (store) => {
          for (const each of kept) store.put(each);
          const request = store.index("savedAtMs").getAllKeys();
          request.onsuccess = () => {
            const keys = request.result;
            for (const oldest of keys.slice(0, Math.max(0, keys.length - LIMIT))) store.delete(oldest);
          };
        },
        undefined,
      ),
    clear: (path) =>
      within<void>(
        "readwrite",
        (store) => {
          if (path === undefined) {
            store.clear();
            return;
          }
          const request = store.index("path").getAllKeys(path);
          request.onsuccess = () => {
            for (const key of request.result) store.delete(key);
          };
        },
        undefined,
      ),
    close: () => connection.close(),
  };
}

/** Rejects where there is none, too. */
function open(name: string): Promise<Database> {
  return new Promise((resolve, reject) => {
    const request = globals.indexedDB.open(`ledge-rows:${name}`, 1);
    request.onupgradeneeded = () => {
      const store = request.result.createObjectStore(STORE, { keyPath: "key" });
      store.createIndex("path", "path");
      store.createIndex("savedAtMs", "savedAtMs");
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => resolve(request.result);
  });
}
