/** Writes that wait, and why they were refused, in a person's words. */

import { expect, test } from "vitest";
import { describeRefusal, describeWrite } from "../../src/web/client/board/describe-write.ts";

const move = {
  key: "k",
  status: "refused",
  madeAtMs: 1,
  writes: [
    { op: "create", table: "comments", id: "c", values: { body: "todo done" }, base: null, tag: null },
    { op: "update", table: "tasks", id: "t", values: { status: "done", position: "a" }, base: null, tag: "e:1:s" },
  ],
} as const;

test("[O3] a transaction that met a conflict says what stands in the row of that write now", () => {
  const problem = { status: 412, index: 1 };
  expect(describeRefusal({ ...move, problem, present: { status: "doing", position: "b", body: "other" } })).toBe(
    "Somebody else changed it meanwhile: status is now “doing”.",
  );
  expect(describeRefusal({ ...move, problem, present: null })).toBe(
    "It is not there any more, or no longer shared with you.",
  );
  expect(describeWrite({ ...move, writes: move.writes.slice(1) })).toMatch(/^Move a task to /);
});

test("[O3] no refusal speaks of conditions and headers", () => {
  const refused = (problem: { [name: string]: string | number }) => describeRefusal({ ...move, problem });
  expect(refused({ status: 412, detail: "The row is not of the version in ifVersion" })).toBe(
    "Somebody else changed it meanwhile.",
  );
  expect(refused({ status: 503, code: "OUTCOME_UNKNOWN" })).toMatch("nobody can tell");
  expect(refused({ status: 404, detail: 'There is no row 01a in "tasks"' })).toMatch("no longer shared with you");
  expect(refused({ status: 400, detail: "title is too long" })).toBe("title is too long");
});
