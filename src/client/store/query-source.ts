/**
 * A question that is asked once and whose answer is kept: through the query cache, so equal ones are asked once and reads of `withCache` are shared,
 * and asked again when a table that it reads has changed. The last answer is shown until there is a newer one; the first, when nobody
 * waits for it any more, is aborted.
 */

import type { Json } from "../../core/json.ts";
import type { CacheEntry, QueryCache } from "../cache/query-cache.ts";
import { LedgeError, TransportError } from "../ledge-error.ts";
import { PLATFORM } from "../platform.ts";
import type { Answer } from "./handover.ts";
import type { Source } from "./shared-handle.ts";
import type { QuerySnapshot, StoreQuery } from "./store-types.ts";

export const NO_ANSWER: QuerySnapshot<unknown> = {
  status: "loading",
  data: undefined,
  error: null,
  isRefreshing: true,
};

export function ready(data: unknown): QuerySnapshot<unknown> {
  return { status: "ready", data, error: null, isRefreshing: false };
}

export interface QueryHost {
  readonly cache: QueryCache;
  readonly changed: () => void;
}

export class QuerySource implements Source<QuerySnapshot<unknown>> {
  readonly #entry: CacheEntry;
  /** As it was asked last: an equal key may come with another `load`, which sees what is there now. */
  readonly #query: () => StoreQuery<unknown>;
  readonly #host: QueryHost;
  #snapshot = NO_ANSWER;
  /** Counts questions: an answer to an earlier one comes too late. */
  #turn = 0;
  readonly #ended = PLATFORM.makeController();
  #isClosed = false;
  /** Something changed while it was being asked. */
  #isStale = false;

  constructor(key: string, query: () => StoreQuery<unknown>, host: QueryHost) {
    this.#entry = { key, path: query().tables?.[0] ?? "", operation: "query" };
    this.#query = query;
    this.#host = host;
    void this.ask();
  }

  get key(): string {
    return this.#entry.key;
  }

  /** Null before the first, and where the last one failed. */
  get answer(): Answer | null {
    const { status, data } = this.#snapshot;
    return status === "ready" ? { data: data as Json } : null;
  }

  reads(path: string): boolean {
    const bare = (name: string) => name.slice(name.indexOf("/") + 1);
    return (
      this.#query().tables?.some((table) => table === path || bare(table) === path || table === bare(path)) === true
    );
  }

  read(before: QuerySnapshot<unknown>): QuerySnapshot<unknown> {
    // Let go and begun again, it shows its last answer until it has another.
    return this.#snapshot === NO_ANSWER && before.status === "ready" ? before : this.#snapshot;
  }

  /** What is kept is not asked for again, unless it was invalidated. */
  async ask(): Promise<void> {
    const turn = ++this.#turn;
    const isCurrent = () => turn === this.#turn && !this.#isClosed;
    if (!this.#snapshot.isRefreshing) this.#become({ ...this.#snapshot, isRefreshing: true });
    try {
      const { load, ttlMs } = this.#query();
      const data = await this.#host.cache.fetch(this.#entry, load, { ttlMs, signal: this.#ended.signal });
      if (isCurrent()) this.#become(ready(data));
    } catch (cause) {
      const error = cause instanceof LedgeError ? cause : new TransportError("The query failed", { cause });
      if (isCurrent()) this.#become({ ...this.#snapshot, status: "error", error, isRefreshing: false });
    }
    if (isCurrent() && this.#isStale) {
      this.#isStale = false;
      void this.ask();
    }
  }

  /** What it reads has changed. While an answer is on its way it waits for that, so a busy table has one question at a time. */
  stale(): void {
    this.#host.cache.invalidate(this.#entry.key);
    this.#isStale = this.#snapshot.isRefreshing;
    if (!this.#isStale) void this.ask();
  }

  async askAgain(): Promise<void> {
    this.#host.cache.invalidate(this.#entry.key);
    await this.ask();
  }

  /** Not before its first answer. */
  isWorthKeeping(): boolean {
    return this.#snapshot.status !== "loading";
  }

  /** Whoever else waits for the answer has it all the same. */
  close(): void {
    this.#isClosed = true;
    this.#ended.abort();
  }

  #become(snapshot: QuerySnapshot<unknown>): void {
    this.#snapshot = snapshot;
    this.#host.changed();
  }
}
