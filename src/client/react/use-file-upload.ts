/** `useFileUpload("attachments", { row: { taskId } })`: files on their way to a table, with progress; shared by all components that ask for the same. */

import { useMemo, useSyncExternalStore } from "react";
import type { BytesLike } from "../files/file-source.ts";
import type { UploadOptions } from "../files/upload-file.ts";
import type { UploadItem, Uploads } from "../files/uploads.ts";
import { useHookClient } from "./ledge-provider.ts";
import type { Name, New } from "./registered.ts";
import { sharedUploads } from "./shared-uploads.ts";

export interface FileUploads extends Pick<Uploads, "pause" | "resume" | "abort" | "retry" | "dismiss"> {
  /** In the order in which they were added. What is stored stays, as `done`, until it is dismissed or the last component is gone. */
  readonly items: readonly UploadItem[];
  /** Some are waiting, running or paused. */
  readonly isUploading: boolean;
  /** Bytes of all `items` that were sent, and that there are. */
  readonly sent: number;
  readonly size: number;
  /** Begins one; gives the key by which the others take it. */
  readonly add: (file: BytesLike, options?: Omit<UploadOptions, "partition">) => number;
}

const NONE: readonly UploadItem[] = [];

/** `row`: further columns of each row, also what tells these uploads from others of the table. `atOnce`: on their way at a time, default 2. */
export function useFileUpload<N extends Name>(
  table: N,
  {
    row,
    partition,
    atOnce = 2,
  }: { readonly row?: Partial<New<N>>; readonly partition?: string; readonly atOnce?: number } = {},
): FileUploads {
  const client = useHookClient();
  const key = JSON.stringify([table, partition, row, atOnce]);
  const uploads = useMemo(() => sharedUploads(client, key, atOnce), [client, key, atOnce]);
  const items = useSyncExternalStore(uploads.subscribe, uploads.getSnapshot, () => NONE);
  const { pause, resume, abort, retry, dismiss } = uploads;
  return {
    items,
    isUploading: items.some(({ state }) => state === "waiting" || state === "running" || state === "paused"),
    sent: items.reduce((sum, item) => sum + item.sent, 0),
    size: items.reduce((sum, item) => sum + item.size, 0),
    add: (file, options = {}) =>
      uploads.add(table, file, {
        ...options,
        ...(partition === undefined ? {} : { partition }),
        row: { ...row, ...options.row },
      }),
    ...{ pause, resume, abort, retry, dismiss },
  };
}
