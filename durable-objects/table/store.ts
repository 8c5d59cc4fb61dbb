/**
 * What one table object knows: its name, its storage, its tables, where its ledger stands. Opened once per wake, synchronously;
 * the verbs beside it (`write.ts`, `read.ts` …) take it as their first argument and hold no state of their own.
 */

import { type Epoch, epochFrom, type ObjectName, parseEpoch } from "../../src/core/ids.ts";
import { type AppDefinition, type MigrationSet, tablesOfGroup } from "../../src/define/app.ts";
import type { Sql } from "../sql/port.ts";
import { hasDue } from "./dependents.ts";
import type { FailPoint } from "./fail-points.ts";
import { type KeyGate, OPEN_GATE } from "./key-gate.ts";
import { DEFAULT_RETENTION, type LedgerHead, type Retention, readHead } from "./ledger.ts";
import { logLine } from "./log-line.ts";
import { hasPending, migrate } from "./migrate.ts";
import { openNews } from "./news.ts";
import { dropStaleIndexes, ensureIndex } from "./open-search.ts";
import { presentColumns } from "./present-columns.ts";
import { openFeeds } from "./search-feed.ts";
import { createSystemTables, readMeta, writeMeta } from "./system-tables.ts";
import { openTable, type TableStore } from "./table-store.ts";
import type { AlarmPort } from "./timers.ts";
import { holdsPromises } from "./transaction-tables.ts";

export interface Store {
  readonly app: AppDefinition;
  readonly name: ObjectName;
  readonly group: string;
  readonly partition: string | null;
  readonly sql: Sql;
  readonly alarm: AlarmPort;
  readonly clock: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly epoch: Epoch;
  readonly tables: ReadonlyMap<string, TableStore>;
  readonly retention: Retention;
  readonly health: StoreHealth;
  readonly failPoint: FailPoint | undefined;
  /** What writes ask before they stay; the object's host of transactions, once there is one. */
  keys: KeyGate;
  /** Whether somebody who depends on rows here has to be told of a change; as `_dependents` says, or more. */
  hasDue: boolean;
  /** Moves only after the transaction that wrote the entry has been released. */
  head: LedgerHead;
}

/**
 * A failed migration leaves the object readable on its old schema; writes answer 503. So does one that has to wait until what was
 * promised under the old schema has its outcome ([TP14]).
 */
export type StoreHealth =
  | { readonly kind: "ready" }
  | { readonly kind: "waiting" }
  | { readonly kind: "failed"; readonly tag: string; readonly message: string };

export interface StoreOptions {
  readonly app: AppDefinition;
  readonly migrations: MigrationSet;
  readonly name: ObjectName;
  readonly sql: Sql;
  readonly alarm: AlarmPort;
  readonly clock: () => number;
  readonly random: (bytes: number) => Uint8Array;
  /** For tests of what a loss leaves behind. */
  readonly failPoint?: FailPoint | undefined;
}

/** Creates or opens the object's tables, brings them up to date, and reads where the ledger stands. */
export function openStore(options: StoreOptions): Store {
  const { app, sql, name, random, failPoint } = options;
  const { group, partition } = readObjectName(name);
  createSystemTables(sql);
  failPoint?.("open.tables-created");
  const epoch = openEpoch(sql, random);
  failPoint?.("open.epoch-made");
  const resources = tablesOfGroup(app, group);
  // A table that is searched by an engine outside has no index of its own.
  const indexed = resources.filter(({ name }) => app.searchAdapters?.has(name) !== true);
  dropStaleIndexes(sql, indexed, options.migrations[group] ?? []);
  failPoint?.("open.stale-indexes-dropped");
  const migrations = options.migrations[group] ?? [];
  const isWaiting = holdsPromises(sql) && hasPending(sql, migrations);
  const outcome = isWaiting
    ? { kind: "waiting" as const }
    : migrate(sql, migrations, { nowMs: options.clock(), failPoint });
  failPoint?.("open.migrated");
  const health: StoreHealth = outcome.kind === "current" ? { kind: "ready" } : outcome;
  if (health.kind === "failed") {
    logLine("error", "migration failed; the object is read-only", {
      object: name,
      migration: health.tag,
      error: health.message,
    });
  }
  const tables = new Map<string, TableStore>();
  for (const resource of resources) {
    const present = presentColumns(sql, resource.name);
    const complete = new Set([...resource.spec.columns.map((column) => column.sqlName), "_version"]);
    const missing = [...complete].filter((column) => !present.has(column));
    if (present.size === 0 || (health.kind === "ready" && missing.length > 0)) {
      logLine("error", "table lacks columns: run `npm run generate`", { object: name, table: resource.name, missing });
    }
    if (health.kind === "ready" && missing.length === 0 && indexed.includes(resource))
      ensureIndex(sql, resource, options.migrations[group] ?? []);
    if (present.size > 0) tables.set(resource.name, openTable(sql, resource, present));
  }
  failPoint?.("open.indexed");
  const store: Store = {
    app,
    name,
    group,
    partition,
    sql,
    alarm: options.alarm,
    clock: options.clock,
    random,
    epoch,
    tables,
    retention: retentionOf(resources.map((resource) => resource.config.changelog ?? {})),
    health,
    failPoint,
    keys: OPEN_GATE,
    hasDue: false,
    head: readHead(sql),
  };
  if (health.kind === "ready") {
    openFeeds(store);
    openNews(store);
  }
  store.hasDue = hasDue(store);
  return store;
}

/** `t/<app>/<group>[/<partition>]` */
export function readObjectName(name: ObjectName): { group: string; partition: string | null } {
  const [, , group = "", partition = null] = name.split("/");
  return { group, partition };
}

function openEpoch(sql: Sql, random: (bytes: number) => Uint8Array): Epoch {
  const stored = readMeta(sql, "epoch");
  const epoch = stored === null ? null : parseEpoch(stored);
  if (epoch !== null) return epoch;
  const fresh = epochFrom(random(10));
  writeMeta(sql, "epoch", fresh);
  return fresh;
}

/** The longest retention that any table of the group asks for. */
function retentionOf(configs: readonly { readonly [limit in keyof Retention]?: number }[]): Retention {
  const longest = (limit: keyof Retention) =>
    Math.max(...configs.map((config) => config[limit] ?? DEFAULT_RETENTION[limit]), 1);
  return { maxCommits: longest("maxCommits"), maxAgeMs: longest("maxAgeMs"), maxBytes: longest("maxBytes") };
}
