/** `useLiveList("tasks", { filter, orderBy, limit })`: rows that follow the server, with the writes of this browser over them. */

import type { LedgeError } from "../ledge-error.ts";
import type { LiveStatus } from "../live/live-types.ts";
import type { ListSnapshot, StoreHandle, StoreListOptions } from "../store/store-types.ts";
import type { Selected } from "../table-types.ts";
import { useHookClient } from "./ledge-provider.ts";
import type { Column, Key, Name, Row } from "./registered.ts";
import { type TableWrites, tableWrites } from "./table-writes.ts";
import { idleHandle, NOTHING_ASKED, useSameHandle, useSnapshot } from "./use-handle.ts";

export interface Followed {
  readonly status: LiveStatus;
  readonly error: LedgeError | null;
  /** Nothing is known yet, and nothing was kept from an earlier time. */
  readonly isLoading: boolean;
  /** Where the table stands; 0 before the first answer. */
  readonly lastSeq: number;
}

export interface LiveList<Item, Writes> extends Followed {
  readonly items: readonly Item[];
  /** Whether there are rows beyond `limit`. */
  readonly hasMore: boolean;
  /** Writes of this table that the server does not show yet. */
  readonly pendingCount: number;
  readonly mutate: Writes;
}

const NO_LIST: StoreHandle<ListSnapshot<never>> = /* @__PURE__ */ idleHandle({
  ...NOTHING_ASKED,
  rows: [],
  hasMore: false,
  pendingCount: 0,
});

/** `null` follows nothing, until there is something to ask. */
export function useLiveList<N extends Name, const Named extends Column<N> = Column<N>>(
  table: N,
  options: StoreListOptions<Row<N>, Named> | null = {},
): LiveList<Selected<Row<N>, Named, Key<N>>, TableWrites<N>> {
  const client = useHookClient();
  const handle = useSameHandle(client.store, options === null ? NO_LIST : client.store.list(table, options as never));
  const { rows, isReady, ...rest } = useSnapshot(handle);
  return {
    ...rest,
    items: rows,
    isLoading: !isReady && rest.error === null,
    mutate: tableWrites(client, table, options?.partition),
  } as unknown as LiveList<Selected<Row<N>, Named, Key<N>>, TableWrites<N>>;
}
