/** `ledge/client/cache`: reads that are kept and shared, and writes that make them stale. An entry of its own: who needs none bundles none. */

export { deriveCacheKey, deriveMutationKeys, type ReadShape } from "./cache/cache-key.ts";
export {
  type CacheEntry,
  type CacheStats,
  QueryCache,
  type QueryCacheOptions,
  type ReadSource,
} from "./cache/query-cache.ts";
export { createQueryEngine, type QueryEngine } from "./cache/query-engine.ts";
export { type CacheControls, type CacheOptions, withCache } from "./cache/with-cache.ts";
