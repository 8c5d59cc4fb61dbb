/**
 * A table whose reads are answered from the cache, and whose writes make what was read of it stale ([K3] [SDK12]): when they have ended,
 * however they ended, since one without an answer may have taken place. Conditional reads and those with headers of their own go by.
 */

import type { Options } from "../parameters.ts";
import type { AnyTable } from "../table-client.ts";
import { deriveCacheKey, READS } from "./cache-key.ts";
import type { QueryCache } from "./query-cache.ts";

type Method = (...given: readonly unknown[]) => unknown;
type Methods = Readonly<Record<string, Method>>;

/** What stands before the options of a read, as the part of the key that it is. */
const SUBJECTS: Readonly<Record<string, (first: unknown) => string | number | null>> = {
  get: (id) => id as string | number,
  search: (q) => q as string,
  nextPage: (page) => (page as { readonly nextCursor: string | null }).nextCursor,
};
const WRITES =
  "create,update,replace,delete,restore,upsert,createMany,updateMany,replaceMany,upsertMany,deleteMany,updateWhere,deleteWhere,rpc".split(
    ",",
  );

export function cachedTable(table: AnyTable, path: string, cache: QueryCache): AnyTable {
  const methods = table as unknown as Methods;
  const call = (name: string, given: readonly unknown[]) => methods[name]?.(...given);
  const made: Record<string, unknown> = { ...methods };
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
  for (const operation of WRITES) {
    made[operation] = async (...given: readonly unknown[]) => {
      try {
        return await call(operation, given);
      } finally {
        for (const stale of writtenBy(path, given[0])) cache.invalidateTable(stale);
      }
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

/** The table itself; of a list of operations (`ledge/client/transaction`) the tables that it names. */
function writtenBy(path: string, body: unknown): readonly string[] {
  const { operations } = (path === "transaction" ? body : {}) as { readonly operations?: unknown };
  if (!Array.isArray(operations)) return [path];
  return operations.map(({ resource, partition }: { readonly resource: string; readonly partition?: string }) =>
    partition === undefined ? resource : `@${partition}/${resource}`,
  );
}
