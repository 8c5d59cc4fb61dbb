/** `GET /:id` — one row ([HT14] [HT33]). */

import type { RowId } from "../../core/ids.ts";
import { parseSelect } from "../../core/query/select.ts";
import { readObject } from "../call-object.ts";
import { callHeader, type TableRequest } from "../exchange.ts";
import { readConditions } from "../read-headers.ts";
import type { Reply } from "../reply.ts";
import { expectAnswer, readReply } from "./answer.ts";
import { includeInto, withInclude } from "./include.ts";
import { deletedScope, readQuery, readScope } from "./read-access.ts";

export async function getRow(request: TableRequest, idOf: () => RowId): Promise<Reply> {
  const scope = await readScope(request);
  const id = idOf();
  const parameters = readQuery(request, withInclude(request, ["select", "withDeleted"]));
  const withDeleted = parameters.has("withDeleted") ? await deletedScope(request, parameters) : null;
  const setInto = await includeInto(request, parameters);
  const answer = await readObject(request, {
    ...callHeader(request),
    op: "get",
    id,
    scope,
    withDeleted,
    select: parseSelect(parameters.get("select"), request.entry.resource.spec),
    conditions: setInto === null ? readConditions(request.request.headers) : {},
  });
  const reply = readReply(request, expectAnswer(answer));
  return setInto === null ? reply : setInto(reply);
}
