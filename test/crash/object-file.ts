/**
 * The SQLite file of an object, read after the process is gone: what is really there, past every layer of the product.
 * Read-only; SQLite itself recovers the write-ahead log as it would for the next process.
 */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { decodeRow } from "../../durable-objects/sql/list-rows.ts";
import type { RowChange } from "../../src/core/protocol/object-call.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import type { AppDefinition } from "../../src/define/app.ts";

export interface StoredObject {
  /** `t/<app>/<group>[/<partition>]` */
  readonly name: string;
  readonly file: string;
  readonly epoch: string;
  readonly log: readonly LogEntry[];
  /** By the client's key, without the principal. */
  readonly replies: ReadonlyMap<string, StoredReply>;
  /** By table, by id. */
  readonly tables: ReadonlyMap<string, ReadonlyMap<string | number, StoredRow>>;
  /** Seq up to which effects were delivered. */
  readonly outbox: number;
  readonly retries: readonly Record<string, unknown>[];
  readonly timers: readonly Record<string, unknown>[];
}

export interface LogEntry {
  readonly seq: number;
  readonly at: number;
  readonly changes: readonly RowChange[];
  /** How many effects lie in it. */
  readonly effects: number;
  readonly total: number;
}

export interface StoredReply {
  readonly status: number;
  readonly body: string | null;
  readonly position: string;
  readonly seq: number;
}

export interface StoredRow {
  readonly row: Row;
  readonly version: number;
}

/** Every object of the application that has registered, by name. */
export function readObjects(folder: string, { name, resources }: AppDefinition): ReadonlyMap<string, StoredObject> {
  // A file is named after a hash of the object's name; the register tells names by epoch.
  const files = sqliteFiles(folder).map((file) => ({ file, epoch: withDatabase(file, epochOf) }));
  const names = new Map<string, string>();
  for (const { file } of files) for (const [epoch, object] of withDatabase(file, registered)) names.set(epoch, object);
  const objects = new Map<string, StoredObject>();
  for (const { file, epoch } of files) {
    const object = epoch === null ? undefined : names.get(epoch);
    if (epoch === null || object === undefined) continue;
    const group = object.slice(`t/${name}/`.length).split("/")[0];
    const tables = [...resources.values()].filter((resource) => resource.spec.group === group);
    objects.set(
      object,
      withDatabase(file, (database) => readObject(database, { name: object, file, epoch, tables })),
    );
  }
  return objects;
}

export function sqliteFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name))
    .map((name) => join(folder, name));
}

/** Size of the write-ahead log; 0 when there is none. */
export function walBytes(file: string): number {
  return statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

export function withDatabase<T>(file: string, run: (database: DatabaseSync) => T): T {
  try {
    return withOpen(file, { readOnly: true }, run);
  } catch (error) {
    // Killed before its very first transaction was whole: SQLite rolls that back, and must write to do so.
    if (!String(error).includes("readonly database")) throw error;
    return withOpen(file, { readOnly: false }, run);
  }
}

function withOpen<T>(file: string, options: { readonly readOnly: boolean }, run: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(file, options);
  try {
    return run(database);
  } finally {
    database.close();
  }
}

export function hasTable(database: DatabaseSync, table: string): boolean {
  return database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(table) !== undefined;
}

function epochOf(database: DatabaseSync): string | null {
  if (!hasTable(database, "_meta")) return null;
  const row = database.prepare("SELECT value FROM _meta WHERE name = 'epoch'").get();
  return row === undefined ? null : String(row.value);
}

function registered(database: DatabaseSync): [epoch: string, object: string][] {
  if (!hasTable(database, "_objects")) return [];
  return database
    .prepare("SELECT name, entry FROM _objects")
    .all()
    .map((row) => [(JSON.parse(String(row.entry)) as { epoch: string }).epoch, String(row.name)]);
}

interface Place {
  readonly name: string;
  readonly file: string;
  readonly epoch: string;
  readonly tables: readonly (AppDefinition["resources"] extends ReadonlyMap<string, infer R> ? R : never)[];
}

function readObject(database: DatabaseSync, { name, file, epoch, tables }: Place): StoredObject {
  const all = (statement: string) => database.prepare(statement).all() as Record<string, unknown>[];
  const log = all("SELECT seq, at, changes, effects, total FROM _log ORDER BY seq").map((row) => ({
    seq: Number(row.seq),
    at: Number(row.at),
    changes: JSON.parse(String(row.changes)) as RowChange[],
    effects: row.effects === null ? 0 : (JSON.parse(String(row.effects)) as unknown[]).length,
    total: Number(row.total),
  }));
  const replies = all("SELECT key, status, body, position FROM _replies").map((row) => {
    const position = String(row.position);
    const reply = {
      status: Number(row.status),
      body: row.body === null ? null : String(row.body),
      position,
      seq: Number(position.split(":")[1]),
    };
    return [String(row.key).replace(/^[^|]*\|/, ""), reply] as const;
  });
  const stored = tables.map(({ name: table, spec }) => {
    const rows = all(`SELECT * FROM "${table}"`).map((record) => {
      const row = decodeRow(spec, record);
      return [row[spec.primaryKey] as string | number, { row, version: Number(record._version) }] as const;
    });
    return [table, new Map(rows)] as const;
  });
  const outbox = all("SELECT value FROM _meta WHERE name = 'outbox'")[0];
  return {
    name,
    file,
    epoch,
    log,
    replies: new Map(replies),
    tables: new Map(stored),
    outbox: outbox === undefined ? 0 : Number(outbox.value),
    retries: hasTable(database, "_retries") ? all("SELECT * FROM _retries") : [],
    timers: all("SELECT * FROM _timers"),
  };
}
