/**
 * How much one reply of an object may hold. Above 32 MiB a reply does not cross to the Worker; well below that, a list or a search ends
 * early and says that there is more, an aggregate says that it was cut, and a batch is refused before it is committed.
 */

import { Fault } from "../../src/core/fault.ts";
import type { Json } from "../../src/core/json.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";

/** UTF-16 units of the rows in one reply. */
export const MAX_REPLY_SIZE = 8 * 2 ** 20;

/** The rows as JSON, as many as fit into one reply; the first always does. */
export function textsThatFit<T>(rows: readonly T[], show: (row: T) => unknown): string[] {
  const texts: string[] = [];
  let size = 0;
  for (const row of rows) {
    const text = JSON.stringify(show(row));
    size += text.length;
    if (size > MAX_REPLY_SIZE && texts.length > 0) break;
    texts.push(text);
  }
  return texts;
}

/** Refuses rows that do not fit into one reply, or into the memory of the object, together. */
export function checkRowsFit(rows: Iterable<Row>): void {
  let size = 0;
  for (const row of rows) size += approximateSize(row);
  if (size > MAX_REPLY_SIZE) throw new Fault({ slug: "batch-limit-exceeded", limit: "bytes", requested: size });
}

/** UTF-16 units of a row as JSON, without the names. */
export function approximateSize(row: Row): number {
  let size = 0;
  for (const value of Object.values(row)) size += sizeOfValue(value);
  return size;
}

function sizeOfValue(value: Json): number {
  if (typeof value === "string") return value.length;
  return typeof value === "object" && value !== null ? JSON.stringify(value).length : 8;
}
