/**
 * `GET /search` — rows by full text, best first ([SR2]): one call to the object, which has an index of its own; or, with a search engine
 * outside, the engine's hits first, of which the object then reads those that the caller may list ([S4]).
 */

import { Fault } from "../../core/fault.ts";
import type { ScopeText } from "../../core/protocol/object-call.ts";
import type { EngineHits, SearchCall } from "../../core/protocol/search-call.ts";
import { parseFilter } from "../../core/query/parse.ts";
import { parseSearch, SEARCH_PARAMETERS, searchTerms } from "../../core/query/search.ts";
import { parseSelect } from "../../core/query/select.ts";
import type { Filter } from "../../core/query/tree.ts";
import type { SearchAdapter } from "../../define/search-adapter.ts";
import { askEngine } from "../ask-engine.ts";
import { readObject } from "../call-object.ts";
import { callHeader, type TableRequest } from "../exchange.ts";
import { MAX_ENGINE_HITS } from "../limits.ts";
import { readConditions } from "../read-headers.ts";
import type { Reply } from "../reply.ts";
import { expectAnswer, type ObjectAnswer, readReply } from "./answer.ts";
import { deletedScope, readFilter, readQuery, readScope } from "./read-access.ts";

/** Hits beyond those of the page that are asked for at first: some of them the caller may not see. */
const SPARE_HITS = 100;

export async function searchRows(request: TableRequest): Promise<Reply> {
  const scope = await readScope(request);
  const { resource, searchAdapter } = request.entry;
  const { spec } = resource;
  if (spec.search === undefined) throw new Fault({ slug: "not-found" });
  const parameters = readQuery(request, [...SEARCH_PARAMETERS, "filter", "select", "withDeleted"]);
  const call: SearchCall = {
    ...callHeader(request),
    op: "search",
    scope,
    filter: readFilter(resource, parameters),
    withDeleted: await deletedScope(request, parameters),
    query: parseSearch(parameters, spec.search),
    select: parseSelect(parameters.get("select"), spec),
    conditions: readConditions(request.request.headers),
  };
  const answer =
    searchAdapter === null
      ? expectAnswer(await readObject(request, call))
      : await searchByEngine(request, searchAdapter, call);
  return readReply(request, answer);
}

/**
 * A few hits first; when too many of them are out of the caller's sight to fill the page, as many as are looked at at most. The page is
 * then read from all of them anew, so that it is of one instant.
 */
async function searchByEngine(request: TableRequest, adapter: SearchAdapter, call: SearchCall): Promise<ObjectAnswer> {
  const { offset, limit, totalCount } = call.query;
  if (!totalCount) {
    const some = await ask(request, adapter, call, 2 * (offset + limit) + SPARE_HITS);
    const answer = await readFound(request, call, some);
    if (answer.needsHits !== true) return answer;
  }
  const all = await ask(request, adapter, call, MAX_ENGINE_HITS);
  return readFound(request, call, { ...all, isWhole: true });
}

async function readFound(request: TableRequest, call: SearchCall, found: EngineHits): Promise<ObjectAnswer> {
  return expectAnswer(await readObject(request, { ...call, found }));
}

async function ask(
  request: TableRequest,
  adapter: SearchAdapter,
  { table, partition, query, scope, filter }: SearchCall,
  limitHits: number,
): Promise<EngineHits> {
  const { search } = request.entry.resource.spec;
  const found = await askEngine(request, adapter, {
    table,
    partition,
    q: query.q,
    terms: searchTerms(query.q),
    fields: (search?.fields ?? []).filter(({ name }) => query.fields.includes(name)),
    scope: treeOf(request, scope),
    filter: treeOf(request, filter),
    limitHits,
  });
  if (limitHits === MAX_ENGINE_HITS && !found.isWhole) {
    request.log.warn("a search has more hits than are looked at", { table, engine: adapter.name, hits: limitHits });
  }
  return found;
}

function treeOf({ entry: { resource } }: TableRequest, text: ScopeText): Filter {
  if (text === "*" || text === "") return { kind: "all" };
  const { spec, operators } = resource;
  return parseFilter(text, { table: spec, fields: "scope", operators, parameter: "filter", limits: "lifted" });
}
