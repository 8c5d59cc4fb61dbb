/** Every endpoint that the attacked application has, as `METHOD pattern`, from its own routes: a new one is noticed at once. */

import { createEdge } from "../../src/edge/edge.ts";
import { buildRoutes } from "../../src/edge/routes.ts";
import { app, features } from "./fuzz-app.ts";

/** Routes that answer only with problems; a table without partitions has nowhere to move a file to. */
const NEVER_WELL = [
  "GET /api/broken",
  "POST /api/limited",
  "DELETE /_/transactions/:txid",
  "POST /api/:table/:id/move",
];
const OWN = [
  ["GET", "/"],
  ["GET", "/api/echo/:text"],
  ["POST", "/_/files/sweep"],
] as const;

export function listEndpoints(): string[] {
  const handler = () => null;
  const routes = OWN.map(([method, path]) => ({ method, path, handler }));
  const { tables } = createEdge(app.definition, app.definition.resources, routes, {});
  const found = new Set<string>();
  for (const { pattern, methods } of buildRoutes({ basePath: "/api", tables, routes, features })) {
    for (const table of tables.keys()) {
      const params: Record<string, string> = pattern.includes(":partition")
        ? { partition: "p", table, id: "x" }
        : { table, id: "x" };
      for (const method of Object.keys(methods(params) ?? {})) found.add(`${method} ${pattern}`);
    }
  }
  return [...found].filter((endpoint) => !NEVER_WELL.includes(endpoint)).sort();
}
