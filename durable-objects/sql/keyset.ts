/**
 * Where a page goes on and in which order it runs ([PG4], NULLs last [QL52]), as conditions and an ORDER BY that an index can serve.
 * NULLs of the leading column lie at the other end of its index, so the rows after a key are up to two stretches, each sought by itself:
 * those with a value there, then those without. Pure text and parameters; list-statement.ts makes statements of them.
 * The primary key is taken to be NOT NULL, as Ledge creates it, and to end every order.
 */

import type { Json } from "../../src/core/json.ts";
import { requireColumn } from "../../src/core/query/grouping.ts";
import type { OrderTerm } from "../../src/core/query/order.ts";
import type { TableSpec } from "../../src/core/schema/table-spec.ts";
import type { Stored } from "../../src/core/schema/value.ts";
import { encodeValue } from "../../src/core/schema/value.ts";
import type { SqlFragment } from "./fragment.ts";
import { fragment, joinBalanced } from "./fragment.ts";
import { orderedColumn } from "./quote-identifier.ts";

/** Rows that lie together in the order: all of one stretch come before those of the next. */
export interface Stretch {
  /** To be joined by AND. */
  readonly where: readonly SqlFragment[];
  /** What follows ORDER BY. */
  readonly orderBy: string;
}

/** The rows after the key, which has one value for each term, or all rows: what a page is cut from, in order. */
export function stretchesAfter(
  table: TableSpec,
  orderBy: readonly OrderTerm[],
  after: readonly Json[] | null,
): readonly Stretch[] {
  const parts = orderBy.map((term, index): KeyPart => {
    const column = requireColumn(table, term.field);
    return {
      expression: orderedColumn(column),
      placeholder: column.kind === "bigint" ? "CAST(? AS INTEGER)" : "?",
      isAscending: term.direction === "asc",
      isNullable: !column.notNull && !column.primaryKey,
      value: encodeValue(column, after?.[index] ?? null),
    };
  });
  // From the beginning SQLite runs through values and NULLs by itself, and in an index when there is one.
  return after === null ? [{ where: [], orderBy: orderText(parts) }] : stretches([], parts);
}

interface KeyPart {
  readonly expression: string;
  readonly placeholder: string;
  readonly isAscending: boolean;
  readonly isNullable: boolean;
  readonly value: Stored;
}

/** `nulls` are conditions on the terms before, which are NULL in every row and so order nothing. */
function stretches(nulls: readonly SqlFragment[], parts: readonly KeyPart[]): readonly Stretch[] {
  const [first, ...rest] = parts;
  if (first === undefined) return [];
  if (!first.isNullable) return [{ where: [...nulls, afterKey(parts, first)], orderBy: orderText(parts) }];
  const withoutValue = [...nulls, fragment(`${first.expression} IS NULL`)];
  if (first.value === null) return stretches(withoutValue, rest);
  const present = { ...first, isNullable: false };
  const valued = [present, ...rest];
  return [
    { where: [...nulls, afterKey(valued, present)], orderBy: orderText(valued) },
    { where: withoutValue, orderBy: orderText(rest) },
  ];
}

/** SQLite sorts NULLs first when ascending; descending they come last by themselves. */
function orderText(parts: readonly KeyPart[]): string {
  return parts
    .map(({ expression, isAscending, isNullable }) => {
      if (!isAscending) return `${expression} DESC`;
      return isNullable ? `${expression} NULLS LAST` : expression;
    })
    .join(", ");
}

/**
 * The rows strictly after the key; `first` is not NULL in them. When no part can be NULL and all run in one direction this is a row
 * value, which seeks in an index over all of them; else a chain of "equal so far, then after", behind a bound on the first part for its index.
 */
function afterKey(parts: readonly KeyPart[], first: KeyPart): SqlFragment {
  const isUniform = parts.every(
    (part) => !part.isNullable && part.value !== null && part.isAscending === first.isAscending,
  );
  if (isUniform) {
    const names = parts.map((part) => part.expression).join(", ");
    const marks = parts.map((part) => part.placeholder).join(", ");
    return fragment(`(${names}) ${first.isAscending ? ">" : "<"} (${marks})`, ...parts.map((part) => part.value));
  }
  const bound = fragment(`${first.expression} ${first.isAscending ? ">=" : "<="} ${first.placeholder}`, first.value);
  return joinBalanced([bound, afterChain(parts, 0)], "AND");
}

function afterChain(parts: readonly KeyPart[], index: number): SqlFragment {
  const part = parts[index];
  if (part === undefined) return fragment("0");
  const rest = parts.length === index + 1 ? [] : [joinBalanced([atKey(part), afterChain(parts, index + 1)], "AND")];
  return joinBalanced([...strictlyAfter(part), ...rest], "OR");
}

/** Nothing comes after NULL; NULL comes after everything else. */
function strictlyAfter(part: KeyPart): SqlFragment[] {
  if (part.value === null) return [];
  const after = fragment(`${part.expression} ${part.isAscending ? ">" : "<"} ${part.placeholder}`, part.value);
  return part.isNullable ? [after, fragment(`${part.expression} IS NULL`)] : [after];
}

function atKey(part: KeyPart): SqlFragment {
  return part.value === null
    ? fragment(`${part.expression} IS NULL`)
    : fragment(`${part.expression} = ${part.placeholder}`, part.value);
}
