/**
 * `include` of many-to-many relations ([L4] [HT18]): the related rows of all rows of an answer, over the copies of the join table and of the
 * target. Each of the two is seen as its own rules let the caller see it; what is refused is refused before anything is read. One statement a
 * relation and level, all of one instant.
 */

import type { Sql } from "../../../durable-objects/sql/port.ts";
import { Fault, invalid, invalidField } from "../../core/fault.ts";
import type { RowId } from "../../core/ids.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { type IncludePath, MAX_INCLUDED, parseInclude } from "../../core/query/include.ts";
import { parseOrderBy } from "../../core/query/order.ts";
import { parseLimit, parseOffset } from "../../core/query/parameters.ts";
import { parseFilter } from "../../core/query/parse.ts";
import { parseSelect } from "../../core/query/select.ts";
import { conjoin, type Filter } from "../../core/query/tree.ts";
import type { ManyToMany } from "../../define/config.ts";
import type { AnyResource } from "../../define/resource.ts";
import type { Exchange } from "../../edge/exchange.ts";
import { tableNamed } from "../../edge/table-named.ts";
import type { Projection } from "./projection.ts";
import { type RelatedQuery, readRelated } from "./related-rows.ts";
import { copiedResource, shownRow, sightOf } from "./sight.ts";

/** Members that join the row of each key: `{ labels: [ … ], labels_hasMore: true }`. */
export type Members = ReadonlyMap<RowId, JsonObject>;

export interface Inclusion {
  /** Of the tables it reads. */
  readonly groups: readonly string[];
  readonly read: (sql: Sql, keys: readonly RowId[]) => Members;
}

/** What `include` is read for. */
export interface IncludeSource {
  readonly projection: Projection;
  readonly exchange: Exchange;
  readonly resource: AnyResource;
  /** The partition that the rows are read in, which the caller has entered; null: over all. */
  readonly partition: string | null;
}

export async function prepareInclude(source: IncludeSource, text: string): Promise<Inclusion> {
  const relations = await prepareAll(source, parseInclude(text), 0);
  return {
    groups: [...new Set(relations.flatMap(groupsOf))],
    read: (sql, keys) => readAll(source.exchange, sql, relations, keys),
  };
}

interface PreparedRelation {
  readonly name: string;
  readonly target: AnyResource;
  /** Null: the caller sees nothing of the target, or of the join table. */
  readonly query: RelatedQuery | null;
  readonly select: readonly string[] | null;
  readonly inner: readonly PreparedRelation[];
  readonly groups: readonly string[];
}

function groupsOf({ groups, inner }: PreparedRelation): readonly string[] {
  return [...groups, ...inner.flatMap(groupsOf)];
}

function prepareAll(
  source: IncludeSource,
  paths: readonly IncludePath[],
  depth: number,
): Promise<readonly PreparedRelation[]> {
  const byName = Map.groupBy(
    paths.filter(({ relations }) => relations.length > depth),
    ({ relations }) => relations[depth] ?? "",
  );
  return Promise.all([...byName].map(([name, own]) => prepareOne(source, name, own, depth + 1)));
}

async function prepareOne(
  { projection, exchange, resource, partition }: IncludeSource,
  name: string,
  paths: readonly IncludePath[],
  depth: number,
): Promise<PreparedRelation> {
  const { resource: to, through } = relationOf(resource, name);
  const open = async (table: string) => {
    const entry = tableNamed(exchange.edge, table);
    const projected = projection.tables.get(table);
    if (entry === undefined || projected === undefined) throw new TypeError(`"${table}" is not copied`);
    const inside = entry.resource.spec.group === resource.spec.group ? partition : null;
    const where = await sightOf(projection, exchange, entry, inside);
    return { entry, inside, where, table: projected, resource: copiedResource(entry.resource, projected) };
  };
  const [target, join] = await Promise.all([open(to), open(through.resource)]);
  const { spec } = target.resource;
  const options = paths.find(({ relations }) => relations.length === depth)?.options ?? new Map();
  const asked = asIncluded(name, () => ({
    filter: clientFilter(target.resource, options.get("filter")),
    orderBy: parseOrderBy(options.get("orderBy"), spec),
    select: parseSelect(options.get("select"), spec),
    limit: parseLimit(options.get("limit"), { defaultLimit: MAX_INCLUDED, maxLimit: MAX_INCLUDED }),
    offset: parseOffset(options.get("offset"), { offset: true }, undefined),
  }));
  const inner = { projection, exchange, resource: target.entry.resource, partition: target.inside };
  return {
    name,
    target: target.resource,
    query:
      target.where === null || join.where === null
        ? null
        : {
            ...asked,
            ...{ projection, through },
            target: { ...target, where: conjoin([target.where, asked.filter]) },
            join: { ...join, where: join.where },
          },
    select: asked.select,
    inner: await prepareAll(inner, paths, depth),
    groups: [spec.group, join.resource.spec.group],
  };
}

function readAll(
  exchange: Exchange,
  sql: Sql,
  relations: readonly PreparedRelation[],
  keys: readonly RowId[],
): Members {
  const members = new Map<RowId, Record<string, Json>>(keys.map((key) => [key, {}]));
  for (const { name, target, query, select, inner } of relations) {
    const related = query === null || keys.length === 0 ? new Map() : readRelated(sql, query, keys);
    const key = target.spec.primaryKey;
    const all = [...related.values()].flatMap(({ rows }) => rows.map((row: JsonObject) => row[key] as RowId));
    const further = inner.length === 0 ? null : readAll(exchange, sql, inner, [...new Set(all)]);
    for (const [parent, shown] of members) {
      const { rows = [], hasMore = false } = related.get(parent) ?? {};
      shown[name] = rows.map((row: JsonObject) => ({
        ...shownRow(exchange, target, row, select),
        ...further?.get(row[key] as RowId),
      }));
      if (hasMore) shown[`${name}_hasMore`] = true;
    }
  }
  return members;
}

function relationOf({ config }: AnyResource, name: string): ManyToMany {
  const { relations = {} } = config;
  const relation = Object.hasOwn(relations, name) ? relations[name] : undefined;
  if (relation?.type === "manyToMany") return relation;
  const known = Object.entries(relations).flatMap(([each, { type }]) => (type === "manyToMany" ? [each] : []));
  throw invalidField(
    "include",
    `names no relation over a join table: ${name}; there ${known.length === 0 ? "is none" : `are: ${known.join(", ")}`}`,
  );
}

/** The client's filter of the target, under the limits and lists of its own list. */
function clientFilter({ spec, operators, config }: AnyResource, text = ""): Filter {
  if (text === "") return { kind: "all" };
  const allowedOperators = config.query?.operators;
  return parseFilter(text, {
    table: spec,
    fields: "client",
    operators,
    parameter: "include",
    ...(allowedOperators === undefined ? {} : { allowedOperators }),
  });
}

/** What an option is refused for, told of the parameter that it stands in. */
function asIncluded<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof Fault) || error.data.slug !== "validation-error") throw error;
    throw invalid(
      error.data.errors.map(({ field, message }) => ({ field: "include", message: `${name}: ${field} ${message}` })),
    );
  }
}
