/** The copies of an object as D1 holds them → as the core knows them. */

import type { ObjectName } from "../../core/ids.ts";
import type { Copy } from "../../core/read-model/copy.ts";
import type { Place } from "../../core/read-model/pull.ts";
import type { Database } from "./database.ts";

export const COPY_COLUMNS = "id, object, status, epoch, migration, form, seq, place, step";

export async function readCopies(database: Database, object: ObjectName): Promise<Copy[]> {
  const { results } = await database
    .prepare(`SELECT ${COPY_COLUMNS} FROM rm_copies WHERE object = ? AND status IN ('serving', 'building', 'dropping')`)
    .bind(object)
    .all<Record<string, unknown>>();
  return results.map(copyOf);
}

export function copyOf(record: Record<string, unknown>): Copy {
  const { id, object, status, epoch, migration, form, seq, place, step } = record;
  return {
    id: Number(id),
    object: object as ObjectName,
    status: status as Copy["status"],
    epoch: String(epoch),
    migration: migration === null ? null : String(migration),
    form: String(form),
    seq: Number(seq),
    place: place === null ? null : (JSON.parse(String(place)) as Place),
    step: Number(step),
  };
}
