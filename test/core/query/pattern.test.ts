/** Patterns against an oracle that shares nothing with them, whichever way a piece is looked for. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { parsePattern, patternTest } from "../../../src/core/query/pattern.ts";
import { pieceFinder } from "../../../src/core/query/piece-finder.ts";
import { runs } from "./sample-table.ts";

const LETTERS = ["a", "b", "😀", "\u{10ffff}", "\ue000", "é"];

/** Long runs of few letters: many places where a piece nearly stands. */
const texts = fc
  .array(fc.tuple(fc.constantFrom(...LETTERS), fc.integer({ min: 1, max: 40 })), { maxLength: 8 })
  .map((parts) => parts.map(([letter, count]) => letter.repeat(count)).join(""));
const pieces = fc
  .array(fc.oneof(fc.constantFrom(...LETTERS), fc.constantFrom("_"), fc.constantFrom("aaaaaaaa", "_____", "a_a_a_")), {
    maxLength: 12,
  })
  .map((parts) => parts.join(""));

function oracle(pattern: string): RegExp {
  return new RegExp(
    `^${[...pattern].map((char) => (char === "%" ? "[^]*?" : char === "_" ? "[^]" : char)).join("")}$`,
    "u",
  );
}

test("[QL26] long texts and pieces match as the specification says", () => {
  fc.assert(
    fc.property(texts, fc.array(pieces, { minLength: 1, maxLength: 3 }), (text, parts) => {
      const pattern = parts.join("%");
      const parsed = parsePattern(pattern);
      expect(parsed !== null && patternTest(parsed)(text)).toBe(oracle(pattern).test(text));
    }),
    runs(2000),
  );
});

test("[QL26] a piece is found at the same place by trying and by Shift-And", () => {
  fc.assert(
    fc.property(texts, pieces, fc.nat({ max: 60 }), (text, written, points) => {
      const piece = parsePattern(written)?.[0] ?? [];
      const from = [...text].slice(0, points).join("").length;
      const first = new RegExp([...written].map((char) => (char === "_" ? "[^]" : char)).join(""), "gu");
      first.lastIndex = from;
      const found = first.exec(text);
      const expected = found === null ? -1 : found.index + found[0].length;
      expect(pieceFinder(piece, 0)(text, from)).toBe(expected);
      expect(pieceFinder(piece, Number.POSITIVE_INFINITY)(text, from)).toBe(expected);
    }),
    runs(2000),
  );
});

// Trying place by place, each of these takes seconds; the runner's own limit is what they would meet.
test("[QL26] [QL42] the longest patterns on the largest texts are answered", () => {
  const text = "a".repeat(400_000);
  const longest = [`%${"a_".repeat(2000)}b%x%`, `%a${"_".repeat(3000)}b%x%`, `%_${"a".repeat(4000)}b%x%`];
  for (const pattern of [...longest, ...longest, ...longest]) {
    expect(patternTest(parsePattern(pattern) ?? [])(text)).toBe(false);
    expect(patternTest(parsePattern(pattern) ?? [])(`${text}bx`)).toBe(true);
  }
});

test("[QL26] many wild cards do not multiply", () => {
  const text = "a".repeat(20_000);
  expect(patternTest(parsePattern(`${"%a".repeat(50)}b`) ?? [])(text)).toBe(false);
  expect(patternTest(parsePattern(`${"%a_".repeat(50)}b%`) ?? [])(text)).toBe(false);
});
