/**
 * Keeps the rows of what is watched: reads them when a watch begins, and writes them a while after they changed, the rows of one moment with the
 * position of that moment. The more rows, the rarer; whatever is lost with a crash is what the server tells again from the older position.
 * A storage that fails is no reason to show nothing: it is done without.
 */

import type { KeptRows, KeptWatch, RowStorage } from "./row-storage.ts";

/** So long is waited for what is kept, before it is done without. */
const LOAD_MS = 2_000;

export interface KeeperWiring {
  readonly storage: RowStorage;
  readonly now: () => number;
  readonly after: (ms: number, run: () => void) => () => void;
  /** Whose rows they are; known once `identified` has resolved. */
  readonly owner: () => string;
  readonly identified: Promise<unknown>;
}

/** What can be kept of a watch; null while it shows nothing that can be resumed. */
export type TakeRows = () => KeptWatch | null;

export class RowKeeper {
  readonly #wiring: KeeperWiring;
  readonly #waiting = new Map<string, TakeRows>();
  #cancel: (() => void) | null = null;
  #saving: Promise<void> = Promise.resolve();
  /** It has not answered in time, and is not waited for again. */
  #isStuck = false;

  constructor(wiring: KeeperWiring) {
    this.#wiring = wiring;
  }

  async load(key: string): Promise<KeptRows | null> {
    await this.#wiring.identified;
    const { storage } = this.#wiring;
    const owner = this.#wiring.owner();
    try {
      const kept = await this.#inTime(this.#saving.then(() => storage.load(`${owner} ${key}`)));
      // Somebody else came while it was read.
      return owner === this.#wiring.owner() ? kept : null;
    } catch {
      return null;
    }
  }

  /** A storage that never answers holds up nothing either, but for the first watches. */
  #inTime<T>(asked: Promise<T>): Promise<T | null> {
    return new Promise((resolve, reject) => {
      const cancel = this.#wiring.after(this.#isStuck ? 0 : LOAD_MS, () => {
        this.#isStuck = true;
        resolve(null);
      });
      asked.then(resolve, reject).finally(cancel);
    });
  }

  /** Something of the watch is another. */
  changed(key: string, size: number, take: TakeRows): void {
    this.#waiting.set(key, take);
    this.#cancel ??= this.#wiring.after(1_000 + size, () => void this.flush());
  }

  /** A watch is left: what it shows now is what is kept. */
  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
    const { owner, now, storage } = this.#wiring;
    const kept: KeptRows[] = [];
    for (const [key, take] of this.#waiting) {
      const rows = take();
      if (rows !== null) kept.push({ ...rows, key: `${owner()} ${key}`, savedAtMs: now() });
    }
    this.#waiting.clear();
    if (kept.length > 0) await this.#queue(() => storage.save(kept));
  }

  /** Of one table, or all: nobody is to see it any more. */
  async clear(path?: string): Promise<void> {
    if (path === undefined) this.#waiting.clear();
    await this.#queue(() => this.#wiring.storage.clear(path));
  }

  /** In order, so that nothing is written after it was cleared. */
  #queue(run: () => Promise<void>): Promise<void> {
    this.#saving = this.#saving.then(run).catch(() => {});
    return this.#saving;
  }
}
