/** What `defineApp` takes ([PF3]), and what application code at the edge (routes, middleware, features) sees. Types only. */

import type { Logger, LogSink, LogThreshold } from "../core/log.ts";
import type { Principal } from "../core/scope/principal.ts";
import type { AppDefinition, EffectHandler } from "../define/app.ts";
import type { AnyResource } from "../define/resource.ts";
import type { AuthOptions } from "./authenticate.ts";
import type { CorsOptions } from "./cors.ts";
import type { LedgeEnv } from "./env.ts";
import type { Params } from "./router.ts";
import type { SecurityHeaderOptions } from "./security-headers.ts";
import type { TableAccess } from "./table-access.ts";

/** What a route of the application gets. */
export interface RouteContext {
  readonly request: Request;
  readonly url: URL;
  readonly params: Params;
  readonly env: LedgeEnv;
  readonly user: Principal;
  readonly requestId: string;
  /** ms since 1970, fixed for the request. */
  readonly now: number;
  readonly log: Logger;
  readonly app: AppDefinition;
  readonly basePath: string;
  /** Keeps the Worker alive for work that goes on after the reply. */
  waitUntil(promise: Promise<unknown>): void;
  /** The generated API of a table, under the rights of the caller. `partition` where the table has one. */
  table(name: string, partition?: string): TableAccess;
}

/** A `Response` is sent as it is; anything else as JSON. */
export type RouteHandler = (context: RouteContext) => unknown;

export interface UserRoute {
  readonly method: string;
  /** From the root, e.g. `/api/reports/:id`; `*` for the rest. */
  readonly path: string;
  readonly handler: RouteHandler;
}

/** Runs around every endpoint that knows its caller. Never sees a failure as an exception: `next` gives its problem. */
export type Middleware = (context: RouteContext, next: () => Promise<Response>) => Response | Promise<Response>;

export type RouteBuilder = (method: string, path: string, handler: RouteHandler) => void;

/** An add-on in a folder of its own: ordinary tables, ordinary rules, routes and effects. */
export interface Feature {
  readonly name: string;
  readonly tables?: readonly AnyResource[];
  readonly routes?: (route: RouteBuilder) => void;
  readonly effects?: Readonly<Record<string, EffectHandler>>;
}

/** Throws, or rejects, when what it checks is not usable. */
export type HealthCheck = (env: LedgeEnv) => void | Promise<void>;

export type ResourceList = readonly AnyResource[] | Readonly<Record<string, AnyResource>>;

export interface AppOptions {
  /** A part of every object's name; changing it addresses other objects. Default: `app`. */
  readonly name?: string;
  /** A list, or a namespace import whose values are resources. */
  readonly resources?: ResourceList;
  /** Default: `/api`. */
  readonly basePath?: string;
  readonly cors?: boolean | CorsOptions;
  readonly auth?: AuthOptions;
  readonly middleware?: readonly Middleware[];
  readonly observability?: { readonly logLevel?: LogThreshold; readonly sink?: LogSink };
  /** Further checks of `/readyz`, by name. */
  readonly health?: Readonly<Record<string, HealthCheck>>;
  readonly securityHeaders?: SecurityHeaderOptions | false;
  /** Handlers of effects that `onWrite` records, by name. */
  readonly effects?: Readonly<Record<string, EffectHandler>>;
  readonly features?: readonly Feature[];
  /** Shows the message of a defect in its problem; on in development anyway. */
  readonly debug?: boolean;
}
