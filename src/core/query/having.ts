/**
 * `having=count>=5;sum_amount>100` ([AG5]): comparisons of aliases with literals, joined by AND. Parsed and typed here, and
 * tested against groups in memory; the SQL of the same is durable-objects/sql/having-fragment.ts, with equal answers about equal groups.
 * A missing metric and a NULL key satisfy `!=` only.
 */

import { Fault, invalidField } from "../fault.ts";
import type { ColumnSpec, TableSpec } from "../schema/table-spec.ts";
import { codePointLength } from "../schema/value.ts";
import { compareValues } from "./compare-values.ts";
import {
  type AliasPlace,
  aliasPlace,
  type Grouping,
  type GroupResult,
  isMissing,
  type MetricValue,
  requireColumn,
} from "./grouping.ts";
import { literalForm, literalValue, typedLiteral } from "./literal.ts";
import { builtinOperator } from "./operators.ts";
import {
  readField,
  readNumber,
  readOperator,
  readString,
  readWord,
  type Source,
  skipSpace,
  tokenEnd,
} from "./tokenize.ts";

export const HAVING_OPERATORS = ["==", "!=", ">", ">=", "<", "<="] as const;
export type HavingOperator = (typeof HAVING_OPERATORS)[number];
export type HavingLiteral = string | number | boolean;

export interface HavingTerm {
  readonly alias: string;
  readonly operator: HavingOperator;
  /** As written; its type comes from what it is compared with. */
  readonly literal: HavingLiteral;
}

/** Two bounds for each of five keys and twenty metrics: more says nothing new, and a statement has an end (100 KB). */
export const MAX_HAVING_TERMS = 50;
/** A sum of 2^31 rows of 2^53 has 26 digits. */
const WHOLE = /^-?(?:0|[1-9][0-9]{0,39})$/;

/** Parses and types the parameter; throws `validation-error` on the field `having`. */
export function parseHaving(text: string | undefined, grouping: Grouping, table: TableSpec): HavingTerm[] {
  if (text === undefined) return [];
  try {
    return readTerms({ text, parameter: "having", at: 0 }, grouping, table);
  } catch (error) {
    if (!(error instanceof Fault) || error.data.slug !== "filter-parse-error") throw error;
    const { position, detail, reason } = error.data;
    throw invalidField("having", `cannot be read at character ${position}: ${detail}`, reason);
  }
}

/** The terms as one test of a group. */
export function havingTest(
  having: readonly HavingTerm[],
  grouping: Grouping,
  table: TableSpec,
): (group: GroupResult) => boolean {
  const tests = having.map((term) => termTest(term, grouping, table));
  return (group) => tests.every((test) => test(group));
}

/** What a term compares. */
export interface HavingSubject {
  readonly place: AliasPlace;
  /** The column whose rules type the literal; null: a number. */
  readonly column: ColumnSpec | null;
  /** A sum of int, which may be compared with digits too. */
  readonly isWholeSum: boolean;
}

/** Throws `validation-error` for an alias that was not asked for. */
export function havingSubject(alias: string, grouping: Grouping, table: TableSpec): HavingSubject {
  const place = aliasPlace(grouping, alias);
  if (place === null) throw invalidField("having", `names an unknown field: ${alias}`);
  if (place.kind === "count") return { place, column: null, isWholeSum: false };
  if (place.kind === "key") {
    return { place, column: requireColumn(table, grouping.groupBy[place.index]), isWholeSum: false };
  }
  const metric = grouping.metrics[place.index];
  const column = requireColumn(table, metric?.field);
  const isExtreme = metric?.fn === "min" || metric?.fn === "max";
  return { place, column: isExtreme ? column : null, isWholeSum: metric?.fn === "sum" && column.kind === "int" };
}

function readTerms(source: Source, grouping: Grouping, table: TableSpec): HavingTerm[] {
  const terms: HavingTerm[] = [];
  for (;;) {
    if (terms.length === MAX_HAVING_TERMS)
      throw invalidField("having", `has more than ${MAX_HAVING_TERMS} comparisons`, "limit");
    terms.push(readTerm(source, grouping, table));
    skipSpace(source);
    if (source.at === source.text.length) return terms;
    if (source.text.charAt(source.at) !== ";") throw malformed(source, "a ; is expected between comparisons");
    source.at++;
  }
}

function readTerm(source: Source, grouping: Grouping, table: TableSpec): HavingTerm {
  skipSpace(source);
  const alias = readField(source);
  if (alias === "") throw malformed(source, "an alias is expected");
  const subject = havingSubject(alias, grouping, table);
  skipSpace(source);
  const token = readOperator(source, () => HAVING_OPERATORS);
  const operator = HAVING_OPERATORS.find((known) => known === token);
  if (operator === undefined)
    throw invalidField("having", `takes ${HAVING_OPERATORS.join(" ")}, not ${token}`, "operator-not-allowed");
  skipSpace(source);
  const literal = readLiteral(source);
  checkLiteral(alias, operator, literal, subject);
  return { alias, operator, literal };
}

function readLiteral(source: Source): HavingLiteral {
  const first = source.text.charAt(source.at);
  if (first === '"') return readString(source);
  if (first === "-" || (first >= "0" && first <= "9")) return readNumber(source);
  const start = source.at;
  const word = readWord(source);
  if (word === "true" || word === "false") return word === "true";
  source.at = start;
  if (word === "null")
    throw invalidField("having", "cannot compare with null: what is missing satisfies != alone", "type");
  throw malformed(source, "a number, a text in double quotes, true or false is expected");
}

function checkLiteral(
  alias: string,
  operator: HavingOperator,
  literal: HavingLiteral,
  { column, isWholeSum }: HavingSubject,
): void {
  if (column === null) {
    const isNumber = typeof literal === "number" || (isWholeSum && typeof literal === "string" && WHOLE.test(literal));
    const form = isWholeSum ? "a number, or an integer as digits in double quotes" : "a number";
    if (!isNumber) throw invalidField("having", `the value for ${alias} must be ${form}`, "type");
    return;
  }
  const isComparable = column.kind !== "json" && column.kind !== "blob";
  if (!isComparable || builtinOperator(operator)?.kinds.includes(column.kind) !== true) {
    throw invalidField("having", `cannot compare ${alias} by ${operator}: it is of kind ${column.kind}`, "type");
  }
  if (literalValue(column, literal) === undefined)
    throw invalidField("having", `the value for ${alias} must be ${literalForm(column)}`, "type");
}

function malformed(source: Source, expected: string): Fault {
  const found = source.text.slice(source.at, tokenEnd(source));
  const position = codePointLength(source.text.slice(0, source.at));
  const instead = found === "" ? "the text ends" : `not ${found}`;
  return invalidField("having", `cannot be read at character ${position}: ${expected}, ${instead}`, "syntax");
}

function termTest(
  { alias, operator, literal }: HavingTerm,
  grouping: Grouping,
  table: TableSpec,
): (group: GroupResult) => boolean {
  const { place, column } = havingSubject(alias, grouping, table);
  const compare = column === null ? numberComparison(literal) : valueComparison(column, literal);
  return (group) => {
    const value = valueAt(group, place);
    return typeof value !== "bigint" && isMissing(value) ? operator === "!=" : holds(operator, compare(value));
  };
}

function valueAt(group: GroupResult, place: AliasPlace): MetricValue {
  if (place.kind === "count") return group.count;
  return (place.kind === "key" ? group.key : group.metrics)[place.index] as MetricValue;
}

type Comparison = (value: MetricValue) => number;

/** bigint against number is compared exactly by the language. */
function numberComparison(literal: HavingLiteral): Comparison {
  const bound = typeof literal === "string" ? BigInt(literal) : Number(literal);
  return (value) => {
    const number = value as number | bigint;
    return number < bound ? -1 : number > bound ? 1 : 0;
  };
}

function valueComparison(column: ColumnSpec, literal: HavingLiteral): Comparison {
  const bound = typedLiteral(column, literal);
  const compare = compareValues(column.kind);
  return (value) => compare(value as Exclude<MetricValue, bigint>, bound);
}

function holds(operator: HavingOperator, order: number): boolean {
  switch (operator) {
    case "==":
      return order === 0;
    case "!=":
      return order !== 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
  }
}
