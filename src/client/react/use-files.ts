/** `useFiles("attachments", { filter: { taskId } })`: stored files as a live list, and where their bytes are. */

import type { AppLike, Client } from "../app-types.ts";
import { downloadPath, downloadUrl, type ShownAs } from "../files/file-requests.ts";
import type { StoreListOptions } from "../store/store-types.ts";
import type { Selected } from "../table-types.ts";
import { useHookClient } from "./ledge-provider.ts";
import type { Column, Id, Key, Name, Row } from "./registered.ts";
import type { TableWrites } from "./table-writes.ts";
import { type LiveList, useLiveList } from "./use-live-list.ts";

export interface FileList<Item, Writes, FileId> extends LiveList<Item, Writes> {
  /** For an `<img>` or a link of whoever has a session; where requests carry a token, `useFile` has an address for each. */
  readonly urlOf: (id: FileId, shown?: ShownAs) => string;
}

export function useFiles<N extends Name, const Named extends Column<N> = Column<N>>(
  table: N,
  options: StoreListOptions<Row<N>, Named> = {},
): FileList<Selected<Row<N>, Named, Key<N>>, TableWrites<N>, Id<N>> {
  const client = useHookClient() as unknown as Client<AppLike>;
  const list = useLiveList<N, Named>(table, options);
  const urlOf = (id: Id<N>, shown?: ShownAs) =>
    downloadUrl(client, downloadPath(table, String(id), options.partition, shown));
  return { ...list, urlOf };
}
