/**
 * `include` on a table's list and get ([HT18]): prepared before the object is asked, so that what is refused costs nothing; read for all
 * rows of the reply at once; set into its rows. A feature knows how related rows are found; without one the parameter is unknown.
 */

import type { RowId } from "../../core/ids.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Parameters } from "../../core/query/parameters.ts";
import type { TableRequest } from "../exchange.ts";
import type { Reply } from "../reply.ts";

/** The reply with related rows in it. It has no tag: a tag says nothing of them ([HT33]). */
type SetInto = (reply: Reply) => Promise<Reply>;

/** The parameters of an endpoint, and `include` where something answers it. */
export function withInclude(request: TableRequest, known: readonly string[]): readonly string[] {
  return featureOf(request) === undefined ? known : [...known, "include"];
}

export async function includeInto(request: TableRequest, parameters: Parameters): Promise<SetInto | null> {
  const text = parameters.get("include");
  const prepared = text === undefined ? undefined : await featureOf(request)?.include?.(request, text);
  if (prepared === undefined) return null;
  return async (reply) => {
    if (reply.body === null || reply.status !== 200) return reply;
    const body = JSON.parse(reply.body) as JsonObject & { readonly items?: readonly JsonObject[] };
    const rows = body.items ?? [body];
    const key = (row: JsonObject) => row[request.entry.resource.spec.primaryKey] as RowId;
    const { members, headers } = await prepared(rows.map(key));
    const joined = rows.map((row) => ({ ...row, ...members.get(key(row)) }));
    const { etag: _, ...kept } = reply.headers;
    return {
      ...reply,
      headers: { ...kept, "cache-control": "private, no-store", ...headers },
      body: JSON.stringify(body.items === undefined ? joined[0] : { ...body, items: joined }),
    };
  };
}

function featureOf({ edge }: TableRequest) {
  return edge.options.features?.find(({ include }) => include !== undefined);
}
