/**
 * The right-hand side of a comparison: scalars, lists, ranges, in the shape that the operator takes. Each value is checked
 * against the column where it is read. Second half of the parser; called by parse.ts.
 */

import { checkScalar, type OperatorUse, refuseShape } from "./check-comparison.ts";
import { nearest } from "./filter-fault.ts";
import { FILTER_LIMITS, refuseLimit } from "./grammar.ts";
import type { HoleValue, Reader } from "./reader.ts";
import { readNumber, readString, readWord, skipSpace, syntax } from "./tokenize.ts";
import type { Operand, Scalar } from "./tree.ts";
import { isList } from "./tree.ts";

/** Reads the operand at the offset. */
export function readOperand(reader: Reader, use: OperatorUse): Operand {
  const { source } = reader;
  const start = source.at;
  const takesList = use.shape === "list" || use.shape === "elements" || use.shape === "any";
  if (reader.isAt("(")) {
    if (use.shape === "range") return readRange(reader, use, ")");
    return takesList ? readList(reader, use) : refuseShape(use, source, start, start + 1);
  }
  if (reader.isAt("[")) {
    const takesRange = use.shape === "range" || use.shape === "any";
    return takesRange ? readRange(reader, use, "]") : refuseShape(use, source, start, start + 1);
  }
  const hole = reader.takeHole("operand");
  if (hole !== null && isList(hole.operand)) return listFromHole(reader, use, hole.operand, start);
  const value = hole === null ? readScalar(reader) : scalarFromHole(hole);
  if (use.shape === "range" || (takesList && use.shape !== "any")) return refuseShape(use, source, start, source.at);
  checkScalar(use, value, source, start, source.at);
  return value;
}

function readList(reader: Reader, use: OperatorUse): readonly Scalar[] {
  const { source } = reader;
  const values: Scalar[] = [];
  reader.open.push(source.at++);
  skipSpace(source);
  if (!reader.isAt(")")) {
    do {
      const value = readMember(reader, use, values.length === FILTER_LIMITS.listValues && reader.isLimited);
      values.push(value);
    } while (takeComma(reader));
  }
  reader.close(")");
  return values;
}

function readRange(reader: Reader, use: OperatorUse, closing: ")" | "]"): Operand {
  const { source } = reader;
  reader.open.push(source.at++);
  const from = readMember(reader, use);
  if (!takeComma(reader)) reader.refuseHere("a range has exactly two values, so a comma is expected");
  const to = readMember(reader, use);
  reader.close(closing);
  return { from, to };
}

/** A scalar of a list or range, with the white space before it. */
function readMember(reader: Reader, use: OperatorUse, isOverLimit = false): Scalar {
  const { source } = reader;
  skipSpace(source);
  const start = source.at;
  const hole = reader.takeHole("operand");
  const value = hole === null ? readScalar(reader) : scalarFromHole(hole);
  if (isOverLimit) refuseLimit(source, start, source.at, "listValues");
  checkScalar(use, value, source, start, source.at);
  return value;
}

function readScalar(reader: Reader): Scalar {
  const { source } = reader;
  const start = source.at;
  const char = source.text.charAt(start);
  if (char === '"') return readString(source);
  if (char === "-" || (char >= "0" && char <= "9")) return readNumber(source);
  const word = readWord(source);
  if (word === "true") return true;
  if (word === "false") return false;
  if (word === "null") return null;
  source.at = start;
  const suggestion = word === "" ? undefined : nearest(word, ["true", "false", "null"]);
  return reader.refuseHere(
    "a value is expected, that is text in double quotes, a number, true, false or null",
    suggestion,
  );
}

function takeComma(reader: Reader): boolean {
  skipSpace(reader.source);
  if (!reader.isAt(",")) return false;
  reader.source.at++;
  return true;
}

function listFromHole(reader: Reader, use: OperatorUse, values: readonly Scalar[], start: number): Operand {
  const { source } = reader;
  for (const value of values) checkScalar(use, value, source, start, source.at);
  switch (use.shape) {
    case "range": {
      const [from, to, ...more] = values;
      if (from !== undefined && to !== undefined && more.length === 0) return { from, to };
      return syntax(source, start, source.at, "A range has exactly two values");
    }
    case "list":
    case "elements":
    case "any":
      if (values.length > FILTER_LIMITS.listValues) refuseLimit(source, start, source.at, "listValues");
      return values;
    default:
      return refuseShape(use, source, start, source.at);
  }
}

function scalarFromHole(hole: Extract<HoleValue, { kind: "operand" }>): Scalar {
  if (!isList(hole.operand)) return hole.operand;
  throw new TypeError("A list cannot stand inside a list");
}
