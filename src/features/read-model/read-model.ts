/**
 * The feature `read-model`, and the public entry `ledge/read-model`: tables marked `readModel` are copied to D1, and views read what spans
 * objects. One line in src/app.ts, `features: [readModel({ views: [ … ] })]`; an application without it copies nothing.
 */

import { type ObjectName, RESERVED_RESOURCES } from "../../core/ids.ts";
import { projectionForm } from "../../core/read-model/projected-table.ts";
import type { AppDefinition, News } from "../../define/app.ts";
import { ConfigError } from "../../define/config-error.ts";
import type { Feature, FeatureHost, Included, RouteBuilder, RouteContext } from "../../edge/app-options.ts";
import type { LedgeEnv } from "../../edge/env.ts";
import type { TableRequest } from "../../edge/exchange.ts";
import { checkDatabase } from "./check-database.ts";
import { databaseIn } from "./database.ts";
import { followObject } from "./follow-object.ts";
import { prepareInclude } from "./include.ts";
import { queueIn, sendNews, takeNews } from "./news-queue.ts";
import { operate } from "./operate.ts";
import { type Projection, projectionOf } from "./projection.ts";
import { ageMembers, readUnderAge } from "./read-view.ts";
import { searchAcross } from "./search-across.ts";
import { showObjects } from "./show-objects.ts";
import type { View } from "./view.ts";
import { aggregateView, countView, listView, type OpenView, openView, searchView } from "./view-endpoint.ts";

export { type View, view } from "./view.ts";

/** How long an object's alarm brings its copy on at a stretch; then other timers have their turn. */
const STRETCH_MS = 1000;

export interface ReadModelOptions<V extends readonly View[] = readonly View[]> {
  readonly views?: V;
}

export function readModel<const V extends readonly View[] = []>(
  options: ReadModelOptions<V> = {},
): Feature & { readonly views?: V } {
  const views: readonly View[] = options.views ?? [];
  /** Known once the application is made, which is before anything is read. */
  let projection: Projection | undefined;
  let resources: AppDefinition["resources"] = new Map();
  const opened = new Map<View, OpenView>();
  let host: FeatureHost | undefined;
  const missing = (): never => {
    throw new TypeError("The read model has no application yet");
  };
  const ready = (): Projection => projection ?? missing();
  const open = (view: View): OpenView => {
    const known = opened.get(view) ?? openView(view, ready());
    opened.set(view, known);
    return known;
  };
  return {
    name: "read-model",
    routes(route, { basePath }) {
      route("GET", `${basePath}/search`, (context) => searchAcross(ready(), context));
      route("GET", "/_/read-model", showObjects);
      route("POST", "/_/read-model", (context) => operate(ready(), context));
      for (const view of views) viewRoutes(route, `${basePath}/${view.name}`, view, () => open(view));
    },
    news(app) {
      projection = projectionOf(app);
      checkViews(views, app, projection);
      resources = app.resources;
      const { tables } = projection;
      return {
        tables: new Set(tables.keys()),
        form: projectionForm([...tables.values()]),
        queries: () =>
          views.map((view) => {
            const { spec, prefix } = open(view).source;
            return { name: view.name, file: view.resource.file, sql: `${prefix}SELECT * FROM "${spec.name}"` };
          }),
        tell: (news) => tell(ready(), news),
      };
    },
    include: (request, text) => includeInto(ready(), request, text),
    attach(given) {
      host = given;
    },
    async queue(batch, place) {
      const { log } = host?.server(place, "read-model") ?? missing();
      await takeNews(ready(), batch, { env: place.env, log });
    },
    health: (env) => checkDatabase(env, ready(), resources),
  };
}

/** Related rows are read from copies, whatever the rows themselves are read from; `Ledge-As-Of` says how old they are. */
async function includeInto(projection: Projection, request: TableRequest, text: string): Promise<Included> {
  const { entry, partition } = request;
  const source = { projection, exchange: request, resource: entry.resource, partition };
  const inclusion = await prepareInclude(source, text);
  return async (keys) => {
    const { groups, read } = inclusion;
    const { result, age } = await readUnderAge(request, projection, { groups }, (sql) => read(sql, keys));
    const { asOf } = ageMembers(age);
    return { members: result, headers: asOf === null ? {} : { "ledge-as-of": asOf } };
  };
}

function viewRoutes(route: RouteBuilder, root: string, view: View, open: () => OpenView): void {
  route("GET", root, (context: RouteContext) => listView(open(), context));
  route("GET", `${root}/search`, (context: RouteContext) => searchView(open(), context));
  route("GET", `${root}/count`, (context: RouteContext) => countView(open(), context));
  if (view.resource.spec.capabilities.aggregate)
    route("GET", `${root}/aggregate`, (context: RouteContext) => aggregateView(open(), context));
}

/** With a queue bound, a message says that there is news; one that is lost is sent again. */
async function tell(projection: Projection, { object, env }: News): Promise<"current" | "more" | "passed on"> {
  const queue = queueIn(env);
  if (queue === null) return follow(projection, env, object);
  await sendNews(queue, object);
  return "passed on";
}

async function follow(projection: Projection, env: unknown, object: ObjectName): Promise<"current" | "more"> {
  const database = databaseIn(env);
  if (database === null) throw new Error("no D1 database is bound as LEDGE_D1");
  const consumer = { env: env as LedgeEnv, database, projection, clock: Date.now };
  return followObject(consumer, object, { untilMs: Date.now() + STRETCH_MS });
}

function checkViews(
  views: readonly View[],
  { resources }: Pick<AppDefinition, "resources">,
  { tables }: Projection,
): void {
  const taken = new Set([...RESERVED_RESOURCES, ...resources.keys()]);
  for (const { name, tables: read, resource } of views) {
    const refuse = (problem: string, mend: string) => new ConfigError(name, resource.file, problem, mend);
    const missing = read.find((table) => !tables.has(table));
    if (missing !== undefined)
      throw refuse(`reads "${missing}", which is not copied`, "Give that table readModel: true.");
    if (taken.has(name)) throw refuse("has the name of a table, a view or a path of Ledge", "Rename the view.");
    taken.add(name);
  }
}
