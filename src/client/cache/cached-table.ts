/**
 * A table whose reads are answered from the cache, and whose writes make what was read of it stale ([K3] [SDK12]). Conditional reads and those
 * with headers of their own go by.
 */

import { heardTable, type Methods } from "../heard-table.ts";
import type { Options } from "../parameters.ts";
import type { AnyTable } from "../table-client.ts";
import { deriveCacheKey, READS } from "./cache-key.ts";
import type { QueryCache } from "./query-cache.ts";

/** What stands before the options of a read, as the part of the key that it is. */
const SUBJECTS: Readonly<Record<string, (first: unknown) => string | number | null>> = {
  get: (id) => id as string | number,
  search: (q) => q as string,
  nextPage: (page) => (page as { readonly nextCursor: string | null }).nextCursor,
};

export function cachedTable(table: AnyTable, path: string, cache: QueryCache): AnyTable {
  const methods = table as unknown as Methods;
  const call = (name: string, given: readonly unknown[]) => methods[name]?.(...given);
  const made: Record<string, unknown> = { ...heardTable(table, path, (stale) => cache.invalidateTable(stale)) };
  for (const operation of READS) {
    made[operation] = async (...given: readonly unknown[]) => {
      const subjectOf = SUBJECTS[operation];
      const at = subjectOf === undefined ? 0 : 1;
      const { ttlMs, bypassCache, signal, ...options } = (given[at] ?? {}) as Options & ReadOptions;
      if (options.ifNoneMatch !== undefined || options.headers !== undefined) return call(operation, given);
      const key = deriveCacheKey({ path, operation, subject: subjectOf?.(given[0]) ?? null, options });
      const load = async (shared: unknown) => call(operation, [...given.slice(0, at), { ...options, signal: shared }]);
      const limits = `${options.timeoutMs} ${options.retries}`;
      return cache.fetch({ key, path, operation }, load, { ttlMs, bypassCache, signal, limits });
    };
  }
  made.in = (partition: string) => cachedTable(table.in(partition), `@${partition}/${path}`, cache);
  return made as unknown as AnyTable;
}

interface ReadOptions {
  readonly ttlMs?: number;
  readonly bypassCache?: boolean;
  readonly signal?: never;
}
