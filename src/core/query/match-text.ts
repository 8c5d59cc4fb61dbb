/** In-memory meanings of the text operators ([QL26]–[QL29]); each gives a test of a value that is not NULL. */

import { fold } from "./fold.ts";
import type { OperatorToken } from "./operators.ts";
import { parsePattern, patternTest } from "./pattern.ts";

export type TextTest = (value: string) => boolean;

/** The test of a text operator against its operand; undefined for operators that are none. */
export function textTest(operator: OperatorToken, operand: string): TextTest | undefined {
  switch (operator) {
    case "%=":
    case "!%=":
      return matchPattern(operand);
    case "=ilike=":
    case "=nilike=":
      return folded(matchPattern(fold(operand)));
    case "=contains=":
      return (value) => value.includes(operand);
    case "=icontains=":
      return folded(textTest("=contains=", fold(operand)));
    case "=startswith=":
      return (value) => value.startsWith(operand);
    case "=istartswith=":
      return folded(textTest("=startswith=", fold(operand)));
    case "=endswith=":
      return (value) => value.endsWith(operand);
    case "=iendswith=":
      return folded(textTest("=endswith=", fold(operand)));
    case "=ieq=":
    case "=ine=": {
      const wanted = fold(operand);
      return (value) => value.length === wanted.length && fold(value) === wanted;
    }
    default:
      return undefined;
  }
}

/** Whether the number of code points of the value meets the bound. */
export function sizeTest(operator: OperatorToken, bound: number): (size: number) => boolean {
  if (operator === "=minlength=") return (size) => size >= bound;
  if (operator === "=maxlength=") return (size) => size <= bound;
  return (size) => size === bound;
}

function matchPattern(text: string): TextTest {
  const pattern = parsePattern(text);
  if (pattern === null) throw new TypeError(`The pattern ${JSON.stringify(text)} ends in a lone \\`);
  return patternTest(pattern);
}

function folded(test: TextTest | undefined): TextTest {
  return (value) => test?.(fold(value)) === true;
}
