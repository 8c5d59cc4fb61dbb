/** The rows of a watch with the writes over them that the server does not show yet: what a person sees. Pure. */

import type { RowId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { RowWrite } from "./outbox-entry.ts";

export interface LayingOver {
  /** The rows as the server shows them, by id. */
  readonly rows: ReadonlyMap<RowId, JsonObject>;
  /** Of the table, in order. */
  readonly writes: readonly RowWrite[];
  readonly primaryKey: string;
  /** A row that other watches show, so that a change can draw it in. */
  readonly known: (id: RowId) => JsonObject | undefined;
  /** The filter of the watch. */
  readonly matches: (row: JsonObject) => boolean;
}

/** A change of a row that nobody shows is not shown either: the row may be gone, or no longer be this user's to see. */
export function layOver({ rows, writes, primaryKey, known, matches }: LayingOver): ReadonlyMap<RowId, JsonObject> {
  if (writes.length === 0) return rows;
  const shown = new Map(rows);
  /** Rows as the writes so far leave them, also those that the filter does not match. */
  const written = new Map<RowId, JsonObject | null>();
  for (const { op, id, values } of writes) {
    const before = written.has(id) ? written.get(id) : (rows.get(id) ?? known(id));
    const after = op === "delete" ? null : rowAfter(op, before ?? null, { ...values, [primaryKey]: id });
    if (after === undefined) continue;
    written.set(id, after);
    if (after !== null && matches(after)) shown.set(id, after);
    else shown.delete(id);
  }
  return shown;
}

/** Undefined: there is nothing to change. */
export function rowAfter(op: RowWrite["op"], before: JsonObject | null, values: JsonObject): JsonObject | undefined {
  if (op === "update" && before === null) return undefined;
  // What the server fills in by itself stays until it says otherwise.
  return { ...before, ...values };
}
