/**
 * The text operators as SQL, without LIKE and GLOB ([QL40]): a prefix is a range of code points, so an index serves it; a
 * suffix is `substr`, a part is `instr`. The `i` forms compare `lower(c)`, which folds ASCII only, as `fold` does; an index
 * on that expression serves them. Patterns other than `abc abc% %abc %abc%` give a necessary condition.
 */

import { fold } from "../../src/core/query/fold.ts";
import type { OperatorToken } from "../../src/core/query/operators.ts";
import type { Pattern } from "../../src/core/query/pattern.ts";
import { parsePattern } from "../../src/core/query/pattern.ts";
import type { Comparison } from "../../src/core/query/tree.ts";
import type { ColumnSpec } from "../../src/core/schema/table-spec.ts";
import { codePointLength } from "../../src/core/schema/value.ts";
import type { SqlFragment } from "./fragment.ts";
import { FALSE, fragment, joinBalanced, TRUE } from "./fragment.ts";
import type { Leaf } from "./leaf.ts";
import { exact, orNotNull, orNull } from "./leaf.ts";
import { comparedColumn, quoteColumn } from "./quote-identifier.ts";

/** The leaf of a text operator that takes no pattern. */
export function textLeaf(operator: OperatorToken, operand: string, column: ColumnSpec): SqlFragment {
  const isFolded = operator.startsWith("=i");
  const subject = isFolded ? `lower(${quoteColumn(column)})` : comparedColumn(column);
  const wanted = isFolded ? fold(operand) : operand;
  switch (operator) {
    case "=contains=":
    case "=icontains=":
      return guarded(column, hasPart(subject, wanted));
    case "=startswith=":
    case "=istartswith=":
      return guarded(column, hasPrefix(subject, wanted));
    case "=endswith=":
    case "=iendswith=":
      return guarded(column, hasSuffix(subject, wanted));
    case "=ieq=":
      return fragment(`${subject} IS ?`, wanted);
    case "=ine=":
      return fragment(`${subject} IS NOT ?`, wanted);
    default:
      throw new TypeError(`Operator ${operator} has no meaning in SQL`);
  }
}

/** The leaf of a pattern or its negation. */
export function patternLeaf(
  operator: "%=" | "!%=" | "=ilike=" | "=nilike=",
  operand: string,
  column: ColumnSpec,
): Leaf {
  const isFolded = operator === "=ilike=" || operator === "=nilike=";
  const isNegative = operator === "!%=" || operator === "=nilike=";
  const subject = isFolded ? `lower(${quoteColumn(column)})` : comparedColumn(column);
  const pattern = parsePattern(isFolded ? fold(operand) : operand);
  if (pattern === null) throw new TypeError(`The pattern ${JSON.stringify(operand)} ends in a lone \\`);
  const test = exactTest(subject, pattern);
  if (test !== null) return exact(isNegative ? negated(column, test) : guarded(column, test));
  const needed = neededTest(subject, pattern);
  return isNegative
    ? { kind: "inexact", upper: TRUE, lower: negated(column, needed) }
    : { kind: "inexact", upper: guarded(column, needed), lower: FALSE };
}

/** What is left in SQL of a comparison that is decided in memory: the beginning of a pattern, which an index may serve. */
export function unscannedLeaf({ operator, operand }: Comparison, column: ColumnSpec): Leaf {
  const pattern = operator === "%=" && typeof operand === "string" ? parsePattern(operand) : null;
  const start = pattern?.[0]?.[0];
  const upper = typeof start === "string" ? guarded(column, hasPrefix(comparedColumn(column), start)) : TRUE;
  return { kind: "inexact", upper, lower: FALSE };
}

/** 0 for NULL. */
function guarded(column: ColumnSpec, test: SqlFragment): SqlFragment {
  return orNotNull(column, test.text, test.params);
}

/** The negation, 1 for NULL. */
function negated(column: ColumnSpec, test: SqlFragment): SqlFragment {
  return orNull(column, `NOT (${test.text})`, test.params);
}

/** The test of a pattern that SQL can express: no `_`, and a literal at most in one place. */
function exactTest(subject: string, pattern: Pattern): SqlFragment | null {
  const texts = pattern.map((piece) =>
    piece.length === 0 ? "" : piece.length === 1 && typeof piece[0] === "string" ? piece[0] : null,
  );
  const [head, second, third] = texts;
  if (texts.includes(null) || head === null || head === undefined) return null;
  if (texts.length === 1) return fragment(`${subject} = ?`, head);
  if (texts.length === 2 && second === "") return hasPrefix(subject, head);
  if (texts.length === 2 && head === "" && second !== undefined && second !== null) return hasSuffix(subject, second);
  if (texts.length === 3 && head === "" && third === "" && second !== undefined && second !== null)
    return hasPart(subject, second);
  return null;
}

/** Tests of one pattern for literals in between: thousands fit into a filter, but not into a statement (100 KB). */
const MAX_NEEDED_PARTS = 4;

/** What every match has: the literal at either end, and the longest literals in between. */
function neededTest(subject: string, pattern: Pattern): SqlFragment {
  const tests: SqlFragment[] = [];
  const parts = new Set<string>();
  const first = pattern[0]?.[0];
  const last = pattern.at(-1)?.at(-1);
  if (typeof first === "string") tests.push(hasPrefix(subject, first));
  if (typeof last === "string") tests.push(hasSuffix(subject, last));
  pattern.forEach((piece, index) => {
    piece.forEach((part, place) => {
      const isFirst = index === 0 && place === 0;
      const isLast = index === pattern.length - 1 && place === piece.length - 1;
      if (typeof part === "string" && !isFirst && !isLast) parts.add(part);
    });
  });
  const longest = [...parts].sort((a, b) => b.length - a.length).slice(0, MAX_NEEDED_PARTS);
  tests.push(...longest.map((part) => hasPart(subject, part)));
  return joinBalanced(tests, "AND");
}

function hasPart(subject: string, part: string): SqlFragment {
  return part === "" ? TRUE : fragment(`instr(${subject}, ?) > 0`, part);
}

/** The texts that begin with the prefix are those from it up to, but without, its successor. */
function hasPrefix(subject: string, prefix: string): SqlFragment {
  if (prefix === "") return TRUE;
  const end = successor(prefix);
  return end === null
    ? fragment(`${subject} >= ?`, prefix)
    : fragment(`${subject} >= ? AND ${subject} < ?`, prefix, end);
}

function hasSuffix(subject: string, suffix: string): SqlFragment {
  if (suffix === "") return TRUE;
  return fragment(`substr(${subject}, ?) = ?`, -codePointLength(suffix), suffix);
}

/** The first text after all that begin with the prefix, by code points; null when there is none. */
function successor(prefix: string): string | null {
  const points = [...prefix];
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const point = last.codePointAt(0) ?? 0;
    if (point < 0x10ffff) return points.join("") + String.fromCodePoint(point === 0xd7ff ? 0xe000 : point + 1);
  }
  return null;
}
