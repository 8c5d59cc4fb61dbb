/**
 * The register of all objects: rows in one system object, `t/<app>/_registry`. Each object notes itself there before it serves
 * its first call, with the placement of its tables; a table whose placement changed while its old objects hold rows is
 * told apart here, so that no row is stranded unseen.
 */

import type { ObjectName } from "../../src/core/ids.ts";
import type { Sql } from "../sql/port.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import type { Store } from "./store.ts";

/** Where a table's rows live: its object group, and the column that partitions it. */
export interface Placement {
  readonly table: string;
  readonly group: string;
  readonly partitionBy: string | null;
}

export interface Registration {
  readonly object: ObjectName;
  readonly epoch: string;
  readonly placements: readonly Placement[];
  /** Name of the newest migration applied, null when there is none; `failed` names one that could not be. */
  readonly migration: string | null;
  readonly failed: string | null;
  readonly registeredAt: number;
}

/** A table that may not be served, because rows lie where its earlier placement put them. */
export interface Stranded {
  readonly table: string;
  readonly was: Placement;
}

/** Names behind `after` and before `before`, in their order. Every object's name begins with "t/". */
export interface RegisterPage {
  readonly after: string;
  readonly before: string;
  readonly limit: number;
}
const WHOLE: RegisterPage = { after: "", before: "u", limit: -1 };

export interface RegistryAnswer {
  readonly stranded: readonly Stranded[];
}

/** Notes an object. `holdsRows` asks another object whether it has rows of a table. */
export async function registerObject(
  store: Store,
  registration: Registration,
  holdsRows: (object: ObjectName, table: string) => Promise<boolean>,
): Promise<RegistryAnswer> {
  createRegistryTables(store.sql);
  const noted = () => JSON.stringify(registration.placements.map(({ table }) => placementOf(store.sql, table)));
  let before = noted();
  let stranded = await findStranded(store, registration, holdsRows);
  // Others registered while the objects were asked: of two placements at once, the second to end has to see the first one's rows.
  while (noted() !== before) {
    before = noted();
    stranded = await findStranded(store, registration, holdsRows);
  }
  const accepted = registration.placements.filter(
    (placement) => !stranded.some((each) => each.table === placement.table),
  );
  store.failPoint?.("registry.looked");
  store.sql.transaction(() => {
    for (const placement of accepted) {
      const was = placementOf(store.sql, placement.table);
      if (was !== null && isSamePlacement(was, placement)) continue;
      store.sql.run(
        "INSERT INTO _placements (name, placement) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET placement = excluded.placement",
        [placement.table, JSON.stringify(placement)],
      );
    }
    store.failPoint?.("registry.placed");
    store.sql.run(
      "INSERT INTO _objects (name, entry) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET entry = excluded.entry",
      [registration.object, JSON.stringify({ ...registration, placements: accepted })],
    );
    store.failPoint?.("registry.noted");
  });
  store.failPoint?.("registry.released");
  return { stranded };
}

async function findStranded(
  store: Store,
  registration: Registration,
  holdsRows: (object: ObjectName, table: string) => Promise<boolean>,
): Promise<Stranded[]> {
  const stranded: Stranded[] = [];
  for (const placement of registration.placements) {
    const was = placementOf(store.sql, placement.table);
    if (was === null || isSamePlacement(was, placement)) continue;
    const earlier = registeredObjects(store).filter((entry) =>
      entry.placements.some((each) => isSamePlacement(each, was)),
    );
    for (const entry of earlier) {
      if (entry.object !== registration.object && (await holdsRows(entry.object, placement.table))) {
        stranded.push({ table: placement.table, was });
        break;
      }
    }
  }
  return stranded;
}

/** Every object that has registered, by name; or a page of them. */
export function registeredObjects(store: Store, { after, before, limit }: RegisterPage = WHOLE): Registration[] {
  createRegistryTables(store.sql);
  return store.sql
    .all("SELECT entry FROM _objects WHERE name > ? AND name < ? ORDER BY name LIMIT ?", [after, before, limit])
    .map((row) => JSON.parse(String(row.entry)) as Registration);
}

/** The object whose ledger has this epoch; null when none that has registered. */
export function objectOfEpoch(store: Store, epoch: string): ObjectName | null {
  createRegistryTables(store.sql);
  const row = store.sql.all(`SELECT name FROM _objects WHERE ${EPOCH} = ?`, [epoch])[0];
  return row === undefined ? null : (String(row.name) as ObjectName);
}

export function isRegistered(store: Store, object: ObjectName): boolean {
  createRegistryTables(store.sql);
  return store.sql.all("SELECT 1 AS found FROM _objects WHERE name = ?", [object]).length > 0;
}

const EPOCH = "json_extract(entry, '$.epoch')";

/** As many names as a reader of `/readyz` can use. */
const MAX_FAILING = 20;
const FAILED = "json_extract(entry, '$.failed') IS NOT NULL";

/** The first objects that a failed migration keeps read-only. By an index of only those: anyone may ask for `/readyz`. */
export function failingObjects(store: Store): ObjectName[] {
  createRegistryTables(store.sql);
  return store.sql
    .all(`SELECT name FROM _objects WHERE ${FAILED} ORDER BY name LIMIT ?`, [MAX_FAILING])
    .map((row) => String(row.name) as ObjectName);
}

function createRegistryTables(sql: Sql): void {
  sql.run("CREATE TABLE IF NOT EXISTS _objects (name TEXT PRIMARY KEY, entry TEXT NOT NULL) WITHOUT ROWID", []);
  sql.run(`CREATE INDEX IF NOT EXISTS _objects_failed ON _objects (name) WHERE ${FAILED}`, []);
  sql.run(`CREATE INDEX IF NOT EXISTS _objects_epoch ON _objects (${EPOCH})`, []);
  sql.run("CREATE TABLE IF NOT EXISTS _placements (name TEXT PRIMARY KEY, placement TEXT NOT NULL) WITHOUT ROWID", []);
}

function placementOf(sql: Sql, table: string): Placement | null {
  const row = sql.all("SELECT placement FROM _placements WHERE name = ?", [table])[0];
  return row === undefined ? null : (JSON.parse(String(row.placement)) as Placement);
}

function isSamePlacement(a: Placement, b: Placement): boolean {
  return a.table === b.table && a.group === b.group && a.partitionBy === b.partitionBy;
}

/** Whether an object holds rows of a table, under whatever placement they were written. */
export function holdsRows(sql: Sql, table: string): boolean {
  const exists = sql.all("SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = ?", [table]).length > 0;
  return exists && sql.all(`SELECT 1 AS found FROM ${quoteIdentifier(table)} LIMIT 1`, []).length > 0;
}
