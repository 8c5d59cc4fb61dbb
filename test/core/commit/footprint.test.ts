/** What conflicts with what: the table of locks, in both directions. */

import { describe, expect, test } from "vitest";
import {
  areInConflict,
  type Footprint,
  locksOf,
  NOTHING_TOUCHED,
  rowKey,
  uniqueKey,
} from "../../../src/core/commit/footprint.ts";
import type { Row } from "../../../src/core/schema/table-spec.ts";

const row = (id: string, group: string): Row => ({ id, group });
const change = (id: string, before: string | null, after: string | null): Partial<Footprint> => ({
  changes: [
    {
      table: "t",
      id,
      op: before === null ? "create" : after === null ? "delete" : "update",
      before: before === null ? null : row(id, before),
      after: after === null ? null : row(id, after),
    },
  ],
});
const reads = (id: string): Partial<Footprint> => ({ reads: [rowKey("t", id)] });
const range = (group: string, table = "t"): Partial<Footprint> => ({ ranges: [{ table, filter: group }] });
const unique = (value: string): Partial<Footprint> => ({ uniques: [uniqueKey("t", ["email"], [value])] });

describe("[TP9] two pieces of work", () => {
  test.each<[string, boolean, Partial<Footprint>, Partial<Footprint>]>([
    ["write one row", true, change("x", "a", "b"), change("x", "a", "c")],
    ["write two rows", false, change("x", "a", "b"), change("y", "a", "b")],
    ["read one row", false, reads("x"), reads("x")],
    ["read and write one row", true, reads("x"), change("x", "a", "b")],
    ["read a range and write into it", true, range("a"), change("x", null, "a")],
    ["read a range and write out of it", true, range("a"), change("x", "a", "b")],
    ["read a range and delete from it", true, range("a"), change("x", "a", null)],
    ["read a range and write elsewhere", false, range("a"), change("x", "b", "c")],
    ["read a range of another table", false, range("a", "other"), change("x", "a", "b")],
    ["take one unique value", true, unique("e"), unique("e")],
    ["take two unique values", false, unique("e"), unique("f")],
    ["touch nothing", false, {}, change("x", "a", "b")],
  ])("that %s: %s", (_name, expected, one, other) => {
    const [a, b] = [one, other].map((each) => locksOf({ ...NOTHING_TOUCHED, ...each }));
    if (a === undefined || b === undefined) throw new Error("two footprints");
    const isInRange = (predicate: { filter: string }, image: Row) => image.group === predicate.filter;
    expect(areInConflict(a, b, isInRange)).toBe(expected);
    expect(areInConflict(b, a, isInRange)).toBe(expected);
  });

  test("keys of values that look alike are apart", () => {
    expect(uniqueKey("t", ["a", "b"], ["1", "2"])).not.toBe(uniqueKey("t", ["a", "b"], ["1,2"]));
    expect(uniqueKey("t", ["a"], [1])).not.toBe(uniqueKey("t", ["a"], ["1"]));
  });
});
