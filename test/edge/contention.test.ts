/** What an isolate remembers of objects in which transactions met. */

import { expect, test } from "vitest";
import type { ObjectName } from "../../src/core/ids.ts";
import { mannerFor, noteContention } from "../../src/edge/transaction/contention.ts";

const [A, B, C, D] = ["t/a/a", "t/a/b", "t/a/c", "t/a/d"] as unknown as [
  ObjectName,
  ObjectName,
  ObjectName,
  ObjectName,
];

test("[TP10] where transactions met, the next ones of two seconds stand in line; at the object that refused, if it decides again", () => {
  expect(mannerFor([A, B], A, 1_000)).toBe("at-once");
  noteContention([A, B], null, 1_000);
  expect([mannerFor([C, B], B, 2_999), mannerFor([C], C, 2_999), mannerFor([A, B], A, 3_000)]).toEqual([
    "in-line",
    "at-once",
    "at-once",
  ]);
  noteContention([C, D], C, 5_000);
  expect([mannerFor([C, D], C, 6_000), mannerFor([B, D], B, 6_000), mannerFor([C, D], C, 7_000)]).toEqual([
    "in-queue",
    "in-line",
    "at-once",
  ]);
});
