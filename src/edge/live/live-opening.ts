/**
 * What a caller may follow in the object that owns a table: read AND subscribe scope of each table there, resolved now ([WS1] [RV4]).
 * The object is told once, when the socket opens; rights that an asynchronous rule gave end the socket after a minute. Scopes that depend
 * on rows the object resolves itself, and keeps up to date ([RV2]).
 */

import { Fault } from "../../core/fault.ts";
import { type ObjectName, objectName } from "../../core/ids.ts";
import { LIVE_LIMITS } from "../../core/live/live-limits.ts";
import type { DeclaredOperation, SocketRight } from "../../core/live/socket-state.ts";
import { errorFields } from "../../core/log.ts";
import type { LiveOpening } from "../../core/protocol/live-opening.ts";
import { declaredRule } from "../../define/declared-scope.ts";
import type { TableEntry } from "../edge.ts";
import type { TableRequest } from "../exchange.ts";
import { ALLOW, DENY, requireScope } from "../scopes.ts";

/** Refuses with 401 or 403 where the caller may not follow the table of the request. */
export async function liveOpening(request: TableRequest, session: string): Promise<LiveOpening> {
  const { edge, entry, principal, object, nowMs, partition } = request;
  const { spec } = entry.resource;
  await requireBoth(request);
  const rights: Record<string, SocketRight> = {};
  let isAged = false;
  for (const [path, other] of edge.tables) {
    const { spec: theirs } = other.resource;
    const isHere = theirs.group === spec.group && theirs.capabilities.subscribe;
    if (isHere) {
      const { right, isWaited } = await rightOf(request, other);
      if (right !== null) rights[path] = right;
      if (right !== null && isWaited) isAged = true;
    }
  }
  const isUser = principal.kind === "user";
  const isPerson = isUser && Object.values(rights).some(({ declared }) => declared !== undefined);
  const person = isPerson ? { person: { roles: principal.roles, claims: principal.claims } } : {};
  if (JSON.stringify([rights, person]).length > LIVE_LIMITS.rightsBytes)
    throw new Fault({ slug: "subscription-limit-exceeded", limit: "bytes", max: LIVE_LIMITS.rightsBytes });
  const address = request.request.headers.get("cf-connecting-ip") ?? "";
  return {
    v: 1,
    object,
    partition,
    table: entry.resource.name,
    session,
    who: isUser ? principal.id : null,
    ...person,
    credential: isUser ? (principal.credential ?? null) : null,
    provenAtMs: nowMs,
    counted: isUser ? `u:${principal.id}` : `a:${address}`,
    exp: isUser && principal.expiresAtS !== undefined ? principal.expiresAtS * 1000 : null,
    renewAtMs: isAged ? nowMs + LIVE_LIMITS.scopeMaxAgeMs : null,
    rights,
    objects: [...new Set([object, ...(await objectsToTellOf(request))])],
  };
}

/**
 * Objects of tables beside those of this one that the caller may read: they are named as parts of a transaction ([CC1]). One whose
 * rights cannot be read now is left out: the socket is not for it.
 */
async function objectsToTellOf(request: TableRequest): Promise<readonly ObjectName[]> {
  const { edge, entry: own, log } = request;
  const { group } = own.resource.spec;
  const others = [...edge.tables.values()].filter(
    ({ resource: { spec } }) => spec.partitionBy === null && !(spec.group === group && spec.capabilities.subscribe),
  );
  const objectOf = async (entry: TableEntry): Promise<readonly ObjectName[]> => {
    const { spec, name } = entry.resource;
    const object = objectName(edge.definition.name, spec.group, null);
    try {
      // Its own partition, none: rows that its scope uses do not lie in that of the request.
      const scope = await entry.access({ ...request, partition: null }, "read");
      return scope === DENY ? [] : [object];
    } catch (error) {
      log.warn("an object is left out of what a socket is told of", { resource: name, ...errorFields(error) });
      return [];
    }
  };
  return (await Promise.all(others.map(objectOf))).flat();
}

async function requireBoth(request: TableRequest): Promise<void> {
  const { entry, principal } = request;
  const scopes = await Promise.all([
    entry.access(request, "read"),
    hasRule(entry) ? entry.access(request, "subscribe") : ALLOW,
  ]);
  requireScope(scopes[0], principal, "read");
  requireScope(scopes[1], principal, "subscribe");
}

/** Null: nothing of the table may be followed. `isWaited`: a rule of its own was asynchronous. */
async function rightOf(
  request: TableRequest,
  entry: TableEntry,
): Promise<{ readonly right: SocketRight | null; readonly isWaited: boolean }> {
  const { resource } = entry;
  const isUser = request.principal.kind === "user";
  const operations: readonly DeclaredOperation[] = hasRule(entry) ? ["read", "subscribe"] : ["read"];
  const declared = operations.filter((operation) => isUser && declaredRule(resource, operation) !== null);
  const asked = operations
    .filter((operation) => !declared.includes(operation))
    .map((operation) => entry.access(request, operation));
  const scopes = await Promise.all(asked);
  const right: SocketRight = {
    table: resource.name,
    scopes: [...new Set(scopes)].filter((scope) => scope !== ALLOW),
    ...(declared.length === 0 ? {} : { declared }),
  };
  return { right: scopes.includes(DENY) ? null : right, isWaited: asked.some((scope) => scope instanceof Promise) };
}

/** Without a rule of its own everything that may be read may be followed. */
function hasRule({ resource }: TableEntry): boolean {
  const { auth, public: open } = resource.config;
  return auth?.subscribe !== undefined || (typeof open === "object" && open.subscribe !== undefined);
}
