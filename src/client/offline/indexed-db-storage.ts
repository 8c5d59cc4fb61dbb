/**
 * Entries in IndexedDB, one database an outbox. Places are the numbers that the database itself gives, which only grow. A new entry is
 * flushed to the disk before it counts as stored; later changes of it are not, because what they say can be found out again.
 */

import type { OutboxEntry } from "../../core/offline/outbox-entry.ts";
import { type Closable, IdbConnection } from "../idb-connection.ts";
import { firstForm, type OutboxStorage } from "./outbox-storage.ts";

/** The parts of IndexedDB that are used. */
interface IdbRequest<T> {
  readonly result: T;
  readonly error: unknown;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}
interface IdbStore {
  add(value: unknown): IdbRequest<number>;
  put(value: unknown): IdbRequest<number>;
  delete(place: number): IdbRequest<undefined>;
  get(place: number): IdbRequest<OutboxEntry | undefined>;
  getAll(): IdbRequest<OutboxEntry[]>;
}
interface IdbTransaction {
  readonly error: unknown;
  objectStore(name: string): IdbStore;
  abort(): void;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
}
interface IdbDatabase extends Closable {
  transaction(store: string, mode: "readonly" | "readwrite", options?: object): IdbTransaction;
  createObjectStore(name: string, options: object): unknown;
}
interface IdbOpening extends IdbRequest<IdbDatabase> {
  onupgradeneeded: (() => void) | null;
}

const STORE = "entries";
const VERSION = 1;

const globals = globalThis as unknown as { readonly indexedDB: { open(name: string, version: number): IdbOpening } };

/** `closed` is called when the browser has closed it: what it held may be gone. */
export function indexedDbStorage(name: string, closed?: () => void): OutboxStorage {
  const connection = new IdbConnection(() => open(name), closed);
  const within = async <T>(
    mode: "readonly" | "readwrite",
    run: (store: IdbStore, result: (value: T) => void, giveUp: (value: T) => void) => void,
    options: object = {},
  ): Promise<T> => {
    const transaction = await connection.use((database) => database.transaction(STORE, mode, options));
    return new Promise<T>((resolve, reject) => {
      let done: { readonly is: T } | null = null;
      let givenUp: { readonly is: T } | null = null;
      transaction.oncomplete = () => (done === null ? reject(transaction.error) : resolve(done.is));
      transaction.onabort = () => (givenUp === null ? reject(transaction.error) : resolve(givenUp.is));
      run(
        transaction.objectStore(STORE),
        (is) => {
          done = { is };
        },
        (is) => {
          givenUp ??= { is };
          transaction.abort();
        },
      );
    });
  };
  return {
    add: (draft) =>
      within<OutboxEntry>(
        "readwrite",
        (store, result) => {
          const entry = firstForm(draft);
          const request = store.add(entry);
          request.onsuccess = () => result({ ...entry, place: request.result });
        },
        { durability: "strict" },
      ),
    commit: (changes) =>
      within<boolean>("readwrite", (store, result, giveUp) => {
        let isOver = false;
        result(true);
        for (const { before, after } of changes) {
          const request = store.get(before.place);
          request.onsuccess = () => {
            if (isOver) return;
            if (request.result?.key !== before.key || request.result.rev !== before.rev) {
              isOver = true;
              giveUp(false);
            } else if (after === null) store.delete(before.place);
            else store.put(after);
          };
        }
      }),
    all: () =>
      within<readonly OutboxEntry[]>("readonly", (store, result) => {
        const request = store.getAll();
        request.onsuccess = () => result(request.result);
      }),
    close: () => connection.close(),
  };
}

/** Rejects where there is none, too. */
function open(name: string): Promise<IdbDatabase> {
  return new Promise((resolve, reject) => {
    const request = globals.indexedDB.open(`ledge-outbox:${name}`, VERSION);
    request.onupgradeneeded = () =>
      void request.result.createObjectStore(STORE, { keyPath: "place", autoIncrement: true });
    request.onerror = () => reject(request.error);
    request.onsuccess = () => resolve(request.result);
  });
}
