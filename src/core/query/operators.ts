/**
 * The operators as data: token, alias, shape of the operand, column kinds, what a NULL gives, exact negation.
 * The meanings live in the two interpreters (matches.ts and durable-objects/sql); this table is what the parser,
 * the documentation and the tests read. A new operator is a line here and one entry in each interpreter.
 */

import type { ColumnKind } from "../schema/table-spec.ts";

export type { CustomOperator, CustomOperators } from "./custom-operators.ts";

/**
 * What stands to the right of an operator. `scalar`, `list` and `range` are typed by the column; `element(s)` are any JSON
 * scalars (compared with the elements of a JSON array); `flag` is true or false, `count` an integer ≥ 0.
 */
export type OperandShape = "scalar" | "list" | "range" | "element" | "elements" | "flag" | "text" | "pattern" | "count";

export interface OperatorSpec {
  readonly token: string;
  readonly alias?: string;
  readonly operand: OperandShape;
  readonly kinds: readonly ColumnKind[];
  /** Whether `null` may be (part of) the operand. */
  readonly takesNull: boolean;
  /** Result for a NULL in the column; `operand`: the operand decides. */
  readonly onNull: false | true | "operand";
  /** The operator that is the exact negation. */
  readonly twin?: string;
}

const EVERY = ["text", "int", "real", "bigint", "bool", "time", "json", "blob"] as const;
const SCALAR = ["text", "int", "real", "bigint", "bool", "time"] as const;
const ORDERED = ["text", "int", "real", "bigint", "time"] as const;
const TEXT = ["text"] as const;
const JSON_ONLY = ["json"] as const;
const SIZED = ["text", "json"] as const;

export const OPERATORS = [
  { token: "==", operand: "scalar", kinds: EVERY, takesNull: true, onNull: "operand", twin: "!=" },
  { token: "!=", operand: "scalar", kinds: EVERY, takesNull: true, onNull: "operand", twin: "==" },
  { token: ">", alias: "=gt=", operand: "scalar", kinds: ORDERED, takesNull: false, onNull: false },
  { token: ">=", alias: "=ge=", operand: "scalar", kinds: ORDERED, takesNull: false, onNull: false },
  { token: "<", alias: "=lt=", operand: "scalar", kinds: ORDERED, takesNull: false, onNull: false },
  { token: "<=", alias: "=le=", operand: "scalar", kinds: ORDERED, takesNull: false, onNull: false },
  { token: "=in=", operand: "list", kinds: SCALAR, takesNull: true, onNull: "operand", twin: "=out=" },
  { token: "=out=", operand: "list", kinds: SCALAR, takesNull: true, onNull: "operand", twin: "=in=" },
  { token: "=between=", operand: "range", kinds: ORDERED, takesNull: false, onNull: false, twin: "=nbetween=" },
  { token: "=nbetween=", operand: "range", kinds: ORDERED, takesNull: false, onNull: true, twin: "=between=" },
  { token: "=isnull=", operand: "flag", kinds: EVERY, takesNull: false, onNull: "operand" },
  { token: "=isempty=", operand: "flag", kinds: EVERY, takesNull: false, onNull: "operand" },
  { token: "%=", operand: "pattern", kinds: TEXT, takesNull: false, onNull: false, twin: "!%=" },
  { token: "!%=", operand: "pattern", kinds: TEXT, takesNull: false, onNull: true, twin: "%=" },
  { token: "=ilike=", operand: "pattern", kinds: TEXT, takesNull: false, onNull: false, twin: "=nilike=" },
  { token: "=nilike=", operand: "pattern", kinds: TEXT, takesNull: false, onNull: true, twin: "=ilike=" },
  { token: "=contains=", operand: "text", kinds: TEXT, takesNull: false, onNull: false },
  { token: "=icontains=", operand: "text", kinds: TEXT, takesNull: false, onNull: false },
  { token: "=startswith=", operand: "text", kinds: TEXT, takesNull: false, onNull: false },
  { token: "=istartswith=", operand: "text", kinds: TEXT, takesNull: false, onNull: false },
  { token: "=endswith=", operand: "text", kinds: TEXT, takesNull: false, onNull: false },
  { token: "=iendswith=", operand: "text", kinds: TEXT, takesNull: false, onNull: false },
  { token: "=ieq=", operand: "text", kinds: TEXT, takesNull: false, onNull: false, twin: "=ine=" },
  { token: "=ine=", operand: "text", kinds: TEXT, takesNull: false, onNull: true, twin: "=ieq=" },
  { token: "=length=", operand: "count", kinds: SIZED, takesNull: false, onNull: false },
  { token: "=minlength=", operand: "count", kinds: SIZED, takesNull: false, onNull: false },
  { token: "=maxlength=", operand: "count", kinds: SIZED, takesNull: false, onNull: false },
  { token: "=has=", operand: "element", kinds: JSON_ONLY, takesNull: true, onNull: false },
  { token: "=hasall=", operand: "elements", kinds: JSON_ONLY, takesNull: true, onNull: false },
  { token: "=within=", operand: "elements", kinds: JSON_ONLY, takesNull: true, onNull: false },
  { token: "=overlaps=", operand: "elements", kinds: JSON_ONLY, takesNull: true, onNull: false },
] as const satisfies readonly OperatorSpec[];

export type OperatorToken = (typeof OPERATORS)[number]["token"];

/** Known names without a meaning yet: `operator-not-allowed` everywhere, and no custom operator may take them. */
export const RESERVED_OPERATORS: ReadonlySet<string> = new Set(["=regex=", "=iregex=", "=hasjson="]);

const byToken = new Map<string, OperatorSpec & { readonly token: OperatorToken }>();
for (const operator of OPERATORS) {
  byToken.set(operator.token, operator);
  if ("alias" in operator) byToken.set(operator.alias, operator);
}

/** The built-in operator of that token or alias. */
export function builtinOperator(token: string): (OperatorSpec & { readonly token: OperatorToken }) | undefined {
  return byToken.get(token);
}
