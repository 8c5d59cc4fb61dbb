/**
 * The template `` rsql`authorId==${id};status=in=${["a", "b"]}` `` ([QL46]): a filter as a tree, never as text. An interpolated
 * value enters the parser as a finished token, so no value can change the shape around it ([QL47]).
 * The tree is untyped; whoever takes it (scope, builder, list call) checks it against its table with `typeFilter`.
 */

import { isCleanText } from "../schema/value.ts";
import { FILTER_LIMITS } from "./grammar.ts";
import { parseUntyped } from "./parse.ts";
import type { HoleValue } from "./reader.ts";
import { HOLE } from "./tokenize.ts";
import type { Filter, Scalar } from "./tree.ts";
import { isFilter, isScalar } from "./tree.ts";

const IDENT = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A field name for a template, made by `rsql.field`. */
export class FieldName {
  readonly name: string;

  constructor(name: string) {
    if (!IDENT.test(name)) throw new TypeError(`${JSON.stringify(name)} cannot be a field name`);
    this.name = name;
  }
}

/** What may stand as a value in code: a literal, or something that has exactly one literal form. */
export type ScalarInput = Scalar | bigint | Date;
export type TemplateValue = ScalarInput | readonly ScalarInput[] | Filter | FieldName;

export interface Rsql {
  (strings: TemplateStringsArray, ...values: readonly TemplateValue[]): Filter;
  /** A field name, checked: letters, digits and `_`, not beginning with a digit. */
  readonly field: (name: string) => FieldName;
}

/** Throws TypeError for a value that has no literal form, `filter-parse-error` when the template itself cannot be read. */
export const rsql: Rsql = Object.assign(
  (strings: TemplateStringsArray, ...values: readonly TemplateValue[]): Filter => {
    if (strings.some((part) => part.includes(HOLE))) throw new TypeError("A filter cannot contain U+0000");
    return parseUntyped(strings.join(HOLE), values.map(holeValue));
  },
  { field: (name: string) => new FieldName(name) },
);

/** The literal of a value: bigint as digits, Date as ISO text. TypeError for all that has none, ill-formed text included ([QL20]). */
export function scalarOf(value: unknown): Scalar {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Date && Number.isFinite(value.getTime())) return value.toISOString();
  if (typeof value === "string" && !isCleanText(value))
    throw new TypeError("Text in a filter must be well-formed Unicode without U+0000");
  if (isScalar(value)) return Object.is(value, -0) ? 0 : value;
  throw new TypeError(`${describe(value)} cannot be a value in a filter`);
}

function holeValue(value: unknown): HoleValue {
  if (value instanceof FieldName) return { kind: "field", name: value.name };
  if (Array.isArray(value)) {
    if (value.length > FILTER_LIMITS.listValues)
      throw new TypeError(`A list in a filter has at most ${FILTER_LIMITS.listValues} values, not ${value.length}`);
    return { kind: "operand", operand: value.map(scalarOf) };
  }
  if (isFilter(value)) return { kind: "filter", filter: value };
  return { kind: "operand", operand: scalarOf(value) };
}

function describe(value: unknown): string {
  return typeof value === "object" && value !== null ? "This object" : String(value);
}
