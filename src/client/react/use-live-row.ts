/** `useLiveRow("tasks", id)`: one row that follows the server; null where there is none that the caller may see. */

import type { StoreRowOptions } from "../store/store-types.ts";
import type { Selected } from "../table-types.ts";
import { useHookClient } from "./ledge-provider.ts";
import type { Column, Id, Key, Name, Row } from "./registered.ts";
import { type TableWrites, tableWrites } from "./table-writes.ts";
import { useSameHandle, useSnapshot } from "./use-handle.ts";
import type { Followed } from "./use-live-list.ts";

export interface LiveRow<Item, Writes> extends Followed {
  readonly row: Item | null;
  /** It is shown with writes that the server does not show yet. */
  readonly isPending: boolean;
  readonly mutate: Writes;
}

export function useLiveRow<N extends Name, const Named extends Column<N> = Column<N>>(
  table: N,
  id: Id<N>,
  options: StoreRowOptions<Row<N>, Named> = {},
): LiveRow<Selected<Row<N>, Named, Key<N>>, TableWrites<N>> {
  const client = useHookClient();
  const handle = useSameHandle(client.store, client.store.row(table, id as never, options as never));
  const { isReady, ...rest } = useSnapshot(handle);
  return {
    ...rest,
    isLoading: !isReady && rest.error === null,
    mutate: tableWrites(client, table, options.partition),
  } as unknown as LiveRow<Selected<Row<N>, Named, Key<N>>, TableWrites<N>>;
}
