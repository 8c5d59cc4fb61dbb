/**
 * What a person sees of one watch: its rows with the writes over them that it does not show yet, in order. A row that writes have changed is the
 * same object as long as neither it nor they change, so that whoever draws it need not draw it again. Pure.
 */

import type { RowId } from "../ids.ts";
import type { JsonObject } from "../json.ts";

import type { RowWrite } from "../offline/outbox-entry.ts";
import { rowAfter } from "./row-after.ts";
import type { CompareRows } from "./sorted-rows.ts";

export interface ListShape {
  readonly rowKey: string;
  readonly compare: CompareRows | null;
  /** Rows of a page; null: all. */
  readonly limit: number | null;
  /** Whether the filter takes a row; null: it cannot be told here. */
  readonly takes: (row: JsonObject) => boolean | null;
  /** A row that other watches show, so that a change can draw it in. */
  readonly known: (id: RowId) => JsonObject | undefined;
  /** What became of a row is the same row: where its tag goes along, and the like. */
  readonly derive: (after: JsonObject, before: JsonObject | undefined) => JsonObject;
}

interface Written {
  readonly before: JsonObject | undefined;
  readonly writes: readonly RowWrite[];
  readonly after: JsonObject | null | undefined;
}

export class ShownList {
  /** Of the last time, by row. */
  #written = new Map<RowId, Written>();

  /** `rows` in order, as the server shows them; `writes` of its table, in order. */
  lay(rows: readonly JsonObject[], writes: readonly RowWrite[], shape: ListShape): JsonObject[] {
    if (writes.length === 0) {
      this.#written.clear();
      return [...rows];
    }
    const byRow = new Map<RowId, RowWrite[]>();
    for (const write of writes) {
      const list = byRow.get(write.id);
      if (list === undefined) byRow.set(write.id, [write]);
      else list.push(write);
    }
    const present = new Map<RowId, JsonObject>();
    for (const row of rows) {
      const id = row[shape.rowKey] as RowId;
      if (byRow.has(id)) present.set(id, row);
    }
    const written = new Map<RowId, Written>();
    const shown = new Map<RowId, JsonObject>();
    for (const [id, list] of byRow) {
      const held = present.get(id);
      const result = this.#after(id, held ?? shape.known(id), list, shape);
      written.set(id, result);
      const row = result.after === undefined ? held : result.after;
      if (row != null && (shape.takes(row) ?? held !== undefined)) shown.set(id, row);
    }
    this.#written = written;
    const all = arranged(rows, byRow, shown, shape);
    return shape.limit === null ? all : all.slice(0, shape.limit);
  }

  #after(
    id: RowId,
    before: JsonObject | undefined,
    writes: readonly RowWrite[],
    { rowKey, derive }: ListShape,
  ): Written {
    const last = this.#written.get(id);
    const isSame =
      last?.before === before &&
      last?.writes.length === writes.length &&
      writes.every((write, index) => write === last.writes[index]);
    if (last !== undefined && isSame) return last;
    let after: JsonObject | null | undefined = before;
    for (const { op, values } of writes) {
      const next: JsonObject | null | undefined =
        op === "delete" ? null : rowAfter(op, after ?? null, { ...values, [rowKey]: id });
      if (next !== undefined) after = next;
    }
    if (after != null && after !== before) after = derive(after, before);
    return { before, writes, after };
  }
}

/** Untouched rows where they are, the written ones where they belong. */
function arranged(
  rows: readonly JsonObject[],
  touched: ReadonlyMap<RowId, unknown>,
  shown: ReadonlyMap<RowId, JsonObject>,
  { rowKey, compare }: ListShape,
): JsonObject[] {
  const rest = new Map(shown);
  const all: JsonObject[] = [];
  if (compare === null) {
    for (const row of rows) {
      const id = row[rowKey] as RowId;
      const next = touched.has(id) ? rest.get(id) : row;
      rest.delete(id);
      if (next !== undefined) all.push(next);
    }
    return [...all, ...rest.values()];
  }
  const moved = [...shown.values()].sort(compare);
  let at = 0;
  for (const row of rows) {
    if (touched.has(row[rowKey] as RowId)) continue;
    for (let next = moved[at]; next !== undefined && compare(next, row) < 0; next = moved[++at]) all.push(next);
    all.push(row);
  }
  return [...all, ...moved.slice(at)];
}
