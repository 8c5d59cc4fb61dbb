/**
 * Roles and other claims of a person ([Z6]): for servers alone, no endpoint writes them. They hold from the person's next request on,
 * whatever it carries; sockets and streams are opened anew with them where a route's context can tell them ([RV6]); access tokens that
 * other services verify have them after the next refresh.
 */

import type { JsonObject } from "../../core/json.ts";
import type { RouteContext } from "../../edge/app-options.ts";

/** Replaces `app_metadata`: `{ roles: ["admin"], orgId: "acme" }`. Whether there is such a person. */
export async function setAppMetadata(
  database: D1Database,
  userId: string,
  metadata: JsonObject,
  context?: Pick<RouteContext, "accessEnded">,
): Promise<boolean> {
  const done = await database
    .prepare("UPDATE auth_users SET app_metadata = ? WHERE id = ?")
    .bind(JSON.stringify(metadata), userId)
    .run();
  const isKnown = done.meta.changes > 0;
  if (isKnown) context?.accessEnded({ kind: "changed", userId });
  return isKnown;
}
