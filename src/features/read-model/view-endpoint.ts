/** The endpoints of a view: `GET /`, `/count`, `/aggregate`, `/search`, with parameters and replies of a table's, and `asOf` beside. */

import { aggregateGroups } from "../../../durable-objects/sql/aggregate-groups.ts";
import { countRows, listRows } from "../../../durable-objects/sql/list-rows.ts";
import type { Selection } from "../../../durable-objects/sql/list-statement.ts";
import type { Sql } from "../../../durable-objects/sql/port.ts";
import { TextSizes } from "../../../durable-objects/sql/text-sizes.ts";
import { Fault } from "../../core/fault.ts";
import type { RowId } from "../../core/ids.ts";
import { AGGREGATE_PARAMETERS, parseAggregate } from "../../core/query/aggregate.ts";
import { compileMatcher } from "../../core/query/matches.ts";
import { completeOrder, parseOrderBy } from "../../core/query/order.ts";
import { type Parameters, parseFlag, parseLimit, parseOffset } from "../../core/query/parameters.ts";
import { parseFilter } from "../../core/query/parse.ts";
import { parseSearch } from "../../core/query/search.ts";
import { parseSelect } from "../../core/query/select.ts";
import { showGroup } from "../../core/query/show-group.ts";
import { conjoin, type Filter } from "../../core/query/tree.ts";
import type { Row } from "../../core/schema/table-spec.ts";
import type { RouteContext } from "../../edge/app-options.ts";
import { type CursorPlace, openCursor, sealCursor } from "../../edge/cursors.ts";
import { readFilter, readQuery } from "../../edge/endpoints/read-access.ts";
import type { Exchange, TableRequest } from "../../edge/exchange.ts";
import { ALLOW, createAccess, requireScope } from "../../edge/scopes.ts";
import { ORIGIN } from "../../edge/transaction/server-context.ts";
import { type AskedRows, askOwner, ownerOf, shownColumns, type ViewAnswer } from "./ask-owner.ts";
import { type Inclusion, prepareInclude } from "./include.ts";
import type { Projection } from "./projection.ts";
import { ageMembers, readUnderAge } from "./read-view.ts";
import { searchCopies } from "./search-copies.ts";
import { shownRow } from "./sight.ts";
import type { View } from "./view.ts";
import { shortPlace, tiesOf, wholeOrder } from "./view-order.ts";
import { prefixed, type ReadSource, sourceOf } from "./visible-rows.ts";

/** A view, prepared once for all requests. */
export interface OpenView {
  readonly view: View;
  readonly projection: Projection;
  readonly source: ReadSource;
  readonly groups: readonly string[];
  /** Of one partitioned table: ids of different partitions may be the same. */
  readonly partitionBy: string | null;
  /** Columns that end every order, behind the key. */
  readonly ties: readonly string[];
  readonly access: ReturnType<typeof createAccess>;
}

export function openView(view: View, projection: Projection): OpenView {
  const source = sourceOf(view, projection);
  const tables = view.tables.flatMap((name) => projection.tables.get(name) ?? []);
  const partitionBy = view.query === null ? (tables[0]?.partitionBy ?? null) : null;
  return {
    view,
    projection,
    source,
    groups: [...new Set(tables.map(({ group }) => group))],
    partitionBy,
    ties: tiesOf(view, partitionBy),
    access: createAccess(view.resource),
  };
}

const LIST_PARAMETERS = ["filter", "select", "include", "orderBy", "limit", "cursor", "offset", "totalCount"];

export async function listView(opened: OpenView, context: RouteContext): Promise<Response> {
  const { exchange } = context[ORIGIN];
  const { resource } = opened.view;
  const parameters = readQuery(exchange, LIST_PARAMETERS);
  const where = await visibleWhere(opened, exchange, parameters);
  const asked = parseOrderBy(parameters.get("orderBy"), resource.spec);
  const orderBy = wholeOrder(opened.ties, asked);
  const cursor = parameters.get("cursor");
  const place = cursorPlace(opened, exchange);
  const page = {
    orderBy,
    limit: parseLimit(parameters.get("limit"), resource.spec.pagination),
    offset: parseOffset(parameters.get("offset"), resource.spec.pagination, cursor),
    after: cursor === undefined ? null : await openCursor(place, cursor, orderBy),
  };
  const isInSight = () => compileMatcher(where.scope, opened.source.spec, resource.operators);
  const select = parseSelect(parameters.get("select"), resource.spec);
  const totalCount = parseFlag("totalCount", parameters.get("totalCount"));
  const inclusion = await inclusionOf(opened, exchange, parameters.get("include"));
  const keyOf = (row: Row) => row[resource.spec.primaryKey] as RowId;
  const { body, headers, next } = await answerView(opened, exchange, where, {
    inclusion,
    byCopy: (sql, selection, plain) => {
      const listed = listRows(sql, { ...selection, ...page, isInSight });
      const keys = listed.rows.map(({ row }) => keyOf(row));
      return { listed, total: totalCount ? countRows(sql, selection) : null, members: inclusion?.read(plain, keys) };
    },
    show: ({ listed, total, members }) => ({
      body: {
        items: listed.rows.map(({ row }) => ({
          ...shownRow(exchange, resource, row, select),
          ...members?.get(keyOf(row)),
        })),
        hasMore: listed.hasMore,
      },
      total,
      next: listed.next,
    }),
    byOwner: (owner) =>
      askOwner(owner, {
        ...{ ...where.texts, ...page, op: "list", totalCount, select: shownColumns(opened.view, select) },
        ...{ isExplained: false, etags: false },
      }),
  });
  const nextCursor =
    next === null ? null : await sealCursor(place, shortPlace(opened.view, next, asked.length), orderBy);
  return new Response(JSON.stringify({ ...body, nextCursor }), { headers });
}

export async function countView(opened: OpenView, context: RouteContext): Promise<Response> {
  const { exchange } = context[ORIGIN];
  const where = await visibleWhere(opened, exchange, readQuery(exchange, ["filter"]));
  const { body, headers } = await answerView(opened, exchange, where, {
    byCopy: countRows,
    show: (count) => ({ body: { count } }),
    byOwner: (owner) => askOwner(owner, { ...where.texts, op: "count", limit: null }),
  });
  return new Response(JSON.stringify(body), { headers });
}

export async function aggregateView(opened: OpenView, context: RouteContext): Promise<Response> {
  const { exchange } = context[ORIGIN];
  const parameters = readQuery(exchange, [...AGGREGATE_PARAMETERS, "filter"]);
  const where = await visibleWhere(opened, exchange, parameters);
  const query = parseAggregate(parameters, opened.view.resource.spec);
  const { body, headers } = await answerView(opened, exchange, where, {
    byCopy: (sql, selection) => aggregateGroups(sql, selection, query),
    show: ({ groups, isTruncated }) => ({
      body: {
        groups: groups.map((group) => showGroup(group, query)),
        ...(isTruncated ? { truncated: true } : {}),
      },
    }),
    byOwner: (owner) => askOwner(owner, { ...where.texts, op: "aggregate", query }),
  });
  return new Response(JSON.stringify(body), { headers });
}

/** Best first, of a view of one table that is searched and whose searched fields are copied. */
export async function searchView(opened: OpenView, context: RouteContext): Promise<Response> {
  const { exchange } = context[ORIGIN];
  const { resource } = opened.view;
  const { spec } = resource;
  if (spec.search === undefined) throw new Fault({ slug: "not-found", detail: "This view has no search." });
  const parameters = readQuery(exchange, ["q", "fields", "limit", "offset", "totalCount", "filter", "select"]);
  const where = await visibleWhere(opened, exchange, parameters);
  const query = parseSearch(parameters, spec.search);
  const select = parseSelect(parameters.get("select"), spec);
  const { body, headers } = await answerView(opened, exchange, where, {
    byCopy: (sql, selection) => searchCopies(sql, selection, query),
    show: ({ rows, hasMore, totalCount }) => ({
      body: { items: rows.map(({ row }) => shownRow(exchange, resource, row, select)), hasMore },
      total: totalCount,
    }),
    byOwner: (owner) =>
      askOwner(owner, { ...where.texts, op: "search", query, select: shownColumns(opened.view, select) }),
  });
  return new Response(JSON.stringify(body), { headers });
}

interface Shown extends Pick<ViewAnswer, "body">, Partial<Pick<ViewAnswer, "next">> {
  /** Null when it was not asked for. */
  readonly total?: number | null;
}

/** One read in both ways. */
interface Reading<T> {
  /** Related rows, which no owner of the view's rows could add. */
  readonly inclusion?: Inclusion | null;
  /** `plain` is without the clauses of the view. */
  readonly byCopy: (sql: Sql, selection: Selection, plain: Sql) => T;
  readonly show: (result: T) => Shown;
  readonly byOwner: (owner: TableRequest) => Promise<ViewAnswer>;
}

/** Of the copies; where they stay behind what the reader has seen, of the one object that has all rows, if there is one ([HT8]). */
async function answerView<T>(
  opened: OpenView,
  exchange: Exchange,
  where: Where,
  { inclusion = null, byCopy, show, byOwner }: Reading<T>,
): Promise<ViewAnswer> {
  const { view, projection } = opened;
  const groups = [...new Set([...opened.groups, ...(inclusion?.groups ?? [])])];
  const owner = inclusion === null ? ownerOf(view, projection, exchange, where.all) : null;
  try {
    const sight = where.texts.scope === ALLOW ? "all" : "some";
    const standing = { groups, object: owner?.object ?? null, sight } as const;
    const source = opened.partitionBy === null ? opened.source : sourceOf(view, projection, where.all);
    const { result, age, headers } = await readUnderAge(exchange, projection, standing, (sql) => {
      const reader = selectionOf(opened, source, sql, where.all);
      return byCopy(reader.sql, reader.selection, sql);
    });
    const { body, next = null, total = null } = show(result);
    const [member, header] = total === null ? [] : [{ totalCount: total }, { "x-total-count": String(total) }];
    return { body: { ...body, ...member, ...ageMembers(age) }, headers: { ...headers, ...header }, next };
  } catch (error) {
    if (owner === null || !(error instanceof Fault) || error.data.slug !== "read-behind") throw error;
    return byOwner(owner);
  }
}

/** Relations are those of the table that the view is of. */
async function inclusionOf(
  { view: { resource }, projection }: OpenView,
  exchange: Exchange,
  text: string | undefined,
): Promise<Inclusion | null> {
  return text === undefined ? null : prepareInclude({ projection, exchange, resource, partition: null }, text);
}

interface Where {
  /** What the caller may see. */
  readonly scope: Filter;
  readonly all: Filter;
  /** Scope and wish of the caller apart, for the object. */
  readonly texts: AskedRows;
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
  const terms: Filter[] = text === ALLOW ? [] : [parse(text)];
  if (soft !== null) terms.push({ kind: "compare", field: soft.field, operator: "=isnull=", operand: true });
  const asked = readFilter(resource, parameters);
  const scope = conjoin(terms);
  const texts = { scope: text, filter: asked };
  return { scope, all: asked === "" ? scope : conjoin([scope, parse(asked)]), texts };
}

function selectionOf(
  opened: OpenView,
  source: ReadSource,
  sql: Sql,
  where: Filter,
): { readonly sql: Sql; readonly selection: Selection } {
  const { spec, operators } = opened.view.resource;
  const own = prefixed(sql, source.prefix);
  const walkOrder = wholeOrder(opened.ties, completeOrder([], spec));
  const textSizes = new TextSizes(own);
  return { sql: own, selection: { table: source.spec, where: [where], operators, textSizes, walkOrder } };
}

function cursorPlace({ view }: OpenView, { env, nowMs }: Exchange): CursorPlace {
  return { env, nowMs, resource: view.resource, partition: null };
}
