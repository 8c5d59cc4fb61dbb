/** A key in the bucket for one upload of one row, with 32 characters that nobody can guess and none had before. */

import { blobKey } from "../../core/files/blob-key.ts";
import type { RowId } from "../../core/ids.ts";
import type { TableRequest } from "../../edge/exchange.ts";

export function newKey({ object, entry }: TableRequest, id: RowId): string {
  return blobKey(object, entry.resource.name, id, crypto.randomUUID().replaceAll("-", ""));
}
