/** `GET /count` — rows under filter and scope; with `limit` counting stops there ([R7] [R8]). */

import { invalidField } from "../../core/fault.ts";
import { readObject } from "../call-object.ts";
import { callHeader, type TableRequest } from "../exchange.ts";
import { readConditions } from "../read-headers.ts";
import type { Reply } from "../reply.ts";
import { expectAnswer, readReply } from "./answer.ts";
import { deletedScope, readFilter, readQuery, readScope } from "./read-access.ts";

export async function countRows(request: TableRequest): Promise<Reply> {
  const scope = await readScope(request);
  const parameters = readQuery(request, ["filter", "withDeleted", "limit"]);
  const reply = await readObject(request, {
    ...callHeader(request),
    op: "count",
    scope,
    filter: readFilter(request.entry.resource, parameters),
    withDeleted: await deletedScope(request, parameters),
    limit: countLimit(parameters.get("limit")),
    conditions: readConditions(request.request.headers),
  });
  return readReply(request, expectAnswer(reply));
}

/** Null counts all. Unlike a page, a count has no maximum to be lowered to ([QL53]). */
function countLimit(text: string | undefined): number | null {
  if (text === undefined) return null;
  const limit = /^[0-9]{1,16}$/.test(text) ? Number(text) : 0;
  if (limit < 1) throw invalidField("limit", "must be an integer ≥ 1");
  return Math.min(limit, Number.MAX_SAFE_INTEGER);
}
