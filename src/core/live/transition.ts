/**
 * What a change of a row means to who follows a filter ([LV1]): a function of the two images alone, so no list of known ids is
 * kept or trusted. Called for every watch that a commit may touch, live or replayed.
 */

import type { RowTest } from "../query/matches.ts";
import type { Row } from "../schema/table-spec.ts";

export type RowEvent = "added" | "changed" | "removed";

export const ROW_EVENTS: readonly RowEvent[] = ["added", "changed", "removed"];

/** Null: nothing is told. */
export function transition(before: Row | null, after: Row | null, test: RowTest): RowEvent | null {
  const wasIn = before !== null && test(before);
  const isIn = after !== null && test(after);
  if (isIn) return wasIn ? "changed" : "added";
  return wasIn ? "removed" : null;
}
