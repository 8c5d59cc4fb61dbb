/** All routes in the order they are asked: the application's own, the product's system paths, the tables. */

import type { AppOptions, RouteContext, UserRoute } from "./app-options.ts";
import type { TableEntry } from "./edge.ts";
import type { Endpoint } from "./endpoint.ts";
import { postTransaction } from "./endpoints/transaction.ts";
import { jsonReply } from "./reply.ts";
import { routeContext } from "./route-context.ts";
import type { Route } from "./router.ts";
import { systemRoutes } from "./system-routes.ts";
import { tableRoutes } from "./table-routes.ts";

export interface RouteSources {
  readonly basePath: string;
  readonly tables: ReadonlyMap<string, TableEntry>;
  readonly routes: readonly UserRoute[];
  readonly transactions?: AppOptions["transactions"];
}

export function buildRoutes({ basePath, tables, routes, transactions }: RouteSources): Route<Endpoint>[] {
  return [
    ...routes.map(userRoute),
    ...systemRoutes(),
    ...(transactions?.http === true ? [transactionRoute(basePath)] : []),
    ...tableRoutes(basePath, tables),
  ];
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
