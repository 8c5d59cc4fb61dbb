/**
 * What a kill left on disk, before anybody has run again: each copy holds exactly what its object held at its cursor, and no cursor is ahead
 * of its object or behind what it once was. The truth is the object's own file: its rows, taken back along its ledger to the cursor.
 */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../../src/core/json.ts";
import { jsonEquals } from "../../src/core/json.ts";
import { type ProjectedTable, projectionName } from "../../src/core/read-model/projected-table.ts";
import type { Place } from "../../src/core/read-model/pull.ts";
import type { Row } from "../../src/core/schema/table-spec.ts";
import { decodeValue } from "../../src/core/schema/value.ts";
import type { AppDefinition } from "../../src/define/app.ts";
import { projectionOf } from "../../src/features/read-model/projection.ts";
import { hasTable, readObjects, type StoredObject, withDatabase } from "./object-file.ts";

export interface CheckedCopies {
  /** What is wrong, in words. */
  readonly problems: readonly string[];
  /** Copies that were compared row by row, by status. */
  readonly compared: Readonly<Record<string, number>>;
  /** Objects whose serving copy holds all there is. */
  readonly current: readonly string[];
  readonly objects: readonly string[];
}

interface StoredCopy {
  readonly id: number;
  readonly object: string;
  readonly status: string;
  readonly epoch: string;
  readonly seq: number;
  readonly place: Place | null;
}

/** `seen`: the highest cursor of each ledger, to be kept from one check to the next. */
export function checkCopies(data: string, app: AppDefinition, seen: Map<string, number>): CheckedCopies {
  const projection = projectionOf(app);
  const objects = readObjects(join(data, "ledge-crash"), app);
  const problems: string[] = [];
  const compared: Record<string, number> = {};
  const current: string[] = [];
  withDatabase(databaseFile(data), (database) => {
    if (!hasTable(database, "rm_copies")) return;
    const copies = database.prepare("SELECT id, object, status, epoch, seq, place FROM rm_copies").all();
    for (const record of copies) {
      const copy = {
        ...record,
        place: record.place === null ? null : JSON.parse(String(record.place)),
      } as never as StoredCopy;
      const object = objects.get(copy.object);
      if (copy.status === "dropping" || object === undefined || object.epoch !== copy.epoch) continue;
      const head = object.log.at(-1)?.seq ?? copy.seq;
      const key = `${copy.status} ${copy.object} ${copy.epoch} ${copy.status === "building" ? copy.id : ""}`;
      if (copy.seq > head) problems.push(`${copy.object}: the cursor ${copy.seq} is ahead of ${head}`);
      if (copy.seq < (seen.get(key) ?? 0)) problems.push(`${copy.object}: the cursor went back to ${copy.seq}`);
      seen.set(key, copy.seq);
      const oldest = object.log[0]?.seq ?? head + 1;
      // Entries that would lead back are gone.
      if (copy.seq < oldest - 1) continue;
      if (copy.status === "serving" && copy.seq === head) current.push(copy.object);
      compared[copy.status] = (compared[copy.status] ?? 0) + 1;
      const group = [...projection.tables.values()].filter(({ group }) => copy.object.split("/")[2] === group);
      for (const [index, table] of group.entries()) {
        const isFilled = stretchOf(copy.place, table, index, group);
        const truth = rowsAt(object, table, copy.seq);
        const held = new Map(
          (
            database.prepare(`SELECT * FROM ${projectionName(table.name)} WHERE _copy = ?`).all(copy.id) as Record<
              string,
              unknown
            >[]
          )
            .map((found) => decoded(table, found))
            .map((row) => [String(row[table.primaryKey]), row]),
        );
        const ids = new Set([...truth.keys(), ...held.keys()]);
        for (const id of ids)
          if (isFilled(id) && !isSame(table, truth.get(id), held.get(id)))
            problems.push(
              `${copy.status} copy ${copy.id} of ${copy.object} at ${copy.seq} of ${head}: ${table.name}/${id} is ${JSON.stringify(held.get(id))} and was ${JSON.stringify(truth.get(id))}`,
            );
      }
    }
    for (const { name } of projection.tables.values()) {
      const table = projectionName(name);
      const strays = database
        .prepare(`SELECT count(*) AS n FROM ${table} WHERE _copy NOT IN (SELECT id FROM rm_copies)`)
        .get();
      if (strays?.n !== 0) problems.push(`${strays?.n} rows of ${table} belong to no copy`);
    }
  });
  const copied = [...objects.values()].filter(
    ({ name, log }) =>
      log.length > 0 && [...projection.tables.values()].some(({ group }) => name.split("/")[2] === group),
  );
  return { problems, compared, current, objects: copied.map(({ name }) => name) };
}

function databaseFile(data: string): string {
  const folder = join(data, "DatabaseObject");
  const file = readdirSync(folder).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  if (file === undefined) throw new Error("there is no D1");
  return join(folder, file);
}

/** Which ids of the table a copy has taken over. */
function stretchOf(
  place: Place | null,
  table: ProjectedTable,
  index: number,
  group: readonly ProjectedTable[],
): (id: string) => boolean {
  const at = place === null ? group.length : group.findIndex(({ name }) => name === place.table);
  if (index !== at) return () => index < at;
  const after = place?.after ?? null;
  return (id) => after !== null && table.name === place?.table && id <= String(after);
}

/** The rows of the table as they were at a position: taken back from the head. */
function rowsAt({ tables, log }: StoredObject, { name }: ProjectedTable, seq: number): Map<string, Row> {
  const rows = new Map([...(tables.get(name) ?? [])].map(([id, { row }]) => [String(id), row]));
  for (const { seq: at, changes } of [...log].reverse()) {
    if (at <= seq) break;
    for (const { table, id, before } of [...changes].reverse()) {
      if (table !== name) continue;
      if (before === null) rows.delete(String(id));
      else rows.set(String(id), before);
    }
  }
  return rows;
}

function decoded(table: ProjectedTable, record: Record<string, unknown>): Record<string, Json> {
  return Object.fromEntries(table.columns.map((column) => [column.name, decodeValue(column, record[column.sqlName])]));
}

function isSame(table: ProjectedTable, truth: Row | undefined, held: Record<string, Json> | undefined): boolean {
  if (truth === undefined || held === undefined) return truth === held;
  return table.columns.every(({ name }) => jsonEquals(truth[name] ?? null, held[name] ?? null));
}
