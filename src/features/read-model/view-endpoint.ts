/** The endpoints of a view: `GET /`, `/count`, `/aggregate`, with the parameters and the replies of a table's, and `asOf` beside. */

import { aggregateGroups } from "../../../durable-objects/sql/aggregate-groups.ts";
import { countRows, listRows } from "../../../durable-objects/sql/list-rows.ts";
import type { Selection } from "../../../durable-objects/sql/list-statement.ts";
import type { Sql } from "../../../durable-objects/sql/port.ts";
import { TextSizes } from "../../../durable-objects/sql/text-sizes.ts";
import type { Json } from "../../core/json.ts";
import { AGGREGATE_PARAMETERS, parseAggregate } from "../../core/query/aggregate.ts";
import { compileMatcher } from "../../core/query/matches.ts";
import { type OrderTerm, parseOrderBy } from "../../core/query/order.ts";
import { type Parameters, parseFlag, parseLimit, parseOffset } from "../../core/query/parameters.ts";
import { parseFilter } from "../../core/query/parse.ts";
import { parseSelect } from "../../core/query/select.ts";
import { showGroup } from "../../core/query/show-group.ts";
import { conjoin, type Filter } from "../../core/query/tree.ts";
import type { Row } from "../../core/schema/table-spec.ts";
import { publicRow } from "../../define/resource.ts";
import type { RouteContext } from "../../edge/app-options.ts";
import { type CursorPlace, openCursor, sealCursor } from "../../edge/cursors.ts";
import { readFilter, readQuery } from "../../edge/endpoints/read-access.ts";
import type { Exchange } from "../../edge/exchange.ts";
import { createAccess, requireScope } from "../../edge/scopes.ts";
import { ORIGIN } from "../../edge/transaction/server-context.ts";
import type { Projection } from "./projection.ts";
import { ageMembers, readUnderAge } from "./read-view.ts";
import type { View } from "./view.ts";
import { prefixed, type ReadSource, sourceOf } from "./visible-rows.ts";

/** A view, prepared once for all requests. */
export interface OpenView {
  readonly view: View;
  readonly projection: Projection;
  readonly source: ReadSource;
  readonly groups: readonly string[];
  /** Of one partitioned table: ids of different partitions may be the same. */
  readonly partitionBy: string | null;
  readonly access: ReturnType<typeof createAccess>;
}

export function openView(view: View, projection: Projection): OpenView {
  const source = sourceOf(view, projection);
  const tables = view.tables.flatMap((name) => projection.tables.get(name) ?? []);
  return {
    view,
    projection,
    source,
    groups: [...new Set(tables.map(({ group }) => group))],
    partitionBy: view.query === null ? (tables[0]?.partitionBy ?? null) : null,
    access: createAccess(view.resource),
  };
}

export async function listView(opened: OpenView, context: RouteContext): Promise<Response> {
  const { exchange } = context[ORIGIN];
  const { resource } = opened.view;
  const parameters = readQuery(exchange, ["filter", "select", "orderBy", "limit", "cursor", "offset", "totalCount"]);
  const where = await visibleWhere(opened, exchange, parameters);
  const orderBy = wholeOrder(opened, parseOrderBy(parameters.get("orderBy"), resource.spec));
  const cursor = parameters.get("cursor");
  const place = cursorPlace(opened, exchange);
  const page = {
    orderBy,
    limit: parseLimit(parameters.get("limit"), resource.spec.pagination),
    offset: parseOffset(parameters.get("offset"), resource.spec.pagination, cursor),
    after: cursor === undefined ? null : await openCursor(place, cursor, orderBy),
    isInSight: () => compileMatcher(where.scope, opened.source.spec, resource.operators),
  };
  const select = parseSelect(parameters.get("select"), resource.spec);
  const withTotal = parseFlag("totalCount", parameters.get("totalCount"));
  const { result, age, headers } = await readUnderAge(exchange, opened.projection, opened.groups, (sql) => {
    const reader = selectionOf(opened, sql, where.all);
    const listed = listRows(reader.sql, { ...reader.selection, ...page });
    return { listed, total: withTotal ? countRows(reader.sql, reader.selection) : null };
  });
  const { rows, hasMore, next } = result.listed;
  const body = {
    items: rows.map(({ row }) => shown(opened, exchange, row, select)),
    hasMore,
    ...(result.total === null ? {} : { totalCount: result.total }),
    ...ageMembers(age),
    nextCursor: next === null ? null : await sealCursor(place, next, orderBy),
  };
  return new Response(JSON.stringify(body), {
    headers: { ...headers, ...(result.total === null ? {} : { "x-total-count": String(result.total) }) },
  });
}

export async function countView(opened: OpenView, context: RouteContext): Promise<Response> {
  const { exchange } = context[ORIGIN];
  const where = await visibleWhere(opened, exchange, readQuery(exchange, ["filter"]));
  const { result, age, headers } = await readUnderAge(exchange, opened.projection, opened.groups, (sql) => {
    const reader = selectionOf(opened, sql, where.all);
    return countRows(reader.sql, reader.selection);
  });
  return new Response(JSON.stringify({ count: result, ...ageMembers(age) }), { headers });
}

export async function aggregateView(opened: OpenView, context: RouteContext): Promise<Response> {
  const { exchange } = context[ORIGIN];
  const parameters = readQuery(exchange, [...AGGREGATE_PARAMETERS, "filter"]);
  const where = await visibleWhere(opened, exchange, parameters);
  const query = parseAggregate(parameters, opened.view.resource.spec);
  const { result, age, headers } = await readUnderAge(exchange, opened.projection, opened.groups, (sql) => {
    const reader = selectionOf(opened, sql, where.all);
    return aggregateGroups(reader.sql, reader.selection, query);
  });
  const body = {
    groups: result.groups.map((group) => showGroup(group, query)),
    ...(result.isTruncated ? { truncated: true } : {}),
    ...ageMembers(age),
  };
  return new Response(JSON.stringify(body), { headers });
}

interface Where {
  /** What the caller may see. */
  readonly scope: Filter;
  readonly all: Filter;
}

/** The view's own scope, then what the caller asks for. Refused before D1 is asked. */
async function visibleWhere(
  { view: { resource }, access }: OpenView,
  exchange: Exchange,
  parameters: Parameters,
): Promise<Where> {
  const text = requireScope(await access({ ...exchange, partition: null }, "read"), exchange.principal, "read");
  const parse = (filter: string): Filter =>
    parseFilter(filter, {
      table: resource.spec,
      fields: "scope",
      operators: resource.operators,
      parameter: "filter",
      limits: "lifted",
    });
  const soft = resource.spec.softDelete;
  const terms: Filter[] = text === "*" ? [] : [parse(text)];
  if (soft !== null) terms.push({ kind: "compare", field: soft.field, operator: "=isnull=", operand: true });
  const asked = readFilter(resource, parameters);
  const scope = conjoin(terms);
  if (terms.length === 0 && asked === "") return { scope, all: scope };
  return { scope, all: asked === "" ? scope : conjoin([scope, parse(asked)]) };
}

function selectionOf(
  { source, view }: OpenView,
  sql: Sql,
  where: Filter,
): { readonly sql: Sql; readonly selection: Selection } {
  const own = prefixed(sql, source.prefix);
  const selection = {
    table: source.spec,
    where: [where],
    operators: view.resource.operators,
    textSizes: new TextSizes(own),
  };
  return { sql: own, selection };
}

/** Rows of different partitions may have the same id: the partition then decides. */
function wholeOrder({ partitionBy }: OpenView, orderBy: readonly OrderTerm[]): readonly OrderTerm[] {
  if (partitionBy === null || orderBy.some(({ field }) => field === partitionBy)) return orderBy;
  return [...orderBy, { field: partitionBy, direction: "asc" }];
}

function cursorPlace({ view }: OpenView, { env, nowMs }: Exchange): CursorPlace {
  return { env, nowMs, resource: view.resource, partition: null };
}

function shown(
  { view }: OpenView,
  { log }: Exchange,
  row: Row,
  select: readonly string[] | null,
): Record<string, Json> {
  return publicRow(view.resource, row, select, (field, error) =>
    log.warn("a computed field threw", { view: view.name, field, error: String(error) }),
  );
}
