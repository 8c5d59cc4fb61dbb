/**
 * One comparison as SQL. A leaf yields 0 or 1 for every row, never NULL ([QL22]); an inexact one comes as a pair of bounds
 * around the truth, which the tree compiler chooses from by the number of negations above it.
 * Forms are chosen so that an index serves them: `c = ?`, `c IS ?`, `(c > ? AND c IS NOT NULL)`, a range for a prefix.
 */

import type { CustomOperator } from "../../src/core/query/custom-operators.ts";
import { typedLiteral } from "../../src/core/query/literal.ts";
import type { OperatorToken } from "../../src/core/query/operators.ts";
import type { Comparison, Range, Scalar } from "../../src/core/query/tree.ts";
import type { ColumnSpec } from "../../src/core/schema/table-spec.ts";
import type { Stored } from "../../src/core/schema/value.ts";
import { encodeValue } from "../../src/core/schema/value.ts";
import type { SqlFragment } from "./fragment.ts";
import { FALSE, fragment, jsonParam, TRUE } from "./fragment.ts";
import { jsonLeaf, sizeOfArrayLeaf } from "./leaf-json.ts";
import { patternLeaf, textLeaf } from "./leaf-text.ts";
import { comparedColumn, orderedColumn, quoteColumn } from "./quote-identifier.ts";

/** `exact`: both bounds are the truth. Otherwise `upper` is true wherever the leaf is, and `lower` nowhere else. */
export type Leaf =
  | { readonly kind: "exact"; readonly sql: SqlFragment }
  | { readonly kind: "inexact"; readonly upper: SqlFragment; readonly lower: SqlFragment };

export function exact(sql: SqlFragment): Leaf {
  return { kind: "exact", sql };
}

/** The leaf of a built-in operator. */
export function builtinLeaf(operator: OperatorToken, filter: Comparison, column: ColumnSpec): Leaf {
  const { operand } = filter;
  const name = quoteColumn(column);
  switch (operator) {
    case "==":
    case "!=": {
      if (operand === null) return exact(fragment(`${name} IS ${operator === "==" ? "" : "NOT "}NULL`));
      return exact(
        fragment(`${comparedColumn(column)} ${equality(operator, column)} ?`, stored(column, operand as Scalar)),
      );
    }
    case ">":
    case ">=":
    case "<":
    case "<=":
      return exact(
        orNotNull(column, `${orderedColumn(column)} ${operator} ${bound(column)}`, [stored(column, operand as Scalar)]),
      );
    case "=in=":
    case "=out=":
      return exact(memberLeaf(operator, operand as readonly Scalar[], column));
    case "=between=":
    case "=nbetween=":
      return exact(rangeLeaf(operator, operand as Range, column));
    case "=isnull=":
      return exact(fragment(`${name} IS ${operand === true ? "" : "NOT "}NULL`));
    case "=isempty=":
      return exact(emptyLeaf(column, operand === true));
    case "=length=":
    case "=minlength=":
    case "=maxlength=": {
      const test = operator === "=length=" ? "=" : operator === "=minlength=" ? ">=" : "<=";
      if (column.kind === "json") return exact(sizeOfArrayLeaf(column, test, operand as number));
      return exact(orNotNull(column, `length(${name}) ${test} ?`, [operand as number]));
    }
    case "=has=":
      return exact(jsonLeaf("=overlaps=", [operand as Scalar], column));
    case "=hasall=":
    case "=within=":
    case "=overlaps=":
      return exact(jsonLeaf(operator, operand as readonly Scalar[], column));
    case "%=":
    case "!%=":
    case "=ilike=":
    case "=nilike=":
      return patternLeaf(operator, operand as string, column);
    default:
      return exact(textLeaf(operator, operand as string, column));
  }
}

/** The leaf of an application's operator ([QL45]). */
export function customLeaf(operator: CustomOperator, filter: Comparison, column: ColumnSpec): Leaf {
  if (operator.sql === undefined) return { kind: "inexact", upper: TRUE, lower: FALSE };
  const { text, params } = operator.sql(quoteColumn(column), filter.operand);
  const sql = { text: `((${text}) IS TRUE)`, params };
  return operator.exact === true ? exact(sql) : { kind: "inexact", upper: sql, lower: FALSE };
}

/** A condition that may be NULL only where the column is, made 0 there. */
export function orNotNull(column: ColumnSpec, text: string, params: readonly Stored[]): SqlFragment {
  return { text: column.notNull ? `(${text})` : `(${text} AND ${quoteColumn(column)} IS NOT NULL)`, params };
}

/** The same, made 1 there. */
export function orNull(column: ColumnSpec, text: string, params: readonly Stored[]): SqlFragment {
  return { text: column.notNull ? `(${text})` : `(${text} OR ${quoteColumn(column)} IS NULL)`, params };
}

/** `IS` is never NULL, and an index serves it; `=` tells the planner more where there is no NULL. */
function equality(operator: "==" | "!=", column: ColumnSpec): string {
  if (column.notNull) return operator === "==" ? "=" : "<>";
  return operator === "==" ? "IS" : "IS NOT";
}

function stored(column: ColumnSpec, literal: Scalar): Stored {
  return encodeValue(column, typedLiteral(column, literal));
}

/** The placeholder to compare an ordered column with. */
function bound(column: ColumnSpec): string {
  return column.kind === "bigint" ? "CAST(? AS INTEGER)" : "?";
}

/** A list is one JSON parameter, whatever its length; a NULL member is a condition of its own. */
function memberLeaf(operator: "=in=" | "=out=", operand: readonly Scalar[], column: ColumnSpec): SqlFragment {
  const members = operand.filter((item) => item !== null).map((item) => stored(column, item));
  const hasNull = members.length < operand.length;
  const text = `${comparedColumn(column)} ${operator === "=in=" ? "IN" : "NOT IN"} (SELECT value FROM json_each(?))`;
  const takesNull = (operator === "=in=") === hasNull;
  return (takesNull ? orNull : orNotNull)(column, text, [jsonParam(members)]);
}

function rangeLeaf(operator: "=between=" | "=nbetween=", operand: Range, column: ColumnSpec): SqlFragment {
  const name = orderedColumn(column);
  const params = [stored(column, operand.from), stored(column, operand.to)];
  return operator === "=between="
    ? orNotNull(column, `${name} >= ${bound(column)} AND ${name} <= ${bound(column)}`, params)
    : orNull(column, `${name} < ${bound(column)} OR ${name} > ${bound(column)}`, params);
}

function emptyLeaf(column: ColumnSpec, wanted: boolean): SqlFragment {
  const name = quoteColumn(column);
  switch (column.kind) {
    case "text":
      return wanted
        ? orNull(column, `${comparedColumn(column)} = ''`, [])
        : orNotNull(column, `${comparedColumn(column)} <> ''`, []);
    case "json": {
      const list = `('[]','{}','""')`;
      return wanted
        ? orNull(column, `json(${name}) IN ${list}`, [])
        : orNotNull(column, `json(${name}) NOT IN ${list}`, []);
    }
    default:
      return fragment(`${name} IS ${wanted ? "" : "NOT "}NULL`);
  }
}
