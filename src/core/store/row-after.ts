/** What a write makes of a row, as far as it can be told here. Pure. */

import type { JsonObject } from "../json.ts";
import type { RowWrite } from "../offline/outbox-entry.ts";

/** Undefined: there is nothing to change. The row may be gone, or no longer be this user's to see. */
export function rowAfter(op: RowWrite["op"], before: JsonObject | null, values: JsonObject): JsonObject | undefined {
  if (op === "update" && before === null) return undefined;
  // What the server fills in by itself stays until it says otherwise.
  return { ...before, ...values };
}
