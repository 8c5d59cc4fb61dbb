/**
 * The application as the edge runs it: everything that can be prepared once is here, so that a request builds nothing.
 * Made by `createEdge` at the first request of an isolate.
 */

import type { AppDefinition } from "../define/app.ts";
import type { AnyResource } from "../define/resource.ts";
import type { SearchAdapter } from "../define/search-adapter.ts";
import type { AppOptions, UserRoute } from "./app-options.ts";
import { type Authenticate, createAuthenticate } from "./authenticate.ts";
import { type Cors, createCors } from "./cors.ts";
import type { Endpoint } from "./endpoint.ts";
import { createRouter, type MatchPath } from "./router.ts";
import { buildRoutes } from "./routes.ts";
import { type Access, createAccess } from "./scopes.ts";
import { secretNames } from "./secret.ts";
import { securityHeaders } from "./security-headers.ts";
import { createValidator, type Validator } from "./validate-input.ts";

/** A table as it is served: where, under which rules. */
export interface TableEntry {
  /** Path segment; the table's name unless the application mounted it elsewhere. */
  readonly path: string;
  readonly resource: AnyResource;
  readonly access: Access;
  readonly validate: Validator;
  /** Some table of the same object has an after-hook that runs in the Worker, so writes bring their changes back. */
  readonly wantsChanges: boolean;
  /** Asked by searches in place of the object's own index. */
  readonly searchAdapter: SearchAdapter | null;
}

export interface Edge {
  readonly definition: AppDefinition;
  readonly options: AppOptions;
  /** Without a trailing slash, e.g. `/api`. */
  readonly basePath: string;
  /** By path segment. */
  readonly tables: ReadonlyMap<string, TableEntry>;
  readonly match: MatchPath<Endpoint>;
  readonly authenticate: Authenticate;
  /** Variables without which no data is served. */
  readonly secretNames: readonly string[];
  readonly cors: Cors | null;
  readonly securityHeaders: ReturnType<typeof securityHeaders>;
}

export function createEdge(
  definition: AppDefinition,
  mounts: ReadonlyMap<string, AnyResource>,
  routes: readonly UserRoute[],
  options: AppOptions,
): Edge {
  const basePath = basePathOf(options.basePath);
  const tables = new Map([...mounts].map(([path, resource]) => [path, tableEntry(path, resource, definition)]));
  return {
    definition,
    options,
    basePath,
    tables,
    match: createRouter(
      buildRoutes({
        basePath,
        tables,
        routes,
        transactions: options.transactions,
        endpoints: options.endpoints ?? [],
        features: options.features ?? [],
      }),
    ),
    authenticate: createAuthenticate(
      options.auth,
      (options.features ?? []).flatMap(({ authenticate }) => authenticate ?? []),
    ),
    secretNames: secretNames(options.auth),
    cors: createCors(options.cors),
    securityHeaders: securityHeaders(options.securityHeaders),
  };
}

function tableEntry(path: string, resource: AnyResource, definition: AppDefinition): TableEntry {
  const neighbours = [...definition.resources.values()].filter(({ spec }) => spec.group === resource.spec.group);
  return {
    path,
    resource,
    access: createAccess(resource),
    validate: createValidator(resource),
    wantsChanges: neighbours.some(({ config: { hooks = {} } }) =>
      [hooks.onAfterCreate, hooks.onAfterUpdate, hooks.onAfterDelete].some((hook) => typeof hook === "function"),
    ),
    searchAdapter: definition.searchAdapters?.get(resource.name) ?? null,
  };
}

/** Without a trailing slash, and with one before it. */
export function basePathOf(text = "/api"): string {
  const trimmed = text.replace(/\/+$/, "");
  return trimmed === "" || trimmed.startsWith("/") ? trimmed : `/${trimmed}`;
}
