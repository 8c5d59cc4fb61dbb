/**
 * In-memory meanings of the operators on JSON arrays ([QL30]); each gives a test of a value that is not NULL. Operands are
 * scalars, so equality by JSON type and value is membership in a Set (`1` and `1.0` are one number, `"1"` is another value).
 */

import type { Json } from "../json.ts";
import { isJsonObject } from "../json.ts";
import type { OperatorToken } from "./operators.ts";
import type { Scalar } from "./tree.ts";

export type JsonTest = (value: Json) => boolean;

/** The test of a containment operator; undefined for operators that are none. */
export function jsonTest(operator: OperatorToken, operands: readonly Scalar[]): JsonTest | undefined {
  const listed = new Set<Json>(operands);
  switch (operator) {
    case "=has=":
    case "=overlaps=":
      return onArray((elements) => elements.some((element) => listed.has(element)));
    case "=hasall=":
      return onArray((elements) => {
        const held = new Set(elements);
        return operands.every((operand) => held.has(operand));
      });
    case "=within=":
      return onArray((elements) => elements.every((element) => listed.has(element)));
    default:
      return undefined;
  }
}

/** Number of elements, or -1 for what is no array. */
export function arraySize(value: Json): number {
  return Array.isArray(value) ? value.length : -1;
}

/** `[]`, `{}` or `""`. */
export function isEmptyJson(value: Json): boolean {
  if (value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) && Object.keys(value).length === 0;
}

function onArray(test: (elements: readonly Json[]) => boolean): JsonTest {
  return (value) => Array.isArray(value) && test(value as readonly Json[]);
}
