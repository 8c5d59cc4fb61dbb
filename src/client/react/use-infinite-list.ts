/** `useInfiniteList("tasks", { orderBy, pageSize })`: a live list that grows by pages and stays live as a whole. */

import type { StoreInfiniteOptions } from "../store/store-types.ts";
import type { Selected } from "../table-types.ts";
import { useHookClient } from "./ledge-provider.ts";
import type { Column, Key, Name, Row } from "./registered.ts";
import { type TableWrites, tableWrites } from "./table-writes.ts";
import { useSameHandle, useSnapshot } from "./use-handle.ts";
import type { Followed } from "./use-live-list.ts";

export interface InfiniteList<Item, Writes> extends Followed {
  readonly items: readonly Item[];
  readonly pendingCount: number;
  readonly hasNextPage: boolean;
  /** The same function as long as the question is the same. Does nothing without a next page, or while it is under way. */
  readonly fetchNextPage: () => void;
  readonly isFetchingNextPage: boolean;
  /** Of the server, live; null unless `totalCount` asks for it, and until it is known. */
  readonly totalCount: number | null;
  /** Loads the next page without showing it: `fetchNextPage` then shows it at once. */
  readonly preloadNextPage: () => void;
  /** Back to the first page. */
  readonly reset: () => void;
  readonly mutate: Writes;
}

export function useInfiniteList<N extends Name, const Named extends Column<N> = Column<N>>(
  table: N,
  options: StoreInfiniteOptions<Row<N>, Named> = {},
): InfiniteList<Selected<Row<N>, Named, Key<N>>, TableWrites<N>> {
  const client = useHookClient();
  const handle = useSameHandle(client.store, client.store.infinite(table, options as never));
  const { rows, hasMore, isLoadingMore, isReady, ...rest } = useSnapshot(handle);
  return {
    ...rest,
    items: rows,
    isLoading: !isReady && rest.error === null,
    hasNextPage: hasMore,
    fetchNextPage: handle.loadMore,
    preloadNextPage: handle.preloadNext,
    reset: handle.reset,
    isFetchingNextPage: isLoadingMore,
    mutate: tableWrites(client, table, options.partition),
  } as unknown as InfiniteList<Selected<Row<N>, Named, Key<N>>, TableWrites<N>>;
}
