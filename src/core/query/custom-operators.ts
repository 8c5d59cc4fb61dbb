/**
 * Operators that an application adds ([QL44], [QL45]). A custom operator always has an in-memory `test`; `sql` may narrow,
 * or with `exact` decide, in the table object. Its literals are not typed by the column: they arrive as written.
 * `defineOperators` runs at start and throws, so that a bad declaration never serves a request.
 */

import type { Json } from "../json.ts";
import type { Row } from "../schema/table-spec.ts";
import type { Stored } from "../schema/value.ts";
import { builtinOperator, RESERVED_OPERATORS } from "./operators.ts";
import type { Operand } from "./tree.ts";

/** SQL text with `?` placeholders and their values. */
export interface SqlFragment {
  readonly text: string;
  readonly params: readonly Stored[];
}

export interface CustomOperator {
  /** Names of the columns it applies to. */
  readonly on: readonly string[];
  readonly operand: "scalar" | "list" | "range";
  /** SQL over the quoted column that is true at least where `test` is; NULL counts as false. */
  readonly sql?: (column: string, operand: Operand) => SqlFragment;
  /** SQL alone decides in queries; the author answers for its agreement with `test`. */
  readonly exact?: boolean;
  /** Pure and total. `value` is in JSON form, null when the column is NULL. An exception counts as false. */
  readonly test: (value: Json, operand: Operand, row: Row) => boolean;
}

export type CustomOperators = ReadonlyMap<string, CustomOperator>;

const NAME = /^=[a-z][a-z0-9]*=$/;

/**
 * Checks the declarations and makes every `test` total: the first exception of an operator goes to `report`, later ones
 * are silent. Throws TypeError on a bad name or a missing `test`.
 */
export function defineOperators(
  declared: Readonly<Record<string, CustomOperator>>,
  report: (token: string, error: unknown) => void = () => {},
): CustomOperators {
  const operators = new Map<string, CustomOperator>();
  for (const [token, operator] of Object.entries(declared)) {
    if (!NAME.test(token)) throw new TypeError(`Custom operator ${token} must be named =[a-z][a-z0-9]*=`);
    if (builtinOperator(token) !== undefined || RESERVED_OPERATORS.has(token)) {
      throw new TypeError(`Custom operator ${token} has the name of a built-in operator`);
    }
    if (typeof operator.test !== "function") throw new TypeError(`Custom operator ${token} needs a test function`);
    operators.set(token, { ...operator, test: totalTest(token, operator.test, report) });
  }
  return operators;
}

function totalTest(
  token: string,
  test: CustomOperator["test"],
  report: (token: string, error: unknown) => void,
): CustomOperator["test"] {
  let isReported = false;
  return (value, operand, row) => {
    try {
      return test(value, operand, row) === true;
    } catch (error) {
      if (!isReported) report(token, error);
      isReported = true;
      return false;
    }
  };
}
