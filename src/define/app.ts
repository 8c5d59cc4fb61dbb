/**
 * What an application is made of, as `defineApp` (src/edge/define-app.ts) keeps it and as the objects, the tools and the
 * tests read it; and the checks that span tables.
 */

import { isAppName, type ObjectName } from "../core/ids.ts";
import type { Json } from "../core/json.ts";
import type { ColumnSpec } from "../core/schema/table-spec.ts";
import { checkUses } from "./check-uses.ts";
import { ConfigError } from "./config-error.ts";
import type { ObjectProcedure } from "./hooks.ts";
import type { AnyResource } from "./resource.ts";
import type { SearchAdapter } from "./search-adapter.ts";

/** Carries out an effect that a commit recorded: at least once; `key` (with `epoch`) is what it de-duplicates by. */
export type EffectHandler = (
  payload: Json,
  context: {
    readonly env: unknown;
    readonly key: string;
    readonly epoch: string;
    readonly attempt: number;
    /** The object whose commit recorded it. */
    readonly object: ObjectName;
  },
) => void | Promise<void>;

/** Who follows objects from outside, and is told from their alarms that there is something new. */
export interface NewsListener {
  /** By name: a commit that touches none of them is no news. */
  readonly tables: ReadonlySet<string>;
  /** Another text than the one before is news by itself. */
  readonly form: string;
  /** The application's own queries of what is copied, for the tools to try. */
  readonly queries?: () => readonly CopyQuery[];
  /**
   * At least once after commits. "more": it has not come to the end, and is to be told again. "passed on": somebody else was told, and it
   * is said again after a minute unless that one has said meanwhile that it took everything (`newsTaken`). One that throws is told later.
   */
  tell(news: News): Promise<"current" | "more" | "passed on">;
}

export interface CopyQuery {
  /** Of the view. */
  readonly name: string;
  readonly file: string | undefined;
  readonly sql: string;
}

export interface News {
  readonly object: ObjectName;
  readonly epoch: string;
  readonly seq: number;
  readonly env: unknown;
}

export interface AppDefinition {
  /** A part of every object's name; changing it addresses other objects. */
  readonly name: string;
  /** By table name. */
  readonly resources: ReadonlyMap<string, AnyResource>;
  readonly effects: ReadonlyMap<string, EffectHandler>;
  /** By table name: those that are searched by an engine outside. */
  readonly searchAdapters?: ReadonlyMap<string, SearchAdapter>;
  /** What features do in the transaction of an object, by name. */
  readonly procedures?: ReadonlyMap<string, ObjectProcedure>;
  /** Those who follow objects from outside. */
  readonly news?: readonly NewsListener[];
  /** Names of the features, for pages that show what is there. */
  readonly features?: readonly string[];
}

/** One row of migrations: the SQL statements of one drizzle-kit migration of one object group. */
export interface Migration {
  /** drizzle-kit's name, e.g. `0000_first_table`. */
  readonly tag: string;
  /** The file's text; statements are separated by drizzle-kit's breakpoint comment. */
  readonly sql: string;
}
/** All migrations in order, by object group. */
export type MigrationSet = Readonly<Record<string, readonly Migration[]>>;

/** The tables of one object group, in the order the app lists them. */
export function tablesOfGroup(app: AppDefinition, group: string): AnyResource[] {
  return [...app.resources.values()].filter((resource) => resource.spec.group === group);
}

/** Checks a list of resources as a whole; throws `ConfigError`. */
export function checkApp(name: string, resources: readonly AnyResource[]): ReadonlyMap<string, AnyResource> {
  if (!isAppName(name)) {
    throw new ConfigError(null, undefined, `Application name "${name}" is not valid`, "Use [a-z][a-z0-9-]{0,31}.");
  }
  const byName = new Map<string, AnyResource>();
  for (const resource of resources) {
    const twin = byName.get(resource.name);
    if (twin !== undefined) {
      throw new ConfigError(
        resource.name,
        resource.file,
        `another table has the same name${twin.file === undefined ? "" : ` (${twin.file})`}`,
        "Rename one of them.",
      );
    }
    byName.set(resource.name, resource);
  }
  for (const resource of resources) {
    checkGroup(resource, byName);
    checkForeignKeys(resource, byName);
    checkRelations(resource, byName);
    checkUses(resource, byName);
  }
  return byName;
}

function checkGroup(resource: AnyResource, all: ReadonlyMap<string, AnyResource>): void {
  const { group, partitionBy } = resource.spec;
  if (!/^[a-z][a-z0-9_-]{0,62}$/i.test(group)) {
    throw new ConfigError(
      resource.name,
      resource.file,
      `group "${group}" is not a valid name`,
      "Use letters, digits, - and _.",
    );
  }
  for (const other of all.values()) {
    if (other.spec.group !== group || other === resource) continue;
    if ((other.spec.partitionBy === null) !== (partitionBy === null)) {
      throw new ConfigError(
        resource.name,
        resource.file,
        `shares group "${group}" with "${other.name}", but only one of them is partitioned`,
        "Partition both, or neither.",
      );
    }
  }
}

function checkForeignKeys(resource: AnyResource, all: ReadonlyMap<string, AnyResource>): void {
  for (const key of resource.foreignKeys) {
    const target = all.get(key.targetTable);
    const columns = key.columns.join(", ");
    if (target === undefined || target.spec.group !== resource.spec.group) {
      throw new ConfigError(
        resource.name,
        resource.file,
        `references() on "${columns}" leaves its object: "${key.targetTable}" is ${target === undefined ? "not in the application" : `in object "${target.spec.group}"`}`,
        `Put both tables into one group (group: "…"), or drop references() and declare a relation.`,
      );
    }
    if (key.onDelete !== "no action" || key.onUpdate !== "no action") {
      throw new ConfigError(
        resource.name,
        resource.file,
        `references() on "${columns}" has an SQL-level onDelete or onUpdate, which SQLite would run unseen by the ledger`,
        `Drop it, and declare it on the parent: relations: { ${resource.name}: { type: "hasMany", resource: "${resource.name}", foreignKey: "${columns}", onDelete: "cascade" } }.`,
      );
    }
  }
}

function checkRelations(resource: AnyResource, all: ReadonlyMap<string, AnyResource>): void {
  for (const [name, relation] of Object.entries(resource.config.relations ?? {})) {
    const refuse = (problem: string, mend: string) =>
      new ConfigError(resource.name, resource.file, `relation "${name}" ${problem}`, mend);
    const target = requireTable(relation.resource, all, refuse);
    // What lies in D1 of these the tools check (`check-include.ts`).
    if (relation.type === "manyToMany") continue;
    const holder = relation.type === "belongsTo" ? resource : target;
    const column = requireColumn(relation.foreignKey, holder, refuse);
    if (relation.onDelete === undefined) continue;
    if (relation.type === "belongsTo")
      throw refuse("has onDelete on the child's side", "Declare it on the parent, as hasMany or hasOne.");
    if (target.spec.group !== resource.spec.group) {
      throw refuse(`has onDelete, but "${target.name}" lies in another object`, `Put both tables into one group.`);
    }
    if (relation.onDelete === "set null" && column.notNull) {
      throw refuse(
        `sets "${relation.foreignKey}" to NULL, which the column does not allow`,
        "Use restrict or cascade, or let the column be NULL.",
      );
    }
  }
}

type Refuse = (problem: string, mend: string) => ConfigError;

export function requireTable(name: string, all: ReadonlyMap<string, AnyResource>, refuse: Refuse): AnyResource {
  const table = all.get(name);
  if (table === undefined) throw refuse(`names no table: "${name}"`, `Tables are: ${[...all.keys()].join(", ")}.`);
  return table;
}

export function requireColumn(name: string, { name: table, spec }: AnyResource, refuse: Refuse): ColumnSpec {
  const column = spec.columns.find((candidate) => candidate.name === name);
  if (column !== undefined) return column;
  const names = spec.columns.map((each) => each.name).join(", ");
  throw refuse(`names no column of "${table}": "${name}"`, `Columns are: ${names}.`);
}
