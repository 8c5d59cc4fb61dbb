/**
 * Types a tree built in code (template, helpers, JSON) against a table: the pass that text gets while it is parsed. There is
 * no text to point at, so faults carry no position; they name the comparison instead.
 */

import { Fault } from "../fault.ts";
import { checkField, checkOperator, checkScalar, type OperatorUse, refuseShape } from "./check-comparison.ts";
import type { Origin } from "./filter-fault.ts";
import { refuse } from "./filter-fault.ts";
import { FILTER_LIMITS, type FilterGrammar, refuseLimit } from "./grammar.ts";
import type { Comparison, Filter, Operand, Scalar } from "./tree.ts";
import { ALL, conjoin, disjoin, isList, isRange, negate } from "./tree.ts";

export type { FilterGrammar } from "./grammar.ts";

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
        if (term.kind === "all")
          refuse(origin, 0, 0, { reason: "syntax", detail: "The empty filter cannot be negated" });
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

function typeComparison(node: Comparison, grammar: FilterGrammar, origin: Origin): Comparison {
  try {
    const column = checkField(grammar, node.field, origin, 0, 0);
    const use = checkOperator(grammar, column, node.operator, origin, 0, 0);
    const maxValues = grammar.limits === "lifted" ? Number.POSITIVE_INFINITY : FILTER_LIMITS.listValues;
    const operand = typeOperand(use, node.operand, origin, maxValues);
    return { kind: "compare", field: node.field, operator: use.token, operand };
  } catch (error) {
    // No text, no position: say at least which comparison it was.
    if (!(error instanceof Fault) || error.data.slug !== "filter-parse-error") throw error;
    throw new Fault({ ...error.data, detail: `${error.data.detail} (in ${node.field}${node.operator}…)` });
  }
}

function typeOperand(use: OperatorUse, operand: Operand, origin: Origin, maxValues: number): Operand {
  const check = (value: Scalar) => checkScalar(use, value, origin, 0, 0);
  if (isList(operand)) {
    if (use.shape === "range") {
      const [from, to, ...more] = operand;
      if (from === undefined || to === undefined || more.length > 0) {
        return refuse(origin, 0, 0, { reason: "syntax", detail: "A range has exactly two values" });
      }
      return typeOperand(use, { from, to }, origin, maxValues);
    }
    if (use.shape !== "list" && use.shape !== "elements") return refuseShape(use, origin, 0, 0);
    if (operand.length > maxValues) refuseLimit(origin, 0, 0, "listValues");
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
