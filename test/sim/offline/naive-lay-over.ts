/** The rows of a watch under the writes over them, the simple way: what `StoreCore` must give, too. Pure. */

import type { RowId } from "../../../src/core/ids.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import type { RowWrite } from "../../../src/core/offline/outbox-entry.ts";
import { rowAfter } from "../../../src/core/store/row-after.ts";

export function layOver(rows: ReadonlyMap<RowId, JsonObject>, writes: readonly RowWrite[]): Map<RowId, JsonObject> {
  const shown = new Map(rows);
  for (const { op, id, values } of writes) {
    const after = op === "delete" ? null : rowAfter(op, shown.get(id) ?? null, { ...values, id });
    if (after === null) shown.delete(id);
    else if (after !== undefined) shown.set(id, after);
  }
  return shown;
}
