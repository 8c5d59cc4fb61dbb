/**
 * Results of reads by key ([K1]–[K8]): kept for a time, bounded, shared while they are on their way, and dropped when what they were read from
 * has changed. A result whose table was changed while it was on its way is given to whoever waits for it, and not kept. Results are
 * frozen, since several callers hold the same one. Knows no client: the live store invalidates it by path, too.
 */

import { TransportError } from "../ledge-error.ts";
import { type ControllerLike, PLATFORM, type SignalLike } from "../platform.ts";

/** What a result was read from. */
export interface ReadSource {
  /** `tasks`, or `@lobby/messages`. */
  readonly path: string;
  /** `list`, `get`, `count`, … */
  readonly operation: string;
}

export interface CacheEntry extends ReadSource {
  readonly key: string;
}

export interface QueryCacheOptions {
  /** Default: 500. */
  readonly maxEntries?: number;
  /** Default: 5 minutes. */
  readonly ttlMs?: number;
  /** ms since 1970. */
  readonly now?: () => number;
}

export interface CacheStats {
  readonly hits: number;
  readonly misses: number;
  readonly size: number;
  readonly keys: readonly string[];
  /** hits / (hits + misses); 0 before the first. */
  readonly hitRate: number;
}

interface Kept extends CacheEntry {
  readonly value: unknown;
  readonly expiresAtMs: number;
}

/** A read on its way. */
interface Flight extends CacheEntry {
  readonly result: Promise<unknown>;
  readonly limits: string;
  readonly controller: ControllerLike;
  waiting: number;
}

interface FetchOptions {
  readonly ttlMs?: number | undefined;
  readonly signal?: SignalLike | undefined;
  /** Looks at nothing that is there, and keeps what comes. */
  readonly bypassCache?: boolean | undefined;
  /** How long and how often is tried, as a text: only loads with equal limits are shared. */
  readonly limits?: string | undefined;
}

/** The share of the entries that goes when one too many comes: those nearest to their end. */
const EVICTED_SHARE = 0.2;
const INSTANCE = Symbol.for("ledge.query-cache");

export class QueryCache {
  readonly #options: Required<QueryCacheOptions>;
  readonly #entries = new Map<string, Kept>();
  readonly #flights = new Map<string, Flight>();
  #hits = 0;
  #misses = 0;

  constructor({ maxEntries = 500, ttlMs = 300_000, now = PLATFORM.now }: QueryCacheOptions = {}) {
    this.#options = { maxEntries, ttlMs, now };
  }

  /** One for all who ask, also for a module that is loaded again. */
  static getInstance(): QueryCache {
    const holder = globalThis as { [INSTANCE]?: QueryCache };
    holder[INSTANCE] ??= new QueryCache();
    return holder[INSTANCE];
  }

  get(key: string): unknown {
    const found = this.#find(key);
    if (found === undefined) this.#misses += 1;
    else this.#hits += 1;
    return found?.value;
  }

  set(
    key: string,
    value: unknown,
    { ttlMs, source }: { readonly ttlMs?: number; readonly source?: ReadSource } = {},
  ): void {
    this.#keep({ path: "", operation: "", ...source, key }, value, ttlMs);
  }

  /** The result under the key, or what `load` gives; those who ask meanwhile share one load, which ends when all of them have left. */
  async fetch<T>(
    entry: CacheEntry,
    load: (signal: SignalLike) => Promise<T>,
    { ttlMs, signal, bypassCache = false, limits = "" }: FetchOptions = {},
  ): Promise<T> {
    if (signal?.aborted) throw aborted(signal);
    const kept = bypassCache ? undefined : this.#find(entry.key);
    if (kept !== undefined) {
      this.#hits += 1;
      return kept.value as T;
    }
    this.#misses += 1;
    const flying = bypassCache ? undefined : this.#flights.get(entry.key);
    const isShared = flying?.limits === limits;
    return this.#await<T>(isShared ? flying : this.#depart(entry, load, limits, ttlMs), signal);
  }

  invalidate(key: string): void {
    this.invalidateWhere((entry) => entry.key === key);
  }

  /** Keys that contain the text, or match the expression. */
  invalidatePattern(pattern: string | RegExp): void {
    this.invalidateWhere(({ key }) => (typeof pattern === "string" ? key.includes(pattern) : key.search(pattern) >= 0));
  }

  /** All that was read from a table; without a partition in the path from all of its partitions. */
  invalidateTable(path: string): void {
    this.invalidateWhere((entry) => entry.path === path || entry.path.slice(entry.path.indexOf("/") + 1) === path);
  }

  invalidateAll(): void {
    this.invalidateWhere(() => true);
  }

  /** Also what is on its way: whoever asks from now on gets a read of their own. */
  invalidateWhere(isStale: (entry: CacheEntry) => boolean): void {
    for (const held of [this.#entries, this.#flights]) {
      for (const [key, { path, operation }] of held) if (isStale({ key, path, operation })) held.delete(key);
    }
  }

  getStats(): CacheStats {
    const asked = this.#hits + this.#misses;
    const keys = [...this.#entries.keys()].filter((key) => this.#find(key) !== undefined);
    return {
      hits: this.#hits,
      misses: this.#misses,
      size: keys.length,
      keys,
      hitRate: asked === 0 ? 0 : this.#hits / asked,
    };
  }

  #find(key: string): Kept | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expiresAtMs > this.#options.now()) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  #keep(entry: CacheEntry, value: unknown, ttlMs = this.#options.ttlMs): void {
    const { maxEntries, now } = this.#options;
    if (!(ttlMs > 0)) return;
    this.#entries.delete(entry.key);
    if (this.#entries.size >= maxEntries) this.#evict(Math.max(1, Math.ceil(maxEntries * EVICTED_SHARE)));
    this.#entries.set(entry.key, { ...entry, value: frozen(value), expiresAtMs: now() + ttlMs });
  }

  #evict(count: number): void {
    const bySoonest = [...this.#entries.values()].sort((a, b) => a.expiresAtMs - b.expiresAtMs);
    for (const { key } of bySoonest.slice(0, count)) this.#entries.delete(key);
  }

  #depart<T>(
    entry: CacheEntry,
    load: (signal: SignalLike) => Promise<T>,
    limits: string,
    ttlMs: number | undefined,
  ): Flight {
    const controller = PLATFORM.makeController();
    const result = load(controller.signal).then(frozen);
    const flight: Flight = { ...entry, limits, controller, waiting: 0, result };
    this.#flights.set(entry.key, flight);
    const land = () => {
      const isCurrent = this.#flights.get(entry.key) === flight;
      if (isCurrent) this.#flights.delete(entry.key);
      return isCurrent;
    };
    flight.result.then(
      // Whoever invalidated it meanwhile has taken it away.
      (value) => void (land() && this.#keep(entry, value, ttlMs)),
      () => void land(),
    );
    return flight;
  }

  /** One caller's wait: ends with the caller's own signal, and the read with the last of them. */
  #await<T>(flight: Flight, signal: SignalLike | undefined): Promise<T> {
    flight.waiting += 1;
    let onAbort = () => {};
    return new Promise<T>((resolve, reject) => {
      onAbort = () => reject(aborted(signal));
      signal?.addEventListener("abort", onAbort);
      flight.result.then(resolve as (value: unknown) => void, reject);
    }).finally(() => {
      signal?.removeEventListener("abort", onAbort);
      flight.waiting -= 1;
      if (flight.waiting > 0 || signal?.aborted !== true) return;
      if (this.#flights.get(flight.key) === flight) this.#flights.delete(flight.key);
      flight.controller.abort(signal.reason);
    });
  }
}

function aborted(signal: SignalLike | undefined): TransportError {
  return new TransportError("The request was aborted", { code: "ABORTED", cause: signal?.reason, retryable: false });
}

/** Results are JSON: a mistake in one place would otherwise change what another one holds. */
function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}
