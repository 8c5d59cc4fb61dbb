/**
 * `GET /` — a page of rows ([PG7]). The object answers the page already serialized; when there is a next one it also gives
 * the place to go on from, which only here becomes a signed cursor, since only the Worker holds the secret.
 */

import type { JsonScalar } from "../../core/json.ts";
import { type OrderTerm, parseOrderBy } from "../../core/query/order.ts";
import { parseFlag, parseLimit, parseOffset } from "../../core/query/parameters.ts";
import { parseSelect } from "../../core/query/select.ts";
import { readObject } from "../call-object.ts";
import { openCursor, placeOf, sealCursor } from "../cursors.ts";
import { callHeader, type TableRequest } from "../exchange.ts";
import { mayInspect } from "../may-inspect.ts";
import { readConditions } from "../read-headers.ts";
import type { Reply } from "../reply.ts";
import { expectAnswer, readReply } from "./answer.ts";
import { includeInto, withInclude } from "./include.ts";
import { deletedScope, readFilter, readQuery, readScope } from "./read-access.ts";

const PARAMETERS = ["filter", "select", "orderBy", "limit", "cursor", "offset", "totalCount", "withDeleted", "etags"];
/** How the object ends the body of a page; the cursor takes the place of the null. */
const OPEN_END = "null}";

export async function listRows(request: TableRequest): Promise<Reply> {
  const scope = await readScope(request);
  const { resource } = request.entry;
  const parameters = readQuery(request, withInclude(request, PARAMETERS));
  const orderBy = parseOrderBy(parameters.get("orderBy"), resource.spec);
  const cursor = parameters.get("cursor");
  const setInto = await includeInto(request, parameters);
  const answer = expectAnswer(
    await readObject(request, {
      ...callHeader(request),
      op: "list",
      scope,
      filter: readFilter(resource, parameters),
      orderBy,
      limit: parseLimit(parameters.get("limit"), resource.spec.pagination),
      offset: parseOffset(parameters.get("offset"), resource.spec.pagination, cursor),
      after: cursor === undefined ? null : await openCursor(placeOf(request), cursor, orderBy),
      totalCount: parseFlag("totalCount", parameters.get("totalCount")),
      isExplained: request.request.headers.get("ledge-explain") === "true" && mayInspect(request),
      withDeleted: parameters.has("withDeleted") ? await deletedScope(request, parameters) : null,
      select: parseSelect(parameters.get("select"), resource.spec),
      etags: parseFlag("etags", parameters.get("etags")),
      conditions: setInto === null ? readConditions(request.request.headers) : {},
    }),
  );
  const page = readReply(request, answer);
  const isLast = answer.next === undefined || page.body === null;
  const reply = isLast ? page : { ...page, body: await withCursor(request, page.body, answer.next, orderBy) };
  return setInto === null ? reply : setInto(reply);
}

async function withCursor(
  request: TableRequest,
  body: string,
  next: readonly JsonScalar[],
  orderBy: readonly OrderTerm[],
): Promise<string> {
  const cursor = await sealCursor(placeOf(request), next, orderBy);
  return `${body.slice(0, -OPEN_END.length)}${JSON.stringify(cursor)}}`;
}
