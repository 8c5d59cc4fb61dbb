/** `useLiveRow("tasks", id)`: one row that follows the server; null where there is none that the caller may see. */

import type { RowSnapshot, StoreHandle, StoreRowOptions } from "../store/store-types.ts";
import type { Selected } from "../table-types.ts";
import { useHookClient } from "./ledge-provider.ts";
import type { Column, Id, Key, Name, Row } from "./registered.ts";
import { type TableWrites, tableWrites } from "./table-writes.ts";
import { idleHandle, NOTHING_ASKED, useSameHandle, useSnapshot } from "./use-handle.ts";
import type { Followed } from "./use-live-list.ts";

export interface LiveRow<Item, Writes> extends Followed {
  readonly row: Item | null;
  /** It is shown with writes that the server does not show yet. */
  readonly isPending: boolean;
  readonly mutate: Writes;
}

const NO_ROW: StoreHandle<RowSnapshot<never>> = /* @__PURE__ */ idleHandle({
  ...NOTHING_ASKED,
  row: null,
  isPending: false,
});

/** `null` follows no row, until there is one to follow. */
export function useLiveRow<N extends Name, const Named extends Column<N> = Column<N>>(
  table: N,
  id: Id<N> | null,
  options: StoreRowOptions<Row<N>, Named> = {},
): LiveRow<Selected<Row<N>, Named, Key<N>>, TableWrites<N>> {
  const client = useHookClient();
  const handle = useSameHandle(
    client.store,
    id === null ? NO_ROW : client.store.row(table, id as never, options as never),
  );
  const { isReady, ...rest } = useSnapshot(handle);
  return {
    ...rest,
    isLoading: !isReady && rest.error === null,
    mutate: tableWrites(client, table, options.partition),
  } as unknown as LiveRow<Selected<Row<N>, Named, Key<N>>, TableWrites<N>>;
}
