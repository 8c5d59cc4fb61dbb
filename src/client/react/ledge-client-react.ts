/**
 * `ledge/client/react`: hooks over the live store. Each is `useSyncExternalStore` over a shared handle, so components that ask the same
 * share one watch, and a render never tears. `react` is a peer of this entry and imported nowhere else in the client.
 */

/**
 * The application's own client, from which every hook has its types:
 *
 *     declare module "ledge/client/react" {
 *       interface Register { readonly client: typeof client }
 *     }
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is there to be augmented
export interface Register {}

export { LedgeProvider, useLedge } from "./ledge-provider.ts";
export type { AnyWrite, Row as RowOf } from "./registered.ts";
export type { TableWrites } from "./table-writes.ts";
export { useAuth } from "./use-auth.ts";
export { useInfiniteList } from "./use-infinite-list.ts";
export { useInvalidate, usePrefetch } from "./use-invalidate.ts";
export { useJob } from "./use-job.ts";
export { type JWTAuth, useJWTAuth } from "./use-jwt-auth.ts";
export { useLiveAggregate } from "./use-live-aggregate.ts";
export { useLiveList } from "./use-live-list.ts";
export { useLiveRow } from "./use-live-row.ts";
export { useMutation } from "./use-mutation.ts";
export { useQuery } from "./use-query.ts";
export { useSearch } from "./use-search.ts";
export { useSyncStatus } from "./use-sync-status.ts";
export { useTransaction } from "./use-transaction.ts";
