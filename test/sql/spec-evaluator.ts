/**
 * A third reading of the truth table, written from the specification alone and as plainly as possible: it shares no code with
 * the interpreters it judges (only the tree's types). Slow on purpose: BigInt, code point arrays, backtracking patterns.
 */

import type { Json } from "../../src/core/json.ts";
import type { Filter, Operand, Range, Scalar } from "../../src/core/query/tree.ts";
import type { ColumnSpec, Row, TableSpec } from "../../src/core/schema/table-spec.ts";

export function specSays(filter: Filter, row: Row, table: TableSpec): boolean {
  switch (filter.kind) {
    case "all":
      return true;
    case "and":
      return filter.terms.reduce((held, term) => held && specSays(term, row, table), true);
    case "or":
      return filter.terms.reduce((held, term) => held || specSays(term, row, table), false);
    case "not":
      return !specSays(filter.term, row, table);
    case "compare": {
      const column = table.columns.find((spec) => spec.name === filter.field);
      if (column === undefined) throw new Error(filter.field);
      const value = row[filter.field] ?? null;
      return compareBySpec(value, filter.operator, filter.operand, column);
    }
  }
}

/** Sign of the difference, or null when one is NULL. Exact for every kind. */
function order(value: Json, literal: Scalar, column: ColumnSpec): number | null {
  if (value === null || literal === null) return null;
  switch (column.kind) {
    case "text":
      return orderTexts(points(String(value)), points(String(literal)));
    case "int":
    case "real":
      return Number(value) < Number(literal) ? -1 : Number(value) > Number(literal) ? 1 : 0;
    case "bigint": {
      const difference = BigInt(value as string) - BigInt(literal as string | number);
      return difference < 0n ? -1 : difference > 0n ? 1 : 0;
    }
    case "bool":
      return Number(value) - Number(literal);
    case "time":
      return Math.sign(instant(value as string) - instant(literal as string | number));
    default:
      throw new Error(column.kind);
  }
}

function instant(value: string | number): number {
  if (typeof value === "number") return value;
  const [, date = "", clock = "00:00:00", zone = "Z"] =
    /^(\d{4}-\d\d-\d\d)(?:T([\d:.]+)(Z|[+-]\d\d:\d\d)?)?$/.exec(value) ?? [];
  const [whole = "", fraction = ""] = clock.split(".");
  const full = whole.length === 5 ? `${whole}:00` : whole;
  return Date.parse(`${date}T${full}.${fraction.slice(0, 3).padEnd(3, "0")}${zone}`);
}

function points(text: string): number[] {
  return [...text].map((char) => char.codePointAt(0) ?? 0);
}

function orderTexts(a: number[], b: number[]): number {
  for (let index = 0; index < a.length && index < b.length; index++) {
    if (a[index] !== b[index]) return (a[index] ?? 0) < (b[index] ?? 0) ? -1 : 1;
  }
  return Math.sign(a.length - b.length);
}

function lower(list: number[]): number[] {
  return list.map((point) => (point >= 65 && point <= 90 ? point + 32 : point));
}

function like(value: number[], pattern: number[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return value.length === 0;
  if (head === 37) return like(value, rest) || (value.length > 0 && like(value.slice(1), pattern));
  if (value.length === 0) return false;
  if (head === 95) return like(value.slice(1), rest);
  const literal = head === 92 ? rest[0] : head;
  return value[0] === literal && like(value.slice(1), head === 92 ? rest.slice(1) : rest);
}

function within(part: number[], whole: number[]): boolean {
  return whole.concat(0).some((_, start) => same(whole.slice(start, start + part.length), part));
}

function same(a: number[], b: number[]): boolean {
  return a.length === b.length && orderTexts(a, b) === 0;
}

function sameElement(element: Json, listed: Scalar): boolean {
  return typeof element === typeof listed && element === listed;
}

function compareBySpec(value: Json, operator: string, operand: Operand, column: ColumnSpec): boolean {
  const scalar = operand as Scalar;
  const list = operand as readonly Scalar[];
  const range = operand as Range;
  const text = value === null || column.kind !== "text" ? null : points(value as string);
  const x = typeof operand === "string" ? points(operand) : [];
  const elements = Array.isArray(value) ? (value as Json[]) : null;
  const size = column.kind === "text" ? (text?.length ?? null) : (elements?.length ?? null);
  const textual = (test: (v: number[], x: number[]) => boolean, folded = false) =>
    text !== null && (folded ? test(lower(text), lower(x)) : test(text, x));
  const isOrdered = (wanted: (sign: number) => boolean) => {
    const sign = order(value, scalar, column);
    return sign !== null && wanted(sign);
  };
  const isIn = () => (value === null ? list.includes(null) : list.some((item) => order(value, item, column) === 0));
  const isBetween = () => {
    const [low, high] = [order(value, range.from, column), order(value, range.to, column)];
    return low !== null && high !== null && low >= 0 && high <= 0;
  };
  switch (operator) {
    case "==":
      return scalar === null ? value === null : isOrdered((sign) => sign === 0);
    case "!=":
      return scalar === null ? value !== null : !isOrdered((sign) => sign === 0);
    case ">":
      return isOrdered((sign) => sign > 0);
    case ">=":
      return isOrdered((sign) => sign >= 0);
    case "<":
      return isOrdered((sign) => sign < 0);
    case "<=":
      return isOrdered((sign) => sign <= 0);
    case "=in=":
      return isIn();
    case "=out=":
      return !isIn();
    case "=between=":
      return isBetween();
    case "=nbetween=":
      return !isBetween();
    case "=isnull=":
      return value === null ? operand === true : operand === false;
    case "=isempty=": {
      if (value === null) return operand === true;
      const isEmpty =
        (column.kind === "text" || column.kind === "json") && ['""', "[]", "{}"].includes(JSON.stringify(value));
      return isEmpty === operand;
    }
    case "%=":
      return textual(like);
    case "!%=":
      return !textual(like);
    case "=ilike=":
      return textual(like, true);
    case "=nilike=":
      return !textual(like, true);
    case "=contains=":
    case "=icontains=":
      return textual((v, part) => within(part, v), operator === "=icontains=");
    case "=startswith=":
    case "=istartswith=":
      return textual((v, part) => same(v.slice(0, part.length), part), operator === "=istartswith=");
    case "=endswith=":
    case "=iendswith=":
      return textual(
        (v, part) => v.length >= part.length && same(v.slice(v.length - part.length), part),
        operator === "=iendswith=",
      );
    case "=ieq=":
      return textual(same, true);
    case "=ine=":
      return !textual(same, true);
    case "=length=":
      return size !== null && size === operand;
    case "=minlength=":
      return size !== null && size >= Number(operand);
    case "=maxlength=":
      return size !== null && size <= Number(operand);
    case "=has=":
      return elements?.some((element) => sameElement(element, scalar)) ?? false;
    case "=hasall=":
      return elements !== null && list.every((item) => elements.some((element) => sameElement(element, item)));
    case "=within=":
      return elements?.every((element) => list.some((item) => sameElement(element, item))) ?? false;
    case "=overlaps=":
      return elements?.some((element) => list.some((item) => sameElement(element, item))) ?? false;
    default:
      throw new Error(operator);
  }
}
