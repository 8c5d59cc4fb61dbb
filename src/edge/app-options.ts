/** What `defineApp` takes ([PF3]), and what application code at the edge (routes, middleware, features) sees. Types only. */

import type { RowId } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import type { Logger, LogSink, LogThreshold } from "../core/log.ts";
import type { AccessEnded } from "../core/scope/access-ended.ts";
import type { Principal } from "../core/scope/principal.ts";
import type { AppDefinition, EffectHandler, NewsListener } from "../define/app.ts";
import type { ObjectProcedure } from "../define/hooks.ts";
import type { AnyResource } from "../define/resource.ts";
import type { SearchAdapter } from "../define/search-adapter.ts";
import type { AuthOptions, Credentials } from "./authenticate.ts";
import type { CorsOptions } from "./cors.ts";
import type { TableEntry } from "./edge.ts";
import type { Answer } from "./endpoint.ts";
import type { LedgeEnv, Lifetime } from "./env.ts";
import type { Exchange, TableRequest } from "./exchange.ts";
import type { Params } from "./router.ts";
import type { SecurityHeaderOptions } from "./security-headers.ts";
import type { TableAccess } from "./table-access.ts";
import type { MappedRoute } from "./transaction/map-route.ts";
import type { ServerContext } from "./transaction/server-context.ts";

/** What a route of the application gets. */
export interface RouteContext extends ServerContext {
  readonly url: URL;
  readonly app: AppDefinition;
  readonly basePath: string;
  /** Keeps the Worker alive for work that goes on after the reply. */
  waitUntil(promise: Promise<unknown>): void;
  /** Tells that a session, a key or all of a person's access has ended, so that their sockets and streams close. For sign-in. */
  accessEnded(ended: AccessEnded): void;
  /** The generated API of a table, under the rights of the caller. `partition` where the table has one. */
  table(name: string, partition?: string): TableAccess;
}

/** A `Response` is sent as it is; anything else as JSON. */
export type RouteHandler = (context: RouteContext) => unknown;

/**
 * What a route makes of credentials. `checked` (the default): bad ones are 401 before the handler runs. `forgiven`: bad ones count
 * as none, for pages, which a browser with an old cookie could not open otherwise. `ignored`: nobody looks at them.
 */
export type CredentialUse = "checked" | "forgiven" | "ignored";

export interface RouteOptions {
  readonly credentials?: CredentialUse;
}

export interface UserRoute extends RouteOptions {
  readonly method: string;
  /** From the root, e.g. `/api/reports/:id`; `*` for the rest. */
  readonly path: string;
  readonly handler: RouteHandler;
}

/** Runs around every endpoint that knows its caller. Never sees a failure as an exception: `next` gives its problem. */
export type Middleware = (context: RouteContext, next: () => Promise<Response>) => Response | Promise<Response>;

export type RouteBuilder = (method: string, path: string, handler: RouteHandler, options?: RouteOptions) => void;

/**
 * Who asks, by credentials that a feature has issued itself: null when none of them came along. Bad ones are thrown as
 * `unauthorized`, so that the request ends at the edge.
 */
export type AskFeature = (credentials: Credentials) => Principal | null | Promise<Principal | null>;

/** An endpoint that a feature adds below tables: the table is found and its partition entered as for any other. */
export interface TableEndpoint {
  readonly method: string;
  /** Below the table's own path, beginning with a row: `/:id/content`. */
  readonly path: `/:id/${string}`;
  /** Which tables have it, of all that are served. */
  readonly isOffered: (resource: AnyResource, tables: ReadonlyMap<string, TableEntry>) => boolean;
  readonly run: (request: TableRequest, params: Params) => Promise<Answer>;
  /** Asked before anything is known of the caller's rights; null: nothing settles the request beforehand. */
  readonly direct?: (exchange: Exchange, entry: TableEntry, params: Params) => Promise<Answer> | null;
}

/** An add-on in a folder of its own: ordinary tables, ordinary rules, routes and effects. */
export interface Feature {
  readonly name: string;
  readonly tables?: readonly AnyResource[];
  /** `basePath` without a slash at the end: `/api`. */
  readonly routes?: (route: RouteBuilder, place: { readonly basePath: string }) => void;
  readonly tableEndpoints?: readonly TableEndpoint[];
  /** Asked before the tokens of `auth`, in the order of the list, and only until one knows the caller. */
  readonly authenticate?: AskFeature;
  /** A check of `/readyz`, under the feature's name. */
  readonly health?: HealthCheck;
  /** Told beside the answer when sign-in has ended access: closes what is open for that caller. May be told twice. */
  readonly onAccessEnded?: (
    ended: AccessEnded,
    place: { readonly env: LedgeEnv; readonly log: Logger },
  ) => void | Promise<void>;
  readonly effects?: Readonly<Record<string, EffectHandler>>;
  /** Work in the transaction of an object, by name (`callProcedure`). */
  readonly procedures?: Readonly<Record<string, ObjectProcedure>>;
  /** Told once, when the application is made, how to run code of the server outside of requests. */
  readonly attach?: (host: FeatureHost) => void;
  /** Messages of the queues that this Worker consumes. */
  readonly queue?: (batch: MessageBatch, place: FeaturePlace) => Promise<void>;
  /** Before the first request of an isolate; runs beside it. */
  readonly started?: (place: FeaturePlace) => Promise<void>;
  /** A cron trigger of the platform. */
  readonly scheduled?: (place: FeaturePlace) => Promise<void>;
  /**
   * Finds related rows for `include` ([HT18]): refused or prepared before the table is read, then asked once for all rows of the reply.
   * `headers` tell of their age.
   */
  readonly include?: (request: TableRequest, text: string) => Promise<Included>;
  /** Follows objects from outside: asked once what it wants to be told of, when the application is made. */
  readonly news?: (app: Pick<AppDefinition, "name" | "resources">) => NewsListener;
}

/** What features serve that is read like a table, by name: what each says of itself by type. */
export type ViewsOf<F extends readonly Feature[]> = {
  readonly [V in Extract<ViewIn<F[number]>, ViewLike> as V["name"]]: V extends { readonly types?: infer Of }
    ? NonNullable<Of>
    : never;
};
type ViewLike = { readonly name: string; readonly types?: unknown };
type ViewIn<F> = F extends { readonly views?: infer L }
  ? NonNullable<L> extends readonly (infer V)[]
    ? V
    : never
  : never;

/** The members that join each row, by its key. */
export type Included = (keys: readonly RowId[]) => Promise<{
  readonly members: ReadonlyMap<RowId, JsonObject>;
  readonly headers: Readonly<Record<string, string>>;
}>;

export interface FeaturePlace {
  readonly env: LedgeEnv;
  readonly lifetime: Lifetime;
}

/** The application as its features see it. */
export interface FeatureHost {
  /** The context of code that no request has called. Without a user; `asSystem` lifts the scopes. */
  server(place: FeaturePlace, name: string): ServerContext;
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
  /** An engine outside for the tables with a `search`; default: the index in each table's object. */
  readonly searchAdapter?: SearchAdapter;
  /** Endpoints made with `mapRoute`, under the base path ([HT62]). */
  readonly endpoints?: readonly MappedRoute[];
  /** What functions of transactions reach as `ctx.context.resolve(name)`; made once a request. */
  readonly services?: Readonly<Record<string, (env: LedgeEnv) => unknown>>;
  /** `http`: takes lists of operations at `POST /api/transaction` ([HT54]). Default: off. */
  readonly transactions?: { readonly http?: boolean };
  /** Shows the message of a defect in its problem; on in development anyway. */
  readonly debug?: boolean;
}
