/**
 * What a caller may follow in the object that owns a table: read AND subscribe scope of each table there, resolved now ([WS1] [RV4]).
 * The object is told once, when the socket opens; rights that an asynchronous rule gave end the socket after a minute.
 */

import { Fault } from "../../core/fault.ts";
import { objectName } from "../../core/ids.ts";
import { LIVE_LIMITS } from "../../core/live/live-limits.ts";
import type { SocketRights } from "../../core/live/socket-state.ts";
import type { LiveOpening } from "../../core/protocol/live-opening.ts";
import type { ScopeText } from "../../core/protocol/object-call.ts";
import type { TableEntry } from "../edge.ts";
import type { TableRequest } from "../exchange.ts";
import { ALLOW, DENY, requireScope } from "../scopes.ts";

/** Refuses with 401 or 403 where the caller may not follow the table of the request. */
export async function liveOpening(request: TableRequest, session: string): Promise<LiveOpening> {
  const { edge, entry, principal, object, nowMs, partition } = request;
  const { spec } = entry.resource;
  const rights: Record<string, SocketRights[string]> = {};
  const objects = new Set<string>([object]);
  let isAged = false;
  for (const [path, other] of edge.tables) {
    const isHere = other.resource.spec.group === spec.group && other.resource.spec.capabilities.subscribe;
    if (!isHere && other.resource.spec.partitionBy !== null) continue;
    const read = other.access(principal, "read", request.log);
    const subscribe = isHere ? subscribeScope(request, other) : DENY;
    if (isHere && (read instanceof Promise || subscribe instanceof Promise)) isAged = true;
    const scopes = [await read, await subscribe];
    if (other === entry) {
      requireScope(scopes[0] ?? DENY, principal, "read");
      requireScope(scopes[1] ?? DENY, principal, "subscribe");
    }
    if (scopes[0] !== DENY && other.resource.spec.partitionBy === null)
      objects.add(objectName(edge.definition.name, other.resource.spec.group, null));
    if (isHere && !scopes.includes(DENY))
      rights[path] = { table: other.resource.name, scopes: [...new Set(scopes)].filter((scope) => scope !== ALLOW) };
  }
  if (JSON.stringify(rights).length > LIVE_LIMITS.rightsBytes)
    throw new Fault({ slug: "subscription-limit-exceeded", limit: "bytes", max: LIVE_LIMITS.rightsBytes });
  const isUser = principal.kind === "user";
  const address = request.request.headers.get("cf-connecting-ip") ?? "";
  return {
    v: 1,
    object,
    partition,
    table: entry.resource.name,
    session,
    who: isUser ? principal.id : null,
    credential: isUser ? (principal.credential ?? null) : null,
    provenAtMs: nowMs,
    counted: isUser ? `u:${principal.id}` : `a:${address}`,
    exp: isUser && principal.expiresAtS !== undefined ? principal.expiresAtS * 1000 : null,
    renewAtMs: isAged ? nowMs + LIVE_LIMITS.scopeMaxAgeMs : null,
    rights,
    objects: [...objects],
  };
}

/** Without a rule of its own everything that may be read may be followed. */
function subscribeScope(
  { principal, log }: TableRequest,
  { access, resource }: TableEntry,
): ScopeText | Promise<ScopeText> {
  const { auth, public: open } = resource.config;
  const hasRule = auth?.subscribe !== undefined || (typeof open === "object" && open.subscribe !== undefined);
  return hasRule ? access(principal, "subscribe", log) : ALLOW;
}
