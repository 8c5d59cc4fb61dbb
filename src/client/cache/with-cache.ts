/**
 * `withCache(client)` ([K1] [K9] [SDK11]): the same client, whose reads are kept for a while, with `invalidate`, `prefetch` and `cache` beside its
 * tables. Whoever signs in or out leaves nothing of the other's behind. Around any client, with sign-in or without.
 */

import type { AuthSession } from "../auth-types.ts";
import type { Options } from "../parameters.ts";
import type { AnyTable } from "../table-client.ts";
import { cachedTable } from "./cached-table.ts";
import { type CacheEntry, QueryCache, type QueryCacheOptions } from "./query-cache.ts";

export interface CacheOptions extends QueryCacheOptions {
  /** Default: one of its own. */
  readonly cache?: QueryCache;
}

export interface CacheControls {
  readonly cache: QueryCache;
  /** A table by its path (`tasks`, `@lobby/messages`, all partitions as `messages`), a table of this client, or what a function names. */
  invalidate(stale: string | object | ((entry: CacheEntry) => boolean)): void;
  /** Reads a list, or with `id` a row, so that it is there when it is wanted. Never rejects. */
  prefetch(path: string, options?: Options & { readonly id?: string | number }): Promise<void>;
}

/** A client of `createClient`. */
interface AnyClient {
  resource(path: string): object;
}

type Members = Readonly<Record<string, unknown>>;

export function withCache<C extends AnyClient>(client: C, options: CacheOptions = {}): C & CacheControls {
  const cache = options.cache ?? new QueryCache(options);
  const tables = new Map<string, AnyTable>();
  const paths = new WeakMap<object, string>();
  const wrap = (table: AnyTable, path: string): AnyTable => {
    const made = cachedTable(table, path, cache);
    paths.set(made, path);
    const { in: within } = made;
    return Object.assign(made, {
      in: (partition: string) => {
        const part = within(partition);
        paths.set(part, `@${partition}/${path}`);
        return part;
      },
    });
  };
  const resource = (path: string): AnyTable => {
    const table = tables.get(path) ?? wrap(client.resource(path) as AnyTable, path);
    tables.set(path, table);
    return table;
  };
  const controls: CacheControls = {
    cache,
    invalidate(stale) {
      if (typeof stale === "function") return cache.invalidateWhere(stale as (entry: CacheEntry) => boolean);
      const path = typeof stale === "string" ? stale : paths.get(stale);
      if (path === undefined) throw new TypeError("This is no table of this client");
      cache.invalidateTable(path);
    },
    async prefetch(path, { id, ...given } = {}) {
      const [, partition, name = path] = /^@([^/]+)\/(.+)$/.exec(path) ?? [];
      const table = partition === undefined ? resource(name) : resource(name).in(partition);
      try {
        await (id === undefined ? table.list(given) : table.get(id as never, given));
      } catch {
        // It will be asked for again, and then fail where somebody waits.
      }
    },
  };
  const { auth } = client as { readonly auth?: Partial<Listening> };
  if (typeof auth?.onAuthStateChange === "function") forgetOthers(auth as Listening, cache);
  // With what the client gives those who are put on top of it.
  const own: Members = { ...controls, resource: Object.assign(resource, client.resource) };
  return new Proxy(client, {
    get(target, name) {
      if (typeof name !== "string") return Reflect.get(target, name);
      if (Object.hasOwn(own, name)) return own[name];
      const member: unknown = Reflect.get(target, name);
      return isTable(member) ? resource(name) : member;
    },
  }) as C & CacheControls;
}

interface Listening {
  onAuthStateChange(listener: (change: string, session: AuthSession | null) => void): () => void;
}

function forgetOthers(auth: Listening, cache: QueryCache): void {
  let userId: string | null | undefined;
  auth.onAuthStateChange((change, session) => {
    const present = session?.user.id ?? null;
    // By cookie somebody may have been there whom no session named, so whoever signs in or out counts, not who was known.
    const isAnother = /^SIGNED_/.test(change) || (userId !== undefined && userId !== present);
    if (isAnother) cache.invalidateAll();
    userId = present;
  });
}

function isTable(member: unknown): boolean {
  return typeof member === "object" && member !== null && "updateWhere" in member;
}
