/**
 * The child process of `load-app.ts`: imports the application and tells its parent, as plain data, which tables it has and
 * what they look like in SQLite. The only part of the tools that runs a person's code.
 */

import { existsSync, readdirSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectTable } from "../core/read-model/projected-table.ts";
import type { AppDefinition } from "../define/app.ts";
import type { AnyResource } from "../define/resource.ts";
import { checkInclude } from "./generate/check-include.ts";
import { checkSchema } from "./generate/check-schema.ts";
import { checkViews } from "./generate/check-views.ts";
import { d1Snapshot, type ProjectionSource } from "./generate/d1-snapshot.ts";
import { ORIGIN_ID, type Snapshot, withVersionColumn } from "./generate/snapshot.ts";

export interface TableDescription {
  readonly name: string;
  readonly group: string;
  readonly partitionBy: string | null;
  readonly file: string | null;
}

export interface AppDescription {
  readonly name: string;
  readonly tables: readonly TableDescription[];
  /** By object group; ids are fresh. */
  readonly snapshots: Readonly<Record<string, Snapshot>>;
  /** What D1 is to hold: tables of features, and copies of tables. */
  readonly d1: Snapshot;
}

export type AppReport =
  | { readonly kind: "app"; readonly app: AppDescription }
  /** A `ConfigError`: its message names table, file and mend. */
  | { readonly kind: "refused"; readonly message: string }
  /** Anything else, with its stack. */
  | { readonly kind: "failed"; readonly message: string };

enableCompileCache(); // drizzle-kit is three megabytes of source.

async function describe(appFile: string): Promise<AppDescription> {
  const loaded = (await import(pathToFileURL(appFile).href)) as {
    readonly app?: { readonly definition?: AppDefinition };
  };
  const definition = loaded.app?.definition;
  if (definition === undefined) throw new Error(`${appFile} must export "app", made by defineApp({ name, resources })`);
  const resources = [...definition.resources.values()];
  checkInclude(resources);
  const groups = Map.groupBy(resources, (resource) => resource.spec.group);
  const snapshots: Record<string, Snapshot> = {};
  for (const [group, members] of groups) snapshots[group] = await snapshotOf(members);
  const tables = resources.map((resource) => ({
    name: resource.name,
    group: resource.spec.group,
    partitionBy: resource.spec.partitionBy,
    file: resource.file ?? null,
  }));
  const features = await featureSnapshot();
  const copied = projectionsOf(resources, snapshots);
  checkSchema({ resources, groups: snapshots, copied, features });
  const d1 = d1Snapshot(features, copied);
  await checkViews(definition.news?.flatMap(({ queries }) => queries?.() ?? []) ?? [], d1);
  return { name: definition.name, tables, snapshots, d1 };
}

/** The tables that the folders of features declare for D1, in use or not: so that taking one out of the list drops nothing. */
async function featureSnapshot(): Promise<Snapshot> {
  const kit = await import("drizzle-kit/api");
  const folder = join(process.cwd(), "src/features");
  const files = existsSync(folder)
    ? readdirSync(folder)
        .map((name) => join(folder, name, "d1-tables.ts"))
        .filter((file) => existsSync(file))
    : [];
  const modules = await Promise.all(files.map((file) => import(pathToFileURL(file).href) as Promise<object>));
  // By place: features may use one name for different tables.
  const tables = Object.fromEntries(modules.flatMap((module) => Object.values(module)).map((each, at) => [at, each]));
  return (await kit.generateSQLiteDrizzleJson(tables, ORIGIN_ID)) as unknown as Snapshot;
}

function projectionsOf(resources: readonly AnyResource[], snapshots: AppDescription["snapshots"]): ProjectionSource[] {
  return resources.flatMap(({ spec, config, name }) => {
    const table = snapshots[spec.group]?.tables[name];
    if (config.readModel === undefined || table === undefined) return [];
    const projected = projectTable(spec, config.readModel as true | readonly string[]);
    const fields = (spec.search?.fields ?? []).map((field) =>
      projected.columns.find((column) => column.name === field.name),
    );
    const searched = fields.every((column) => column !== undefined) ? fields.map(({ sqlName }) => sqlName) : [];
    const relations = resources.flatMap((each) => Object.values(each.config.relations ?? {}));
    const keys = relations.flatMap((relation) =>
      relation.type === "manyToMany" && relation.through.resource === name ? [relation.through.sourceKey] : [],
    );
    const sought = projected.columns.filter((column) => keys.includes(column.name)).map(({ sqlName }) => sqlName);
    return [{ projected, table, searched, sought }];
  });
}

async function snapshotOf(resources: readonly AnyResource[]): Promise<Snapshot> {
  const kit = await import("drizzle-kit/api");
  const tables = Object.fromEntries(resources.map((resource) => [resource.name, resource.table as unknown]));
  return withVersionColumn((await kit.generateSQLiteDrizzleJson(tables, ORIGIN_ID)) as unknown as Snapshot);
}

function reportOf(error: unknown): AppReport {
  if (error instanceof Error && error.name === "ConfigError") return { kind: "refused", message: error.message };
  return { kind: "failed", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

const report: AppReport = await describe(process.argv[2] ?? "").then(
  (app) => ({ kind: "app" as const, app }),
  reportOf,
);
process.send?.(report, undefined, {}, () => process.exit(0));
