/** A browser for the tests of the outbox: tabs that share a lock and a channel, and may be closed at any time. */

import type { TabPlatform } from "../../../src/client/offline/tab-platform.ts";

export class FakeBrowser {
  readonly #waiting: (() => void)[] = [];
  readonly #tabs = new Set<(message: unknown) => void>();
  readonly #online = new Set<(isOnline: boolean) => void>();
  #isLed = false;
  isOnline = true;

  /** What one tab is given. */
  tab(): TabPlatform {
    return {
      lead: (_name, begin) => {
        let isLeading = false;
        const start = () => {
          isLeading = true;
          this.#isLed = true;
          begin();
        };
        if (this.#isLed) this.#waiting.push(start);
        else start();
        return () => {
          if (!isLeading) return void this.#waiting.splice(this.#waiting.indexOf(start), 1);
          this.#isLed = false;
          this.#waiting.shift()?.();
        };
      },
      channel: (_name, hear) => {
        this.#tabs.add(hear);
        return {
          tell: (message) => {
            for (const other of this.#tabs) if (other !== hear) other(structuredClone(message));
          },
          close: () => void this.#tabs.delete(hear),
        };
      },
      isOnline: () => this.isOnline,
      onOnline: (listener) => {
        this.#online.add(listener);
        return () => void this.#online.delete(listener);
      },
    };
  }

  become(isOnline: boolean): void {
    this.isOnline = isOnline;
    for (const listener of this.#online) listener(isOnline);
  }
}
