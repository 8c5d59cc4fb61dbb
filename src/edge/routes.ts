/** All routes in the order they are asked: the application's own, the product's system paths, the tables. */

import { RESERVED_RESOURCES } from "../core/ids.ts";
import { ConfigError } from "../define/config-error.ts";
import type { AppOptions, RouteContext, UserRoute } from "./app-options.ts";
import type { TableEntry } from "./edge.ts";
import type { Endpoint } from "./endpoint.ts";
import { makeTicket } from "./endpoints/live.ts";
import { postTransaction } from "./endpoints/transaction.ts";
import { jsonReply } from "./reply.ts";
import { routeContext } from "./route-context.ts";
import type { Route } from "./router.ts";
import { systemRoutes } from "./system-routes.ts";
import { tableRoutes } from "./table-routes.ts";
import type { MappedRoute } from "./transaction/map-route.ts";

export interface RouteSources {
  readonly basePath: string;
  readonly tables: ReadonlyMap<string, TableEntry>;
  readonly routes: readonly UserRoute[];
  readonly transactions?: AppOptions["transactions"];
  readonly endpoints?: AppOptions["endpoints"];
  readonly features?: AppOptions["features"];
}

export function buildRoutes({
  basePath,
  tables,
  routes,
  transactions,
  endpoints = [],
  features = [],
}: RouteSources): Route<Endpoint>[] {
  return [
    ...routes.map(userRoute),
    ...endpoints.map((endpoint) => mappedRoute(basePath, endpoint, tables)),
    ...systemRoutes(),
    ...(transactions?.http === true ? [transactionRoute(basePath)] : []),
    ticketRoute(basePath),
    ...tableRoutes(
      basePath,
      tables,
      features.flatMap(({ tableEndpoints }) => tableEndpoints ?? []),
    ),
  ];
}

/** Its first segment is no table's and none of Ledge's: a table and an endpoint never share an address ([HT62]). */
function mappedRoute(
  basePath: string,
  { method, path, run }: MappedRoute,
  tables: RouteSources["tables"],
): Route<Endpoint> {
  const [, first = ""] = path.split("/");
  if (tables.has(first) || RESERVED_RESOURCES.has(first) || first.startsWith(":"))
    throw new ConfigError(
      null,
      undefined,
      `Endpoint ${method} ${path} lies where ${tables.has(first) ? "a table is" : "Ledge, or every table, is"}`,
      "Give it another first segment.",
    );
  return {
    pattern: `${basePath}${path}`,
    closed: false,
    methods: () => ({ [method]: { kind: "known", run } }),
  };
}

function ticketRoute(basePath: string): Route<Endpoint> {
  return {
    pattern: `${basePath}/live/ticket`,
    closed: true,
    methods: () => ({ POST: { kind: "known", run: makeTicket } }),
  };
}

function transactionRoute(basePath: string): Route<Endpoint> {
  return {
    pattern: `${basePath}/transaction`,
    closed: true,
    methods: () => ({ POST: { kind: "known", run: postTransaction } }),
  };
}

function userRoute({ method, path, handler, credentials = "checked" }: UserRoute): Route<Endpoint> {
  const endpoint: Endpoint = {
    kind: "known",
    credentials,
    async run(exchange, params) {
      const context: RouteContext = routeContext(exchange, params);
      const answer = await handler(context);
      return answer instanceof Response ? answer : jsonReply(answer ?? null);
    },
  };
  return { pattern: path, closed: false, methods: () => ({ [method.toUpperCase()]: endpoint }) };
}
