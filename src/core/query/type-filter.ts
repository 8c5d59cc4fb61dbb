/**
 * Checks a filter against a table: which fields and operators exist for this reader, and whether every literal fits its
 * column. The parser calls the single checks as it reads, so that the first fault in text order is the one named; trees
 * built in code pass `typeFilter` once. A hidden column gets exactly the answer an unknown one gets ([QL16]).
 */

import { Fault } from "../fault.ts";
import type { ColumnSpec, TableSpec } from "../schema/table-spec.ts";
import { columnOf } from "../schema/table-spec.ts";
import { isCleanText } from "../schema/value.ts";
import type { CustomOperators } from "./custom-operators.ts";
import type { Origin } from "./filter-fault.ts";
import { nearest, refuse } from "./filter-fault.ts";
import { literalForm, literalValue } from "./literal.ts";
import type { OperandShape } from "./operators.ts";
import { builtinOperator, OPERATORS, RESERVED_OPERATORS } from "./operators.ts";
import { parsePattern } from "./pattern.ts";
import type { Comparison, Filter, Operand, Scalar } from "./tree.ts";
import { ALL, conjoin, disjoin, isList, isRange, negate } from "./tree.ts";

/** Limits of one filter ([QL9]–[QL12]). */
export const FILTER_LIMITS = { codePoints: 4096, bytes: 12_288, depth: 10, nodes: 100, listValues: 500 } as const;

export interface FilterGrammar {
  readonly table: TableSpec;
  /** `client` sees readable and filterable columns only, `scope` sees all. */
  readonly fields: "client" | "scope";
  readonly operators?: CustomOperators | undefined;
  /** Canonical tokens; all when absent ([QL13]). */
  readonly allowedOperators?: readonly string[] | undefined;
  /** `lifted` for canonical text that was checked before: a scope built from 500 ids is longer than a client may write. */
  readonly limits?: "enforced" | "lifted";
  /** Name of the request parameter, for the fault. */
  readonly parameter: string;
}

/** An operator as used on one column: what its operand must look like. `null` column: no table is known yet. */
export interface OperatorUse {
  readonly token: string;
  /** `any`: an operator that only the table's grammar can tell. */
  readonly shape: OperandShape | "any";
  readonly takesNull: boolean;
  readonly isCustom: boolean;
  readonly column: ColumnSpec | null;
}

/** Brings a tree into its one form and checks it; throws `filter-parse-error` without a position. */
export function typeFilter(filter: Filter, grammar: FilterGrammar): Filter {
  const origin: Origin = { text: "", parameter: grammar.parameter };
  const isLimited = grammar.limits !== "lifted";
  let nodes = 0;
  /** `parent` is the kind of the node around: a chain inside a chain is a group, which counts as it would in text. */
  const visit = (node: Filter, depth: number, parent: Filter["kind"]): Filter => {
    const isChain = node.kind === "and" || node.kind === "or";
    const isGroup = isChain && (parent === "and" || parent === "or") && parent !== node.kind;
    if (!isChain || isGroup) nodes++;
    if (node.kind === "not" || isGroup) depth++;
    if (nodes > FILTER_LIMITS.nodes && isLimited) refuseLimit(origin, 0, 0, "nodes");
    if (depth > FILTER_LIMITS.depth && isLimited) refuseLimit(origin, 0, 0, "depth");
    switch (node.kind) {
      case "all":
        return ALL;
      case "not": {
        const term = visit(node.term, depth, "not");
        if (term.kind === "all") refuse(origin, 0, 0, { reason: "syntax", detail: "The empty filter cannot be negated" });
        return negate(term);
      }
      case "compare":
        return typeComparison(node, grammar, origin);
      default: {
        const terms = node.terms.map((term) => visit(term, depth, node.kind));
        return node.kind === "and" ? conjoin(terms) : disjoin(terms);
      }
    }
  };
  return visit(filter, 0, "all");
}

/** The column a client or scope may name here; refuses all others alike. */
export function checkField(grammar: FilterGrammar, name: string, origin: Origin, start: number, end: number): ColumnSpec {
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
  const form = use.shape === "list" || use.shape === "elements" ? "a list (…)" : use.shape === "range" ? "a range [a,b]" : "one value";
  return refuse(origin, start, end, { reason: "type", detail: `Operator ${use.token} takes ${form}` });
}

export function refuseLimit(origin: Origin, start: number, end: number, limit: keyof typeof FILTER_LIMITS): never {
  const what = {
    codePoints: "characters",
    bytes: "bytes of UTF-8",
    depth: "levels of nesting",
    nodes: "comparisons and groups",
    listValues: "values in a list",
  }[limit];
  return refuse(origin, start, end, { reason: "limit", detail: `The filter has more than ${FILTER_LIMITS[limit]} ${what}` });
}

function typeComparison(node: Comparison, grammar: FilterGrammar, origin: Origin): Comparison {
  try {
    const column = checkField(grammar, node.field, origin, 0, 0);
    const use = checkOperator(grammar, column, node.operator, origin, 0, 0);
    const operand = typeOperand(use, node.operand, origin);
    return { kind: "compare", field: node.field, operator: use.token, operand };
  } catch (error) {
    // No text, no position: say at least which comparison it was.
    if (!(error instanceof Fault) || error.data.slug !== "filter-parse-error") throw error;
    throw new Fault({ ...error.data, detail: `${error.data.detail} (in ${node.field}${node.operator}…)` });
  }
}

function typeOperand(use: OperatorUse, operand: Operand, origin: Origin): Operand {
  const check = (value: Scalar) => checkScalar(use, value, origin, 0, 0);
  if (isList(operand)) {
    if (use.shape === "range") {
      const [from, to, ...more] = operand;
      if (from === undefined || to === undefined || more.length > 0) {
        return refuse(origin, 0, 0, { reason: "syntax", detail: "A range has exactly two values" });
      }
      return typeOperand(use, { from, to }, origin);
    }
    if (use.shape !== "list" && use.shape !== "elements") return refuseShape(use, origin, 0, 0);
    if (operand.length > FILTER_LIMITS.listValues) refuseLimit(origin, 0, 0, "listValues");
    operand.forEach(check);
    return operand;
  }
  if (isRange(operand)) {
    if (use.shape !== "range") return refuseShape(use, origin, 0, 0);
    check(operand.from);
    check(operand.to);
    return { from: operand.from, to: operand.to };
  }
  if (use.shape === "list" || use.shape === "elements" || use.shape === "range") return refuseShape(use, origin, 0, 0);
  check(operand);
  return operand;
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

function isVisible(grammar: FilterGrammar, column: ColumnSpec): boolean {
  return grammar.fields === "scope" || (column.readable && column.filterable);
}

function allowedFields(grammar: FilterGrammar): string[] {
  return grammar.table.columns.filter((column) => isVisible(grammar, column)).map((column) => column.name);
}

/** Canonical tokens that apply to the column for this reader; the candidates of a suggestion. */
export function allowedOperators(grammar: FilterGrammar, column: ColumnSpec): string[] {
  const builtin = OPERATORS.filter((operator) => (operator.kinds as readonly string[]).includes(column.kind));
  const custom = [...(grammar.operators ?? [])].filter(([, operator]) => operator.on.includes(column.name));
  const tokens: string[] = [...builtin.map((operator) => operator.token), ...custom.map(([token]) => token)];
  const { allowedOperators: allowed } = grammar;
  return allowed === undefined ? tokens : tokens.filter((token) => allowed.includes(token));
}
