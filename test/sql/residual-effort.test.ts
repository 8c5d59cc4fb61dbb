import { expect, test } from "vitest";
import { effortOf, storedSize } from "../../durable-objects/sql/residual-effort.ts";
import { parseUntyped } from "../../src/core/query/parse.ts";

const cost = (filter: string, length: number, more: Record<string, unknown> = {}) => {
  const row = { id: "a", body: "x".repeat(length), ...more };
  return effortOf(parseUntyped(filter))(row as never, length);
};

test("[QL42] an ordinary row is one unit of the budget, a large one as many as its size and the text walked", () => {
  expect(cost('body%="a%b%c"', 100)).toBe(1);
  expect(cost('body%="a%b%c"', 409_600)).toBe(201);
  expect(cost('id%="a%b%c"', 409_600)).toBe(101);
});

test("[QL42] each comparison walks the text anew", () => {
  expect(cost(Array(50).fill('body%="a_b"').join(","), 40_960)).toBe(1 + 10 + 50 * 10);
  expect(cost('!(body%="a_b";body%="a_b")', 40_960)).toBe(1 + 10 + 2 * 10);
});

test("[QL42] a long piece with _ costs one walk for every 32 characters of it", () => {
  const pattern = `%a${"_".repeat(99)}b%`;
  expect(cost(`body%="${pattern}"`, 40_960)).toBe(1 + 10 + 4 * 10);
});

test("[QL42] JSON counts by what it takes as it is stored", () => {
  expect(cost('tags=has="a"', 40_960, { tags: ["b"] })).toBe(1 + 10 + 10);
  expect(storedSize([1, null, "four", new Uint8Array(6), new ArrayBuffer(2)])).toBe(12);
});
