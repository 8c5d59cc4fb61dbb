/** What routes and middleware of the application get, made from the exchange ([PF18]). */

import type { RouteContext } from "./app-options.ts";
import type { Exchange } from "./exchange.ts";
import type { Params } from "./router.ts";
import { tableAccess } from "./table-access.ts";

export function routeContext(exchange: Exchange, params: Params): RouteContext {
  const { edge, request, url, env, principal, trace, nowMs, log, lifetime } = exchange;
  return {
    request,
    url,
    params,
    env,
    user: principal,
    requestId: trace.requestId,
    now: nowMs,
    log,
    app: edge.definition,
    basePath: edge.basePath,
    waitUntil: (promise) => lifetime.waitUntil(promise),
    table: (name, partition) => tableAccess(exchange, name, partition ?? null),
  };
}
