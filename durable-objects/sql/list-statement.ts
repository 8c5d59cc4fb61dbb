/**
 * The statements of a list: one page, and its count. Pure text and parameters. Where the page goes on is keyset.ts; running the
 * statements is read-page.ts, and finishing a residual within its budget list-rows.ts.
 */

import type { Json } from "../../src/core/json.ts";
import type { CustomOperators } from "../../src/core/query/custom-operators.ts";
import { requireColumn } from "../../src/core/query/grouping.ts";
import type { OrderTerm } from "../../src/core/query/order.ts";
import type { Filter } from "../../src/core/query/tree.ts";
import { conjoin } from "../../src/core/query/tree.ts";
import type { Row, TableSpec } from "../../src/core/schema/table-spec.ts";
import type { Stored } from "../../src/core/schema/value.ts";
import { boundedSelect } from "./bounded-select.ts";
import type { CompiledFilter, CompileFilter } from "./compile-filter.ts";
import { compileFilter } from "./compile-filter.ts";
import type { SqlFragment } from "./fragment.ts";
import { joinBalanced, packParams } from "./fragment.ts";
import { stretchesAfter } from "./keyset.ts";
import { quoteColumn, quoteIdentifier } from "./quote-identifier.ts";
import { MAX_SCANNED_BYTES } from "./text-scans.ts";
import type { TextSizes } from "./text-sizes.ts";

/** The hidden column of every user table: seq of the row's last commit. */
export const VERSION_COLUMN = "_version";

export interface Selection {
  readonly table: TableSpec;
  /** All of these: client filter, scope, soft delete. */
  readonly where: readonly Filter[];
  readonly operators?: CustomOperators | undefined;
  /** Compiles a filter, for example through a cache; default: `compileFilter`. */
  readonly compile?: CompileFilter;
  /** In which order rows are walked that SQL cannot decide, no two alike in it. Default: by the key. */
  readonly walkOrder?: readonly OrderTerm[];
  /** How much text the table holds; without it SQL may walk any amount. */
  readonly textSizes?: TextSizes;
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
  /** To be finished in memory; then limits count rows that SQL lets through. */
  readonly residual: Filter | null;
}

/** How much of the order one statement reads. */
export interface Room {
  readonly limitRows: number;
  /** The rows end with the one that passes so many bytes of texts and blobs; `RUN_COLUMN` comes last and tells. Null: unbounded. */
  readonly maxBytes: number | null;
}

/** A page as the statements that read it (read-page.ts): each goes on where the one before has no more rows. */
export interface PagePlan {
  readonly statements: readonly ((room: Room) => SqlFragment)[];
  /** As in `Statement`. */
  readonly residual: Filter | null;
}

export function planPage(request: Omit<PageRequest, "limit">): PagePlan {
  const { table, orderBy, after, offset } = request;
  if (after !== null && offset > 0) throw new TypeError("A page is found by its key or by an offset, not by both");
  const { sql, residual } = compileWhere(request);
  const select = `SELECT ${selectList(request)} FROM ${quoteIdentifier(table.name)}`;
  const large = table.columns.filter(({ kind }) => kind === "text" || kind === "json" || kind === "blob");
  const statements = stretchesAfter(table, orderBy, after).map((stretch) => {
    const where = joinBalanced([...stretch.where, ...sql], "AND");
    const start = `${select} WHERE ${where.text} ORDER BY ${stretch.orderBy} LIMIT ?${offset > 0 ? " OFFSET ?" : ""}`;
    return ({ limitRows, maxBytes }: Room): SqlFragment => {
      const skip = offset > 0 ? [offset] : [];
      const { text, params } = packParams({ text: start, params: [...where.params, limitRows, ...skip] });
      return { text: maxBytes === null ? text : boundedSelect(text, large.map(quoteColumn), maxBytes), params };
    };
  });
  return { statements, residual };
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
  const { table, where, operators, compile = compileFilter, textSizes } = selection;
  const terms = where.filter((filter) => filter.kind !== "all");
  let filters = terms.map((filter) => compile(filter, table, operators));
  const walking = filters.filter(({ walks }) => walks.size > 0);
  if (textSizes !== undefined && walking.length > 0) {
    const inMemory = () => terms.map((filter) => compile(filter, table, operators, "in-memory"));
    const narrowed = () => joinBalanced(inMemory().map(conditionOf), "AND");
    if (textSizes.exceeds(table, addWalks(walking), MAX_SCANNED_BYTES, narrowed)) filters = inMemory();
  }
  const residuals = filters.flatMap((filter) => (filter.residual === null ? [] : [filter.residual]));
  return {
    sql: filters.map(conditionOf),
    residual: residuals.length === 0 ? null : conjoin(residuals),
  };
}

function conditionOf({ sql, params }: CompiledFilter): SqlFragment {
  return { text: sql, params };
}

function addWalks(filters: readonly CompiledFilter[]): ReadonlyMap<string, number> {
  const sum = new Map<string, number>();
  for (const { walks } of filters) for (const [field, count] of walks) sum.set(field, (sum.get(field) ?? 0) + count);
  return sum;
}

function selectList(request: Omit<PageRequest, "limit">): string {
  const { table, columns } = request;
  const chosen = columns === undefined ? table.columns : columns.map((name) => requireColumn(table, name));
  const names = chosen.map(quoteColumn);
  if (request.withVersion === true) names.push(quoteIdentifier(VERSION_COLUMN));
  return names.join(", ");
}
