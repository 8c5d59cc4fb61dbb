/**
 * How a file is cut into parts, and whether all of them have arrived. Every part but the last has the same size, which a bucket asks
 * for; so the parts of a file follow from its size alone, on both sides.
 */

import type { Part } from "./file-row.ts";

const MIB = 1_048_576;
/** Few parts, since each is one commit on the row; but none larger than a Worker takes in one request (100 MB). */
const AIMED_PARTS = 250;
const MIN_PART_BYTES = 8 * MIB;
const MAX_PART_BYTES = 90 * MIB;
/** What one row may list. */
const MAX_PARTS = 1000;

/** Largest file that can be uploaded in parts. */
export const MAX_PARTED_BYTES = MAX_PART_BYTES * MAX_PARTS;

export function partBytesFor(size: number): number {
  const aimed = Math.ceil(size / AIMED_PARTS / MIB) * MIB;
  return Math.min(Math.max(aimed, MIN_PART_BYTES), MAX_PART_BYTES);
}

export function partCount(size: number, partBytes: number): number {
  return Math.max(Math.ceil(size / partBytes), 1);
}

/** Bytes of one part; null when the file has no such part. */
export function partSize(size: number, partBytes: number, number: number): number | null {
  const count = partCount(size, partBytes);
  if (!Number.isInteger(number) || number < 1 || number > count) return null;
  return number < count ? partBytes : size - partBytes * (count - 1);
}

/** Numbers of the parts that have not arrived. */
export function missingParts(size: number, partBytes: number, done: readonly Part[]): number[] {
  const arrived = new Set(done.map(({ number }) => number));
  const all = Array.from({ length: partCount(size, partBytes) }, (_, index) => index + 1);
  return all.filter((number) => !arrived.has(number));
}
