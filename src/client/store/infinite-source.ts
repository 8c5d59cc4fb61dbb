/**
 * A list whose window grows: more rows are watched by a longer window, and the shorter one is followed until the longer one has something to show,
 * so nothing is ever taken away while more is fetched.
 */

import type { JsonObject } from "../../core/json.ts";
import { sameOr } from "./shared-handle.ts";
import { listOf, NO_LIST } from "./snapshots.ts";
import type { InfiniteSnapshot } from "./store-types.ts";
import type { Watched, WatchSource } from "./watch-source.ts";

export const NO_PAGES: InfiniteSnapshot<JsonObject> = { ...NO_LIST, isLoadingMore: false };

export class InfiniteSource {
  readonly #first: Watched;
  readonly #open: (watched: Watched) => WatchSource;
  readonly #pageSize: number;
  #shown: WatchSource;
  #next: WatchSource | null = null;
  readonly #leave: (source: WatchSource) => void;

  constructor(first: Watched, open: (watched: Watched) => WatchSource, leave: (source: WatchSource) => void) {
    this.#first = first;
    this.#open = open;
    this.#leave = leave;
    this.#pageSize = first.request.limit ?? 50;
    this.#shown = open(first);
  }

  loadMore(): void {
    if (this.#next !== null || this.#shown.view?.hasMore !== true) return;
    const limit = (this.#shown.watched.request.limit ?? 0) + this.#pageSize;
    this.#next = this.#open({ ...this.#first, request: { ...this.#first.request, limit } });
  }

  read(before: InfiniteSnapshot<JsonObject>): InfiniteSnapshot<JsonObject> {
    const next = this.#next;
    if (next !== null && (next.isReady || next.error !== null)) {
      this.#leave(this.#shown);
      this.#shown = next;
      this.#next = null;
    }
    return sameOr(before, { ...listOf(this.#shown, NO_LIST), isLoadingMore: this.#next !== null });
  }

  close(): void {
    for (const source of [this.#shown, this.#next]) if (source !== null) this.#leave(source);
  }
}
