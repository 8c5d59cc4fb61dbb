/**
 * A watch in its normal form: what to follow, without whom it is for. The effective filter holds the scope, so two watches
 * with the same text may share everything ([LV5]). Also its tag, by which a resume notices that the question is another one ([SS4]).
 */

import { canonicalJson, type Json, shortHash } from "../json.ts";
import type { ScopeText } from "../protocol/object-call.ts";
import type { AggregateQuery } from "../query/aggregate.ts";
import type { CustomOperators } from "../query/custom-operators.ts";
import type { OrderTerm } from "../query/order.ts";
import { parseFilter } from "../query/parse.ts";
import { printFilter } from "../query/print.ts";
import { conjoin, type Filter } from "../query/tree.ts";
import type { TableSpec } from "../schema/table-spec.ts";
import type { RowEvent } from "./transition.ts";

export interface WindowSpec {
  /** Complete: it ends with the primary key. */
  readonly orderBy: readonly OrderTerm[];
  readonly limit: number;
}

export interface LiveQuery {
  readonly table: string;
  /** Canonical text of the effective filter; `""` matches every row. */
  readonly where: string;
  readonly select: readonly string[] | null;
  /** The kinds that are told, in the order of `ROW_EVENTS`; null: all. */
  readonly events: readonly RowEvent[] | null;
  readonly window: WindowSpec | null;
  readonly aggregate: AggregateQuery | null;
}

/** A table as live queries see it. */
export interface LiveTable {
  readonly spec: TableSpec;
  readonly operators?: CustomOperators | undefined;
}

/** Filter AND scopes AND not soft-deleted, as canonical text. Null: a scope denies, so there is nothing to follow. */
export function effectiveFilter(table: LiveTable, scopes: readonly ScopeText[], filter: string): string | null {
  if (scopes.includes("")) return null;
  const texts = [...new Set(scopes)].filter((scope) => scope !== "*");
  const { softDelete } = table.spec;
  const present: Filter[] =
    softDelete === null ? [] : [{ kind: "compare", field: softDelete.field, operator: "=isnull=", operand: true }];
  const terms = [...texts, filter].filter((text) => text !== "").map((text) => filterTree(table, text));
  return printFilter(conjoin([...terms, ...present]));
}

/** The tree of an effective filter; its texts were checked when they came in. */
export function filterTree({ spec, operators }: LiveTable, text: string): Filter {
  return parseFilter(text, {
    table: spec,
    fields: "scope",
    ...(operators === undefined ? {} : { operators }),
    parameter: "filter",
    limits: "lifted",
  });
}

/** One text a query: equal texts are one group, and what is stored for waking. */
export function queryText(query: LiveQuery): string {
  return canonicalJson(query as unknown as Json);
}

/** A query as it was asked, before the scopes come to it: `where` is the client's filter alone. */
export interface LiveQuestion {
  readonly resource: string;
  readonly query: LiveQuery;
}

/** The question under scopes; null: a scope denies. */
export function underScopes({ query }: LiveQuestion, table: LiveTable, scopes: readonly ScopeText[]): LiveQuery | null {
  const where = effectiveFilter(table, scopes, query.where);
  return where === null ? null : { ...query, where };
}

/** The same where nothing may be seen any more: it goes on with no row. */
export function underNothing({ query }: LiveQuestion, { spec }: LiveTable): LiveQuery {
  return { ...query, where: `${spec.primaryKey}=isnull=true` };
}

export function questionText(question: LiveQuestion): string {
  return canonicalJson(question as unknown as Json);
}

export function readQuestionText(text: string): LiveQuestion {
  return JSON.parse(text) as LiveQuestion;
}

/** Reads back what `queryText` made. */
export function readQueryText(text: string): LiveQuery {
  return JSON.parse(text) as LiveQuery;
}

/** 8 hex digits over the question and the public shape of the table ([SS4]). */
export function queryTag(text: string, shape: string): string {
  return shortHash(`${shape} ${text}`);
}

/** The tag of a watch: that of its group, and of the set of rows that its scope was made from ([RV7]). */
export function watchTag(groupTag: string, set: string | undefined): string {
  return set === undefined ? groupTag : shortHash(`${groupTag} ${set}`);
}
