/**
 * Ids that the same file always gives: repeating an import, whole or from the middle, meets the rows it made. They have the
 * form of a UUIDv7 whose time counts up with the row, so that rows ordered by id stand in the order of the file. Pure.
 */

import { createHash } from "node:crypto";
import { uuidv7 } from "../../core/ids.ts";

/** Fixed, in the past: later rows of the application sort after imported ones. */
const FIRST_MS = Date.UTC(2000, 0, 1);

/** `seed` names file and table; `key` names the row: its place, or the value of the `--id-from` column. */
export function importId(seed: string, key: string, place: number): string {
  const digest = createHash("sha256").update(`${seed}\n${key}`).digest();
  return uuidv7(FIRST_MS + place, digest);
}
