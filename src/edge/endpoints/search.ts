/** `GET /search` — rows by full text, best first ([SR2]). */

import { Fault } from "../../core/fault.ts";
import { parseSearch, SEARCH_PARAMETERS } from "../../core/query/search.ts";
import { parseSelect } from "../../core/query/select.ts";
import { readObject } from "../call-object.ts";
import { callHeader, type TableRequest } from "../exchange.ts";
import { readConditions } from "../read-headers.ts";
import type { Reply } from "../reply.ts";
import { expectAnswer, readReply } from "./answer.ts";
import { deletedScope, readFilter, readQuery, readScope } from "./read-access.ts";

export async function searchRows(request: TableRequest): Promise<Reply> {
  const scope = await readScope(request);
  const { resource } = request.entry;
  const { spec } = resource;
  if (spec.search === undefined) throw new Fault({ slug: "not-found" });
  const parameters = readQuery(request, [...SEARCH_PARAMETERS, "filter", "select", "withDeleted"]);
  const reply = await readObject(request, {
    ...callHeader(request),
    op: "search",
    scope,
    filter: readFilter(resource, parameters),
    withDeleted: await deletedScope(request, parameters),
    query: parseSearch(parameters, spec.search),
    select: parseSelect(parameters.get("select"), spec),
    conditions: readConditions(request.request.headers),
  });
  return readReply(request, expectAnswer(reply));
}
