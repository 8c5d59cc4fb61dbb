/**
 * The checks of one comparison against a table: field, operator, literal, each with the span to blame. The parser calls them as
 * it reads, so that the first fault in text order is the one named ([QL15]); `typeFilter` calls them on trees built in code.
 * A hidden column gets exactly the answer an unknown one gets ([QL16]).
 */

import type { ColumnSpec } from "../schema/table-spec.ts";
import { columnOf } from "../schema/table-spec.ts";
import { isCleanText } from "../schema/value.ts";
import type { Origin } from "./filter-fault.ts";
import { nearest, refuse } from "./filter-fault.ts";
import type { FilterGrammar } from "./grammar.ts";
import { allowedFields, allowedOperators, isVisible } from "./grammar.ts";
import { literalForm, literalValue } from "./literal.ts";
import type { OperandShape } from "./operators.ts";
import { builtinOperator, RESERVED_OPERATORS } from "./operators.ts";
import { parsePattern } from "./pattern.ts";
import type { Scalar } from "./tree.ts";

/** An operator as used on one column: what its operand must look like. `null` column: no table is known yet. */
export interface OperatorUse {
  readonly token: string;
  /** `any`: an operator that only the table's grammar can tell. */
  readonly shape: OperandShape | "any";
  readonly takesNull: boolean;
  readonly isCustom: boolean;
  readonly column: ColumnSpec | null;
}

/** The column a client or scope may name here; refuses all others alike. */
export function checkField(
  grammar: FilterGrammar,
  name: string,
  origin: Origin,
  start: number,
  end: number,
): ColumnSpec {
  if (name.includes(".")) {
    refuse(origin, start, end, { reason: "relation-path", detail: `Relation paths are not available here: ${name}` });
  }
  const column = columnOf(grammar.table, name);
  if (column !== undefined && isVisible(grammar, column)) return column;
  const fields = allowedFields(grammar);
  return refuse(origin, start, end, {
    reason: "unknown-field",
    detail: `Unknown field ${name}`,
    suggestion: nearest(name, fields),
    allowedFields: fields,
  });
}

/** The operator as it applies to the column: exists, is allowed, and fits the kind — asked in this order. */
export function checkOperator(
  grammar: FilterGrammar,
  column: ColumnSpec,
  written: string,
  origin: Origin,
  start: number,
  end: number,
): OperatorUse {
  const builtin = builtinOperator(written);
  const custom = grammar.operators?.get(written);
  const token = builtin?.token ?? written;
  const complain = (reason: "unknown-operator" | "operator-not-allowed" | "type", detail: string): never => {
    const operators = allowedOperators(grammar, column);
    return refuse(origin, start, end, {
      reason,
      detail,
      suggestion: nearest(written, operators),
      allowedOperators: operators,
      allowedFields: allowedFields(grammar),
    });
  };
  if (builtin === undefined && custom === undefined) {
    if (RESERVED_OPERATORS.has(token)) complain("operator-not-allowed", `Operator ${token} is not allowed here`);
    return complain("unknown-operator", `Unknown operator ${token} for field ${column.name}`);
  }
  if (grammar.allowedOperators?.includes(token) === false) {
    complain("operator-not-allowed", `Operator ${token} is not allowed here`);
  }
  if (!(builtin?.kinds ?? []).includes(column.kind) && custom?.on.includes(column.name) !== true) {
    complain("type", `Operator ${token} does not apply to ${column.name}, which is of kind ${column.kind}`);
  }
  return { ...useOperator(token, custom?.operand), column };
}

/** The use of an operator before any table is known; one that is not built in may take any operand. */
export function useOperator(written: string, customShape: OperandShape | "any" = "any"): OperatorUse {
  const builtin = builtinOperator(written);
  return {
    token: builtin?.token ?? written,
    shape: builtin?.operand ?? customShape,
    takesNull: builtin?.takesNull ?? customShape === "any",
    isCustom: builtin === undefined,
    column: null,
  };
}

/** Whether a scalar may be (part of) the operand; refuses with reason `type` at its span. */
export function checkScalar(use: OperatorUse, value: Scalar, origin: Origin, start: number, end: number): void {
  const expected = value === null ? expectedInsteadOfNull(use) : expectedInstead(use, value);
  if (expected !== null) {
    const name = use.column?.name ?? "the field";
    refuse(origin, start, end, { reason: "type", detail: `The value for ${name} ${use.token} must be ${expected}` });
  }
}

/** Refuses an operand of another shape than the operator takes. */
export function refuseShape(use: OperatorUse, origin: Origin, start: number, end: number): never {
  const form =
    use.shape === "list" || use.shape === "elements"
      ? "a list (…)"
      : use.shape === "range"
        ? "a range [a,b]"
        : "one value";
  return refuse(origin, start, end, { reason: "type", detail: `Operator ${use.token} takes ${form}` });
}

function expectedInsteadOfNull(use: OperatorUse): string | null {
  if (use.takesNull) return null;
  switch (use.shape) {
    case "flag":
      return "true or false";
    case "count":
      return "an integer ≥ 0";
    case "text":
    case "pattern":
      return "text in double quotes";
    default:
      return "anything but null";
  }
}

/** Null when the value fits, else what would. */
function expectedInstead(use: OperatorUse, value: Exclude<Scalar, null>): string | null {
  if (typeof value === "string" && !isCleanText(value)) return "well-formed Unicode without U+0000";
  if (typeof value === "number" && !Number.isFinite(value)) return "a finite number";
  switch (use.shape) {
    case "flag":
      return typeof value === "boolean" ? null : "true or false";
    case "count":
      return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? null : "an integer ≥ 0";
    case "text":
      return typeof value === "string" ? null : "text in double quotes";
    case "pattern":
      if (typeof value !== "string") return "text in double quotes";
      return parsePattern(value) === null ? "a pattern that does not end in a lone \\" : null;
    case "scalar":
    case "list":
    case "range":
      if (use.column === null || use.isCustom || literalValue(use.column, value) !== undefined) return null;
      return literalForm(use.column);
    default:
      return null;
  }
}
