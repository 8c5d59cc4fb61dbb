import { expect, test } from "vitest";
import { effortOf } from "../../durable-objects/sql/residual-effort.ts";
import { parseUntyped } from "../../src/core/query/parse.ts";

const row = (length: number) => ({ id: "a", body: "x".repeat(length) });

test("[QL42] an ordinary row is one unit of the budget, a large one as many as its text", () => {
  const effort = effortOf(parseUntyped('body%="a%b%c"'));
  expect(effort(row(100))).toBe(1);
  expect(effort(row(409_600))).toBe(101);
});

test("[QL42] a long piece with _ costs its length at each place of the text", () => {
  const pattern = `%a${"_".repeat(99)}b%`;
  expect(effortOf(parseUntyped(`body%="${pattern}"`))(row(40_960))).toBe(1 + Math.floor((40_961 * 101) / 4096));
  expect(effortOf(parseUntyped(`!(body=nilike="${pattern}",body=="x")`))(row(40_960))).toBeGreaterThan(1000);
});
