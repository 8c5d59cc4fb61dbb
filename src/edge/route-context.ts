/** What routes and middleware of the application get, made from the exchange ([PF18]). */

import { accessEnded } from "./access-ended.ts";
import type { RouteContext } from "./app-options.ts";
import type { Exchange } from "./exchange.ts";
import type { Params } from "./router.ts";
import { tableAccess } from "./table-access.ts";
import { originOf, serverContext } from "./transaction/server-context.ts";

export function routeContext(exchange: Exchange, params: Params): RouteContext {
  const { edge, url, lifetime } = exchange;
  return {
    ...serverContext(originOf(exchange), params),
    url,
    app: edge.definition,
    basePath: edge.basePath,
    waitUntil: (promise) => lifetime.waitUntil(promise),
    accessEnded: (ended) => accessEnded(exchange, ended),
    table: (name, partition) => tableAccess(exchange, name, partition ?? null),
  };
}
