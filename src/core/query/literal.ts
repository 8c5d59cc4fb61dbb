/**
 * What a literal of a filter means against a column: the one place where text becomes an instant, a number becomes digits.
 * A literal gets its type from the column, never from its looks ([QL17]–[QL20]). Both interpreters and the parser call
 * `literalValue`, so they cannot disagree. Unlike a value to be written, an operand may be fractional against an int
 * column, and may keep milliseconds against a seconds column.
 */

import { unreachable } from "../fault.ts";
import type { JsonScalar } from "../json.ts";
import type { ColumnSpec } from "../schema/table-spec.ts";
import { isInstant, parseInstant, printInstant } from "../schema/time.ts";
import { isCleanText, parseValue } from "../schema/value.ts";
import type { Scalar } from "./tree.ts";

/** The literal in the column's JSON form; undefined when it does not fit the column. `null` stays null. */
export function literalValue(column: ColumnSpec, literal: Scalar): JsonScalar | undefined {
  if (literal === null) return null;
  switch (column.kind) {
    case "text":
      return typeof literal === "string" && isCleanText(literal) ? literal : undefined;
    case "int":
      return typeof literal === "number" && Math.abs(literal) <= Number.MAX_SAFE_INTEGER ? literal : undefined;
    case "real":
      return typeof literal === "number" && Number.isFinite(literal) ? literal : undefined;
    case "bigint": {
      const parsed = parseValue(column, literal);
      return parsed.ok ? (parsed.value as string) : undefined;
    }
    case "bool":
      if (literal === 1 || literal === 0) return literal === 1;
      return typeof literal === "boolean" ? literal : undefined;
    case "time": {
      const ms = typeof literal === "string" ? parseInstant(literal) : typeof literal === "number" ? literal : null;
      return ms !== null && isInstant(ms) ? printInstant(ms) : undefined;
    }
    case "json":
    case "blob":
      return undefined;
    default:
      return unreachable(column.kind);
  }
}

/** The literal of a tree that was typed before. */
export function typedLiteral(column: ColumnSpec, literal: Scalar): JsonScalar {
  const value = literalValue(column, literal);
  if (value === undefined) throw new TypeError(`${JSON.stringify(literal)} is no literal for ${column.name}`);
  return value;
}

/** What a literal for the column looks like, as the end of "… must be". */
export function literalForm(column: ColumnSpec): string {
  switch (column.kind) {
    case "text":
      return "text in double quotes";
    case "int":
      return "a number within ±(2^53−1)";
    case "real":
      return "a finite number";
    case "bigint":
      return "a 64-bit integer as digits in double quotes, or a number within ±(2^53−1)";
    case "bool":
      return "true or false";
    case "time":
      return "a time: ISO 8601 text in double quotes, or milliseconds since 1970, years 0001–9999";
    case "json":
    case "blob":
      return "null";
    default:
      return unreachable(column.kind);
  }
}
