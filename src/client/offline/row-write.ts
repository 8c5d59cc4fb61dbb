/** A write as a caller says it → as it is kept and sent: with the key of its row, and with what the row was shown as. */

import type { RowId } from "../../core/ids.ts";
import type { JsonObject } from "../../core/json.ts";
import { columnsOf } from "../../core/offline/entry-changes.ts";
import type { RowWrite } from "../../core/offline/outbox-entry.ts";
import type { LiveHub } from "../live/live-hub.ts";
import { newId } from "../new-id.ts";
import type { Platform } from "../platform.ts";
import { versionOf } from "../tags.ts";
import { pathOf } from "./entry-request.ts";
import type { LaterWrite } from "./offline-types.ts";

export interface WriteWiring {
  readonly platform: Platform;
  readonly keyOf: (table: string) => TableKey;
}

interface TableKey {
  readonly name: string;
  /** Of the column: keys of text are made here, others by the server. */
  readonly kind: string;
}

/** `keys`: names that the application gives; others are what a watch of the table has told, or `id`. */
export function writeWiring(
  platform: Platform,
  hub: LiveHub | undefined,
  keys: Readonly<Record<string, string>> = {},
): WriteWiring {
  return {
    platform,
    keyOf: (table) => {
      const known = hub?.keyOf(table);
      return { name: keys[table] ?? known?.name ?? "id", kind: known?.kind ?? "text" };
    },
  };
}

/** Ids of rows are made here, so that nothing has to be renamed once the server has them. */
export function rowWrite({ op, table, partition, id, values = {}, on }: LaterWrite, wiring: WriteWiring): RowWrite {
  const place = partition === undefined ? { table } : { table, partition };
  if (op === "create") {
    const { name, kind } = wiring.keyOf(table);
    const given = (id ?? values[name]) as RowId | undefined;
    if (given === undefined && kind !== "text")
      throw new TypeError(
        `Cannot create ${table} later: its key ${name} is made by the server, so the row has to name it`,
      );
    const own = given ?? newId(wiring.platform.now());
    return { ...place, op, id: own, values: { ...values, [name]: own }, base: null, tag: null };
  }
  if (id === undefined) throw new TypeError(`A write that is to ${op} a row names it by its id`);
  const base = on === undefined ? null : columnsOf(on as JsonObject, values);
  const tag = on === undefined ? null : (versionOf(on) ?? null);
  const write: RowWrite = { ...place, op, id, values, base, tag };
  // An id that no address can hold is refused now, not when it is too late to tell.
  pathOf(write);
  return write;
}
