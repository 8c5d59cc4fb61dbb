/** A browser for the tests of what tabs share: tabs with locks and channels by name, which may be closed, suspended or killed at any time. */

import type { TabPlatform } from "../../../src/client/offline/tab-platform.ts";

interface Lock {
  readonly tab: object;
  readonly begin: () => void;
  readonly lost: (() => void) | undefined;
}

interface Ear {
  readonly tab: object;
  readonly name: string;
  readonly hear: (message: unknown) => void;
}

export class FakeBrowser {
  /** By name, the first of each holds it. */
  readonly #locks = new Map<string, Lock[]>();
  readonly #ears = new Set<Ear>();
  readonly #suspended = new Set<object>();
  readonly #online = new Set<(isOnline: boolean) => void>();
  isOnline = true;
  /** How often a lock was. */
  stolen = 0;
  readonly #waiting = new Map<object, (() => void)[]>();

  /** What one tab is given. */
  tab(): TabPlatform {
    const tab: TabPlatform = {
      areFound: () => true,
      lead: (name, begin, { steal = false, lost } = {}) => {
        const lock = { tab, begin, lost };
        const queue = this.#locks.get(name) ?? [];
        this.#locks.set(name, queue);
        const [robbed] = steal ? queue.splice(0, 1, lock) : [];
        if (!steal) queue.push(lock);
        if (steal) this.stolen++;
        if (queue[0] === lock) begin();
        // One that does not run hears of it once it does.
        if (robbed !== undefined) void Promise.resolve().then(() => this.#whenRuns(robbed.tab, () => robbed.lost?.()));
        return () => this.#release(queue, lock);
      },
      channel: (name, hear) => {
        const ear = { tab, name, hear };
        this.#ears.add(ear);
        let isClosed = false;
        return {
          tell: (message) => {
            if (isClosed) throw Object.assign(new Error("The channel is closed"), { name: "InvalidStateError" });
            for (const other of [...this.#ears])
              if (other !== ear && other.name === name && this.#ears.has(ear) && !this.#suspended.has(other.tab))
                other.hear(structuredClone(message));
          },
          close: () => {
            isClosed = true;
            this.#ears.delete(ear);
          },
        };
      },
      isOnline: () => this.isOnline,
      onOnline: (listener) => {
        this.#online.add(listener);
        return () => void this.#online.delete(listener);
      },
    };
    return tab;
  }

  become(isOnline: boolean): void {
    this.isOnline = isOnline;
    for (const listener of this.#online) listener(isOnline);
  }

  /** It hears nothing, and keeps its locks. */
  suspend(tab: TabPlatform): void {
    this.#suspended.add(tab);
  }

  /** It goes on, and hears of what it has missed. */
  resume(tab: TabPlatform): void {
    this.#suspended.delete(tab);
    for (const run of this.#waiting.get(tab) ?? []) run();
    this.#waiting.delete(tab);
  }

  #whenRuns(tab: object, run: () => void): void {
    if (this.#suspended.has(tab)) this.#waiting.set(tab, [...(this.#waiting.get(tab) ?? []), run]);
    else run();
  }

  /** Without a word of its own. */
  kill(tab: TabPlatform): void {
    for (const ear of [...this.#ears]) if (ear.tab === tab) this.#ears.delete(ear);
    for (const queue of [...this.#locks.values()])
      for (const lock of [...queue]) if (lock.tab === tab) this.#release(queue, lock);
  }

  #release(queue: Lock[], lock: Lock): void {
    const place = queue.indexOf(lock);
    if (place < 0) return;
    queue.splice(place, 1);
    if (place === 0) queue[0]?.begin();
  }
}
