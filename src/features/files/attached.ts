/**
 * Files attached to rows of another table, by name ([X6] [HT67]): what `file.attachedTo` declares, and the check in the transaction of every
 * write that makes, moves, renames, stores or restores such a file: the row is there, has room, and has no other file of that name. What the
 * same person announced under the name and has not sent makes room for a new announcement: they have begun again.
 */

import { Fault } from "../../core/fault.ts";
import { readFileRow } from "../../core/files/file-row.ts";
import type { RowId } from "../../core/ids.ts";
import { eq } from "../../core/query/build.ts";
import { printFilter } from "../../core/query/print.ts";
import { conjoin } from "../../core/query/tree.ts";
import type { Row } from "../../core/schema/table-spec.ts";
import type { Principal } from "../../core/scope/principal.ts";
import type { ObjectTransaction } from "../../define/hooks.ts";

export interface AttachedTo {
  /** The table of the rows: in the same object, with a relation to the files that cascades. */
  readonly resource: string;
  /** The file table's column that holds the row's key. */
  readonly foreignKey: string;
  /** Files that one row may have. */
  readonly max: number;
}

export interface AttachingTable {
  readonly name: string;
  readonly primaryKey: string;
  readonly attachedTo: AttachedTo;
  /** Marker of soft delete: what bears it holds neither name nor place. */
  readonly deletedField: string | null;
}

/** Gives what makes room: announcements of the same name that the same person began earlier. Throws where there is none. */
export function checkAttached(
  table: AttachingTable,
  tx: ObjectTransaction,
  before: Row | null,
  after: Row,
): readonly Row[] {
  const { attachedTo, deletedField } = table;
  const { foreignKey } = attachedTo;
  const parent = (after[foreignKey] ?? null) as RowId | null;
  const isGone = (row: Row) => deletedField !== null && (row[deletedField] ?? null) !== null;
  if (parent === null || isGone(after)) return [];
  const comes = before === null || isGone(before) || before[foreignKey] !== parent;
  const isStored = before !== null && before.status !== after.status;
  if (!comes && !isStored && before.name === after.name) return [];
  const others = (filter: Parameters<typeof printFilter>[0], limit: number) =>
    (tx.find(table.name, printFilter(filter), { limit, at: "before" }) as Row[]).filter(
      (row) => row[table.primaryKey] !== after[table.primaryKey],
    );
  const living = deletedField === null ? [] : [eq(deletedField, null)];
  const siblings = conjoin([eq(foreignKey, parent), ...living]);
  if (comes && tx.get(attachedTo.resource, parent, { at: "before" }) === null)
    throw new Fault({ slug: "conflict", reason: "foreign-key", field: foreignKey });
  const namesakes = others(conjoin([siblings, eq("name", after.name as string)]), attachedTo.max + 1);
  const begunMs = before === null ? tx.now : isStored ? readFileRow(before).upload?.announcedMs : undefined;
  if (!namesakes.every((row) => yieldsTo(row, tx.user, begunMs)))
    throw new Fault({ slug: "conflict", reason: "unique", fields: [foreignKey, "name"] });
  const room = attachedTo.max + namesakes.length;
  if (comes && others(siblings, room + 1).length >= room)
    throw new Fault({
      slug: "conflict",
      reason: "too-many",
      detail: `Cannot attach the file: the row has ${attachedTo.max} files, limit is ${attachedTo.max}`,
    });
  return namesakes;
}

/** To an announcement of that time, by the same person; undefined: to none. */
function yieldsTo(row: Row, user: Principal, begunMs: number | undefined): boolean {
  const { status, upload } = readFileRow(row);
  if (begunMs === undefined || user.kind !== "user") return false;
  return status === "pending" && upload?.by === user.id && (upload.announcedMs ?? 0) <= begunMs;
}
