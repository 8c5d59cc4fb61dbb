/** What an isolate remembers of objects in which transactions met. */

import { expect, test } from "vitest";
import type { ObjectName } from "../../src/core/ids.ts";
import { noteContention, wasContended } from "../../src/edge/transaction/contention.ts";

const [A, B, C] = ["t/a/a", "t/a/b", "t/a/c"] as unknown as [ObjectName, ObjectName, ObjectName];

test("[TP10] objects where transactions met are contended for two seconds, and others are not", () => {
  expect(wasContended([A, B], 1_000)).toBe(false);
  noteContention([A, B], 1_000);
  expect([wasContended([C, B], 2_999), wasContended([C], 2_999), wasContended([A, B], 3_000)]).toEqual([
    true,
    false,
    false,
  ]);
});
