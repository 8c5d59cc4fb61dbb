/**
 * The parameters of an aggregate ([AG1] [AG2] [AG6]) as plain data: what to group by, which metrics, in which order, how many
 * groups. Columns that the caller may not aggregate are answered like unknown ones. Pure; the edge parses with it, objects and
 * live aggregates carry it out.
 */

import { invalid, invalidField } from "../fault.ts";
import type { ColumnSpec, TableSpec } from "../schema/table-spec.ts";
import { columnOf } from "../schema/table-spec.ts";
import { AGGREGATE_FUNCTIONS, type AggregateFunction, aliasPlace, type Grouping, type Metric } from "./grouping.ts";
import { type HavingTerm, parseHaving } from "./having.ts";
import { type Parameters, parseFlag, parseLimit } from "./parameters.ts";

export interface AliasOrder {
  readonly alias: string;
  readonly direction: "asc" | "desc";
}

export interface AggregateQuery extends Grouping {
  readonly having: readonly HavingTerm[];
  /** Without the key, which always decides last. */
  readonly orderBy: readonly AliasOrder[];
  readonly limit: number;
}

/** The parameters that `parseAggregate` reads; `filter` and `withDeleted` are those of every read. */
export const AGGREGATE_PARAMETERS = ["groupBy", "count", ...AGGREGATE_FUNCTIONS, "having", "orderBy", "limit"] as const;

export const MAX_GROUP_FIELDS = 5;
export const MAX_METRICS = 20;
const GROUP_LIMITS = { defaultLimit: 1000, maxLimit: 10_000 };
/** As many fields as a list may be ordered by. */
const MAX_ORDER_ALIASES = 5;

const ORDER_TERM = /^(?:-([A-Za-z_][A-Za-z0-9_]*)|([A-Za-z_][A-Za-z0-9_]*)(?::(asc|desc))?)$/;

/** Reads and checks the parameters; throws `validation-error` naming the parameter. */
export function parseAggregate(parameters: Parameters, table: TableSpec): AggregateQuery {
  const grouping: Grouping = {
    groupBy: parseNames(parameters, "groupBy").map((name) => groupField(name, table)),
    count: parseFlag("count", parameters.get("count")),
    metrics: AGGREGATE_FUNCTIONS.flatMap((fn) => parseNames(parameters, fn).map((name) => metricOf(fn, name, table))),
  };
  if (grouping.groupBy.length > MAX_GROUP_FIELDS) {
    throw invalidField("groupBy", `has ${grouping.groupBy.length} fields, limit is ${MAX_GROUP_FIELDS}`);
  }
  if (grouping.metrics.length > MAX_METRICS) {
    const fullest = AGGREGATE_FUNCTIONS.filter((fn) => parameters.has(fn)).at(-1) ?? "sum";
    throw invalidField(fullest, `makes ${grouping.metrics.length} metrics, limit is ${MAX_METRICS}`);
  }
  if (!grouping.count && grouping.metrics.length === 0) {
    throw invalid([{ field: "count", message: "or one of sum, avg, min, max is needed", code: "required" }]);
  }
  return {
    ...grouping,
    having: parseHaving(parameters.get("having"), grouping, table),
    orderBy: parseAliasOrder(parameters.get("orderBy"), grouping, table),
    limit: parseLimit(parameters.get("limit"), GROUP_LIMITS),
  };
}

/** Whether the kind of a column allows the function. */
function isMeasurable(fn: AggregateFunction, column: ColumnSpec): boolean {
  const isNumber = column.kind === "int" || column.kind === "real";
  return fn === "sum" || fn === "avg" ? isNumber : column.kind !== "json" && column.kind !== "blob";
}

function groupField(name: string, table: TableSpec): string {
  const column = columnOf(table, name);
  const isListed = table.aggregatable?.groupBy?.includes(name) !== false;
  if (column === undefined || !column.readable || !isListed) throw unknownField("groupBy", name);
  return name;
}

function metricOf(fn: AggregateFunction, name: string, table: TableSpec): Metric {
  const column = columnOf(table, name);
  const isListed = table.aggregatable?.metrics?.includes(name) !== false;
  if (column === undefined || !column.readable || !isListed) throw unknownField(fn, name);
  if (!isMeasurable(fn, column))
    throw invalidField(fn, `does not apply to ${name}, which is of kind ${column.kind}`, "type");
  return { fn, field: name };
}

/** The names of a comma list, each once; none when the parameter is absent. */
function parseNames(parameters: Parameters, parameter: string): readonly string[] {
  const text = parameters.get(parameter);
  if (text === undefined) return [];
  const names = text.split(",");
  if (names.includes("")) throw invalidField(parameter, "must be names of fields, separated by commas");
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw invalidField(parameter, `names ${twice} twice`);
  return names;
}

/** Like the order of a list, over aliases; json and blob keys are answered like unknown ones there, so here too. */
function parseAliasOrder(text: string | undefined, grouping: Grouping, table: TableSpec): AliasOrder[] {
  if (text === undefined) return [];
  const terms = text.split(",").map((part): AliasOrder => {
    const found = ORDER_TERM.exec(part);
    const alias = found?.[1] ?? found?.[2];
    if (found === null || alias === undefined) {
      throw invalidField(
        "orderBy",
        `must be aliases as name, name:asc, name:desc or -name, separated by commas, not ${JSON.stringify(part)}`,
      );
    }
    const place = aliasPlace(grouping, alias);
    const kind = place?.kind === "key" ? columnOf(table, grouping.groupBy[place.index] ?? "")?.kind : null;
    if (place === null || kind === "json" || kind === "blob") throw unknownField("orderBy", alias);
    return { alias, direction: found[1] !== undefined || found[3] === "desc" ? "desc" : "asc" };
  });
  if (terms.length > MAX_ORDER_ALIASES)
    throw invalidField("orderBy", `has ${terms.length} aliases, limit is ${MAX_ORDER_ALIASES}`);
  const twice = terms.find((term, index) => terms.findIndex((other) => other.alias === term.alias) < index);
  if (twice !== undefined) throw invalidField("orderBy", `names ${twice.alias} twice`);
  return terms;
}

function unknownField(parameter: string, name: string): Error {
  return invalidField(parameter, `names an unknown field: ${name}`);
}
