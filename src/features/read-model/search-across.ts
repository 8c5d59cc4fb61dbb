/**
 * `GET /api/search?q=&resources=` — full text over several tables, in their copies ([S9] [SR6]). Each table under its own read scope, mask
 * and soft delete; a partitioned one only in the partitions that the caller's claims admit. Best first within each table; `asOf` says
 * how old each is.
 */

import { invalidField } from "../../core/fault.ts";
import type { Json } from "../../core/json.ts";
import { parseSearch } from "../../core/query/search.ts";
import type { Filter } from "../../core/query/tree.ts";
import type { RouteContext } from "../../edge/app-options.ts";
import type { TableEntry } from "../../edge/edge.ts";
import { readQuery } from "../../edge/endpoints/read-access.ts";
import type { Exchange } from "../../edge/exchange.ts";
import { ORIGIN } from "../../edge/transaction/server-context.ts";
import type { Projection } from "./projection.ts";
import { ageMembers, readUnderAge } from "./read-view.ts";
import { searchCopies } from "./search-copies.ts";
import { copiedResource, shownRow, sightOf } from "./sight.ts";
import { isIndexed, prefixed, tableSource } from "./visible-rows.ts";

export async function searchAcross(projection: Projection, context: RouteContext): Promise<Response> {
  const { exchange } = context[ORIGIN];
  const parameters = readQuery(exchange, ["q", "resources", "limit"]);
  const searchable = [...exchange.edge.tables.values()].filter((entry) => isSearchable(projection, entry));
  const entries = chosen(searchable, parameters.get("resources"));
  const found = await Promise.all(
    entries.map(async (entry): Promise<readonly (readonly [string, Json])[]> => {
      const where = await sightOf(projection, exchange, entry);
      // As for a table of its own: what the caller may not list is not there.
      return where === null ? [] : [[entry.path, await searchOne(projection, exchange, entry, where, parameters)]];
    }),
  );
  const results = Object.fromEntries(found.flat());
  return Response.json({ results }, { headers: { "cache-control": "private, no-store" } });
}

function isSearchable(projection: Projection, { resource: { name, spec } }: TableEntry): boolean {
  const table = projection.tables.get(name);
  return table !== undefined && isIndexed(table, spec);
}

/** Each once, so never more than there are. */
function chosen(searchable: readonly TableEntry[], text: string | undefined): readonly TableEntry[] {
  if (text === undefined) return searchable;
  return [...new Set(text.split(","))].map((path) => {
    const entry = searchable.find((each) => each.path === path);
    if (entry === undefined) throw invalidField("resources", `names no table that is searched here: ${path}`);
    return entry;
  });
}

async function searchOne(
  projection: Projection,
  exchange: Exchange,
  { resource, path }: TableEntry,
  where: Filter,
  parameters: ReadonlyMap<string, string>,
): Promise<Json> {
  const table = projection.tables.get(resource.name);
  const { spec } = resource;
  if (table === undefined || spec.search === undefined) throw new TypeError(`"${path}" is not searched in D1`);
  const query = parseSearch(parameters, spec.search);
  const copied = copiedResource(resource, table);
  const source = tableSource(projection, table, copied.spec, where);
  const selection = { table: source.spec, where: [where], operators: resource.operators };
  const { result, age } = await readUnderAge(exchange, projection, { groups: [spec.group] }, (sql) =>
    searchCopies(prefixed(sql, source.prefix), selection, query),
  );
  const items = result.rows.map(({ row }) => shownRow(exchange, copied, row, null));
  return { items, hasMore: result.hasMore, ...ageMembers(age) };
}
