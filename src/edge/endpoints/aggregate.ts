/** `GET /aggregate` — rows under filter and scope, grouped and summed up ([AG1]). */

import { AGGREGATE_PARAMETERS, parseAggregate } from "../../core/query/aggregate.ts";
import { readObject } from "../call-object.ts";
import { callHeader, type TableRequest } from "../exchange.ts";
import { readConditions } from "../read-headers.ts";
import type { Reply } from "../reply.ts";
import { expectAnswer, readReply } from "./answer.ts";
import { deletedScope, readFilter, readQuery, readScope } from "./read-access.ts";

export async function aggregateRows(request: TableRequest): Promise<Reply> {
  const scope = await readScope(request);
  const { resource } = request.entry;
  const parameters = readQuery(request, [...AGGREGATE_PARAMETERS, "filter", "withDeleted"]);
  const reply = await readObject(request, {
    ...callHeader(request),
    op: "aggregate",
    scope,
    filter: readFilter(resource, parameters),
    withDeleted: await deletedScope(request, parameters),
    query: parseAggregate(parameters, resource.spec),
    conditions: readConditions(request.request.headers),
  });
  return readReply(request, expectAnswer(reply));
}
