/**
 * `defineApp(options)`: tables, rules and routes become an application that answers requests ([PF3]–[PF6]). The value is the
 * Worker's export, what the object class and the tools read (`definition`), and, by its type, what the client knows.
 * Checked as a whole when it is first asked for, so that a chain may name tables in any order.
 */

import { Fault } from "../core/fault.ts";
import { RESERVED_RESOURCES } from "../core/ids.ts";
import { errorFields } from "../core/log.ts";
import { problemReply } from "../core/protocol/problem.ts";
import { type AppDefinition, checkApp, type EffectHandler } from "../define/app.ts";
import type { ResourceConfig } from "../define/config.ts";
import { ConfigError } from "../define/config-error.ts";
import { NOTIFY } from "../define/hooks.ts";
import { type AnyResource, resource as declareResource, type Resource } from "../define/resource.ts";
import { type SearchAdapter, searchAdaptersOf } from "../define/search-adapter.ts";
import type {
  AppOptions,
  Feature,
  FeatureHost,
  FeaturePlace,
  ResourceList,
  RouteHandler,
  RouteOptions,
  UserRoute,
  ViewsOf,
} from "./app-options.ts";
import { createCors } from "./cors.ts";
import { basePathOf, createEdge, type Edge } from "./edge.ts";
import type { LedgeEnv, Lifetime } from "./env.ts";
import { outsideRequest } from "./outside-request.ts";
import { serve } from "./serve.ts";
import { originOf, serverContext } from "./transaction/server-context.ts";

/** A Drizzle table. */
type Table = Resource["table"];

/** Resources by the name they are served under. */
export type Resources = Readonly<Record<string, AnyResource>>;

/** The resources of a list, or of a namespace, by name. */
export type ResourcesOf<L> = {
  readonly [R in Extract<L extends readonly (infer E)[] ? E : L[keyof L], AnyResource> as R["name"]]: R;
};

/** An application is its own definition, so that it can be handed to whatever reads one. */
export interface App<R extends Resources = Resources, V extends object = object> extends AppDefinition {
  /** The Worker's handler. */
  fetch(request: Request, env: LedgeEnv, context?: Lifetime): Promise<Response>;
  /** The Worker's handler of queues: each feature takes the messages that are its own. */
  queue(batch: MessageBatch, env: LedgeEnv, context?: Lifetime): Promise<void>;
  /** The Worker's handler of cron triggers. */
  scheduled(event: unknown, env: LedgeEnv, context?: Lifetime): Promise<void>;
  /** Calls the application without a server ([TS1]): `app.request("/api/tasks", {}, env)`. */
  request(path: string | Request, init?: RequestInit, env?: Partial<LedgeEnv>, context?: Lifetime): Promise<Response>;
  /** What objects, migrations and tools read, as plain data. Checks the whole; throws `ConfigError`. */
  readonly definition: AppDefinition;
  /** Adds a table: the same as listing it. The path, when given, takes the place of the table's name. */
  resource<T extends Table, N extends string>(
    resource: Resource<T, N>,
  ): App<R & { readonly [K in N]: Resource<T, N> }, V>;
  resource<T extends Table>(
    table: T,
    config: ResourceConfig<T>,
  ): App<R & { readonly [K in T["_"]["name"]]: Resource<T, T["_"]["name"]> }, V>;
  resource<P extends string, T extends Table>(
    path: P,
    table: T,
    config: ResourceConfig<T>,
  ): App<R & { readonly [K in P]: Resource<T, T["_"]["name"]> }, V>;
  /** Adds a route of the application, from the root: `.route("GET", "/api/reports/:id", handler)` ([PF18]). */
  route(method: string, path: string, handler: RouteHandler, options?: RouteOptions): App<R, V>;
  /** An engine outside for the tables with a `search`, or none; the same as the option `searchAdapter` ([S4]). */
  setSearchAdapter(adapter: SearchAdapter | null): App<R, V>;
  /** Types only, never set: the resources by path, for the client. */
  readonly types?: R;
  /** The same for views. */
  readonly views?: V;
}

export function defineApp<const L extends ResourceList = [], const F extends readonly Feature[] = readonly Feature[]>(
  options: AppOptions & { readonly resources?: L; readonly features?: F } = {},
): App<ResourcesOf<L>, ViewsOf<F>> {
  return new LedgeApp(options) as unknown as App<ResourcesOf<L>, ViewsOf<F>>;
}

/** A resource as a router of its own, which any fetch application can mount ([PF5]). */
export function useResource<T extends Table>(
  table: T,
  config: ResourceConfig<T>,
  options: Omit<AppOptions, "resources"> = {},
): App<{ readonly [K in T["_"]["name"]]: Resource<T, T["_"]["name"]> }> {
  return defineApp(options).resource(table, config) as unknown as App<{
    readonly [K in T["_"]["name"]]: Resource<T, T["_"]["name"]>;
  }>;
}

/** Any thrown value as a problem, for applications that mount a resource: faults as they are, the rest as 500. */
export function errorHandler(error: unknown, request?: Request): Response {
  const data = error instanceof Fault ? error.data : ({ slug: "internal-error" } as const);
  const { status, headers, body } = problemReply(data, placeOf(request));
  return new Response(body, { status, headers });
}

/** The 404 problem, for the same. */
export function notFoundHandler(request?: Request): Response {
  return errorHandler(new Fault({ slug: "not-found" }), request);
}

function placeOf(request: Request | undefined) {
  return { instance: request === undefined ? "" : new URL(request.url).pathname, requestId: crypto.randomUUID() };
}

class LedgeApp implements AppDefinition {
  readonly #options: AppOptions;
  readonly #mounts: [path: string | null, resource: AnyResource][];
  readonly #routes: UserRoute[] = [];
  #searchAdapter: SearchAdapter | null;
  #definition: AppDefinition | undefined;
  #edge: Edge | undefined;
  #isStarted = false;

  constructor(options: AppOptions) {
    this.#options = options;
    this.#searchAdapter = options.searchAdapter ?? null;
    // Made again for the edge; here it refuses a mistake while the module loads.
    createCors(options.cors);
    const listed = options.resources ?? [];
    const resources = Array.isArray(listed)
      ? (listed as readonly AnyResource[])
      : Object.values(listed).filter(isResource);
    const features = options.features ?? [];
    this.#mounts = [...resources, ...features.flatMap((feature) => feature.tables ?? [])].map((each) => [null, each]);
    const place = { basePath: basePathOf(options.basePath) };
    for (const feature of features) feature.routes?.((...route) => void this.route(...route), place);
    const host: FeatureHost = {
      server: (where, name) => serverContext(originOf(outsideRequest(this.#ready(), where, name)), {}),
    };
    for (const feature of features) feature.attach?.(host);
  }

  resource(...given: readonly unknown[]): this {
    const path = typeof given[0] === "string" ? given[0] : null;
    const [first, config] = path === null ? given : given.slice(1);
    this.#mounts.push([path, isResource(first) ? first : declareResource(first as Table, config as ResourceConfig)]);
    return this.#changed();
  }

  route(method: string, path: string, handler: RouteHandler, options: RouteOptions = {}): this {
    this.#routes.push({ ...options, method, path, handler });
    return this.#changed();
  }

  setSearchAdapter(adapter: SearchAdapter | null): this {
    this.#searchAdapter = adapter;
    return this.#changed();
  }

  get definition(): AppDefinition {
    if (this.#definition !== undefined) return this.#definition;
    const name = this.#options.name ?? "app";
    const resources = checkApp(
      name,
      this.#mounts.map(([, each]) => each),
    );
    const searchAdapters = searchAdaptersOf(resources.values(), this.#searchAdapter);
    const features = (this.#options.features ?? []).map((feature) => feature.name);
    const procedures = new Map((this.#options.features ?? []).flatMap((each) => Object.entries(each.procedures ?? {})));
    const news = (this.#options.features ?? []).flatMap((feature) => feature.news?.({ name, resources }) ?? []);
    const effects = effectsOf(this.#options);
    for (const { name: table, file, config } of resources.values())
      if (config.notify !== undefined && !effects.has(NOTIFY))
        throw new ConfigError(table, file, "has `notify`, and nobody takes it", "Give jobs([…], { notify: job }).");
    const definition = { name, resources, effects, procedures, searchAdapters, features, news };
    // Prepared here, so that a path that cannot be served stops the application at start too.
    this.#edge = createEdge(definition, mountPoints(this.#mounts), this.#routes, this.#options);
    this.#definition = definition;
    return definition;
  }

  get name(): string {
    return this.definition.name;
  }

  get resources(): AppDefinition["resources"] {
    return this.definition.resources;
  }

  get effects(): AppDefinition["effects"] {
    return this.definition.effects;
  }

  get procedures(): NonNullable<AppDefinition["procedures"]> {
    return this.definition.procedures ?? new Map();
  }

  get news(): NonNullable<AppDefinition["news"]> {
    return this.definition.news ?? [];
  }

  get searchAdapters(): ReadonlyMap<string, SearchAdapter> {
    return this.definition.searchAdapters ?? new Map();
  }

  // Properties, so that `export default { fetch: app.fetch }` works too.
  readonly fetch = (request: Request, env: LedgeEnv, context: Lifetime = NO_LIFETIME): Promise<Response> => {
    const edge = this.#ready();
    if (!this.#isStarted) this.#start(edge, { env, lifetime: context });
    return serve(edge, request, env, context);
  };

  readonly queue = (batch: MessageBatch, env: LedgeEnv, lifetime: Lifetime = NO_LIFETIME): Promise<void> => {
    return this.#each({ env, lifetime }, (feature, place) => feature.queue?.(batch, place));
  };

  readonly scheduled = (_: unknown, env: LedgeEnv, lifetime: Lifetime = NO_LIFETIME): Promise<void> => {
    return this.#each({ env, lifetime }, (feature, place) => feature.scheduled?.(place));
  };

  async #each(place: FeaturePlace, ask: (feature: Feature, place: FeaturePlace) => Promise<void> | undefined) {
    await Promise.all((this.#options.features ?? []).map((feature) => ask(feature, place)));
  }

  #start(edge: Edge, place: FeaturePlace): void {
    this.#isStarted = true;
    if (!(this.#options.features ?? []).some(({ started }) => started !== undefined)) return;
    const starting = this.#each(place, (feature) => feature.started?.(place)).catch((error: unknown) => {
      // The next isolate tries again.
      outsideRequest(edge, place, "start").log.error("a feature could not start", errorFields(error));
    });
    place.lifetime.waitUntil(starting);
  }

  #ready(): Edge {
    if (this.#edge === undefined) void this.definition;
    return this.#edge as Edge;
  }

  readonly request = (
    path: string | Request,
    init: RequestInit = {},
    env: Partial<LedgeEnv> = {},
    context?: Lifetime,
  ): Promise<Response> => {
    const request =
      path instanceof Request ? new Request(path, init) : new Request(new URL(path, "http://localhost/"), init);
    return this.fetch(request, env as LedgeEnv, context);
  };

  #changed(): this {
    this.#definition = undefined;
    this.#edge = undefined;
    return this;
  }
}

/** Outside a Worker nothing has to be kept alive; failures are the promises' own business. */
const NO_LIFETIME: Lifetime = { waitUntil: (promise) => void promise.catch(() => undefined) };

function isResource(value: unknown): value is AnyResource {
  return typeof value === "object" && value !== null && (value as { readonly kind?: unknown }).kind === "resource";
}

function mountPoints(mounts: readonly (readonly [string | null, AnyResource])[]): ReadonlyMap<string, AnyResource> {
  const points = new Map<string, AnyResource>();
  for (const [path, each] of mounts) {
    const point = path === null ? each.name : path.replace(/^\/+|\/+$/g, "");
    const refuse = (problem: string, mend: string) => new ConfigError(each.name, each.file, problem, mend);
    if (!/^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(point))
      throw refuse(`cannot be served at "${path}"`, "Use one segment of letters, digits, - and _.");
    if (RESERVED_RESOURCES.has(point) && each.isOfLedge !== true)
      throw refuse(`cannot be served at "${path}", a path of Ledge`, "Use another path.");
    const other = points.get(point);
    if (other !== undefined)
      throw refuse(`is served at "${point}", where "${other.name}" is already`, "Give one of them another path.");
    points.set(point, each);
  }
  return points;
}

function effectsOf({ effects = {}, features = [] }: AppOptions): ReadonlyMap<string, EffectHandler> {
  const all = new Map(Object.entries(effects));
  for (const feature of features) {
    for (const [name, handler] of Object.entries(feature.effects ?? {})) {
      if (all.has(name))
        throw new ConfigError(
          null,
          undefined,
          `Effect "${name}" of feature "${feature.name}" has a twin`,
          "Rename one of them.",
        );
      all.set(name, handler);
    }
  }
  return all;
}
