/**
 * The statements of a list: one keyset page ([PG4], NULLs last [QL52]) and its count. Pure text and parameters; running
 * them, and finishing a residual within its budget, is list-rows.ts.
 * The primary key is taken to be NOT NULL, as Ledge creates it.
 */

import type { Json } from "../../src/core/json.ts";
import type { CustomOperators } from "../../src/core/query/custom-operators.ts";
import type { OrderTerm } from "../../src/core/query/order.ts";
import type { Filter } from "../../src/core/query/tree.ts";
import { conjoin } from "../../src/core/query/tree.ts";
import type { ColumnSpec, Row, TableSpec } from "../../src/core/schema/table-spec.ts";
import { columnOf } from "../../src/core/schema/table-spec.ts";
import type { Stored } from "../../src/core/schema/value.ts";
import { encodeValue } from "../../src/core/schema/value.ts";
import { boundedSelect } from "./bounded-select.ts";
import type { CompiledFilter } from "./compile-filter.ts";
import { compileFilter } from "./compile-filter.ts";
import type { SqlFragment } from "./fragment.ts";
import { fragment, joinBalanced, packParams, TRUE } from "./fragment.ts";
import { orderedColumn, quoteColumn, quoteIdentifier } from "./quote-identifier.ts";

/** The hidden column of every user table: seq of the row's last commit. */
export const VERSION_COLUMN = "_version";

export interface Selection {
  readonly table: TableSpec;
  /** All of these: client filter, scope, soft delete. */
  readonly where: readonly Filter[];
  readonly operators?: CustomOperators | undefined;
  /** Compiles a filter, for example through a cache; default: `compileFilter`. */
  readonly compile?: (filter: Filter, table: TableSpec, operators?: CustomOperators) => CompiledFilter;
}

export interface PageRequest extends Selection {
  /** Complete: ends with the primary key. */
  readonly orderBy: readonly OrderTerm[];
  /** Sort key (JSON form) of the row to start after, or null for the beginning. */
  readonly after: readonly Json[] | null;
  readonly limit: number;
  readonly offset: number;
  /** Column names to read; default all. */
  readonly columns?: readonly string[] | undefined;
  /** Which rows the reader may know of: a cursor tells of no other. Default: all that SQL lets through. */
  readonly isInSight?: (() => (row: Row) => boolean) | undefined;
  /** Read the hidden `_version` too. */
  readonly withVersion?: boolean | undefined;
}

export interface Statement {
  readonly text: string;
  readonly params: readonly Stored[];
  /** To be finished in memory; then `limit` and `offset` count rows that SQL lets through. */
  readonly residual: Filter | null;
}

/** A page that ends early where its texts and blobs pass so many bytes; `RUN_COLUMN` comes last and tells. */
export function boundedListStatement(request: PageRequest, maxBytes: number): Statement {
  const { text, ...statement } = listStatement(request);
  const large = request.table.columns.filter(({ kind }) => kind === "text" || kind === "json" || kind === "blob");
  return { ...statement, text: boundedSelect(text, large.map(quoteColumn), maxBytes) };
}

export function listStatement(request: PageRequest): Statement {
  const { table, orderBy, after, limit, offset } = request;
  const { sql, residual } = compileWhere(request);
  const keyset = after === null ? [] : [keysetCondition(table, orderBy, after)];
  const where = joinBalanced([...keyset, ...sql], "AND");
  const order = orderBy.map((term) => orderText(requireColumn(table, term.field), term)).join(", ");
  const text =
    `SELECT ${selectList(request)} FROM ${quoteIdentifier(table.name)} WHERE ${where.text}` +
    ` ORDER BY ${order} LIMIT ?${offset > 0 ? " OFFSET ?" : ""}`;
  const packed = packParams({ text, params: [...where.params, limit, ...(offset > 0 ? [offset] : [])] });
  return { ...packed, residual };
}

/** Counts in the column `count`; with `limitRows`, stops there. Meaningless while `residual` is not null. */
export function countStatement(selection: Selection & { readonly limitRows?: number | undefined }): Statement {
  const { sql, residual } = compileWhere(selection);
  const where = joinBalanced(sql, "AND");
  const from = `FROM ${quoteIdentifier(selection.table.name)} WHERE ${where.text}`;
  const packed =
    selection.limitRows === undefined
      ? packParams({ text: `SELECT count(*) AS count ${from}`, params: where.params })
      : packParams({
          text: `SELECT count(*) AS count FROM (SELECT 1 ${from} LIMIT ?)`,
          params: [...where.params, selection.limitRows],
        });
  return { ...packed, residual };
}

/** The conditions of a selection, to be joined by AND, and what they leave to finish in memory. */
export function compileWhere(selection: Selection): { sql: SqlFragment[]; residual: Filter | null } {
  const { table, where, operators, compile = compileFilter } = selection;
  const filters = where.filter((filter) => filter.kind !== "all").map((filter) => compile(filter, table, operators));
  const residuals = filters.flatMap((filter) => (filter.residual === null ? [] : [filter.residual]));
  return {
    sql: filters.map((filter) => ({ text: filter.sql, params: filter.params })),
    residual: residuals.length === 0 ? null : conjoin(residuals),
  };
}

function selectList(request: PageRequest): string {
  const { table, columns } = request;
  const chosen = columns === undefined ? table.columns : columns.map((name) => requireColumn(table, name));
  const names = chosen.map(quoteColumn);
  if (request.withVersion === true) names.push(quoteIdentifier(VERSION_COLUMN));
  return names.join(", ");
}

/** SQLite sorts NULLs first when ascending; descending they come last by themselves. */
function orderText(column: ColumnSpec, term: OrderTerm): string {
  const expression = orderedColumn(column);
  if (term.direction === "desc") return `${expression} DESC`;
  return column.notNull || column.primaryKey ? expression : `${expression} NULLS LAST`;
}

interface KeyPart {
  readonly expression: string;
  readonly placeholder: string;
  readonly isAscending: boolean;
  readonly isNullable: boolean;
  readonly value: Stored;
}

/**
 * The rows strictly after the key. When no part can be NULL and all run in one direction this is a row value, which seeks
 * in an index over all of them; else a chain of "equal so far, then after", behind a bound on the first part for its index.
 */
function keysetCondition(table: TableSpec, orderBy: readonly OrderTerm[], key: readonly Json[]): SqlFragment {
  const parts = orderBy.map((term, index): KeyPart => {
    const column = requireColumn(table, term.field);
    return {
      expression: orderedColumn(column),
      placeholder: column.kind === "bigint" ? "CAST(? AS INTEGER)" : "?",
      isAscending: term.direction === "asc",
      isNullable: !column.notNull && !column.primaryKey,
      value: encodeValue(column, key[index] ?? null),
    };
  });
  const [first] = parts;
  if (first === undefined) return TRUE;
  const isUniform = parts.every(
    (part) => !part.isNullable && part.value !== null && part.isAscending === first.isAscending,
  );
  if (isUniform) {
    const names = parts.map((part) => part.expression).join(", ");
    const marks = parts.map((part) => part.placeholder).join(", ");
    return fragment(`(${names}) ${first.isAscending ? ">" : "<"} (${marks})`, ...parts.map((part) => part.value));
  }
  return joinBalanced([atOrAfter(first), afterChain(parts, 0)], "AND");
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

function atOrAfter(part: KeyPart): SqlFragment {
  if (part.value === null) return fragment(`${part.expression} IS NULL`);
  const bound = fragment(`${part.expression} ${part.isAscending ? ">=" : "<="} ${part.placeholder}`, part.value);
  return part.isNullable ? joinBalanced([bound, fragment(`${part.expression} IS NULL`)], "OR") : bound;
}

function atKey(part: KeyPart): SqlFragment {
  return part.value === null
    ? fragment(`${part.expression} IS NULL`)
    : fragment(`${part.expression} = ${part.placeholder}`, part.value);
}

function requireColumn(table: TableSpec, name: string): ColumnSpec {
  const column = columnOf(table, name);
  if (column === undefined) throw new TypeError(`${table.name} has no column ${name}`);
  return column;
}
