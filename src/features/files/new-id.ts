/** The id of a row that was made, out of the address that the reply gives it: replies of earlier attempts have no more. */

import { parseRowId, type RowId } from "../../core/ids.ts";
import type { TableRequest } from "../../edge/exchange.ts";

export function newId({ entry }: TableRequest, location = ""): RowId {
  const { idKind, name } = entry.resource.spec;
  const id = parseRowId(decodeURIComponent(location.slice(location.lastIndexOf("/") + 1)), idKind);
  if (id === null) throw new Error(`a new row of "${name}" is at "${location}"`);
  return id;
}
