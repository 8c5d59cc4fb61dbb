/**
 * Checks of what a writer sends, against the table alone: which members a client may set (`takeWritable`, [HT21]), and
 * whether values fit their columns (`validateDraft`, [HT22]). Both find all errors at once. Pure; called by the edge, and
 * by the client before it queues a write.
 */

import { type FieldError, idForm, MAX_ERRORS } from "../fault.ts";
import { isCreatableId, type RowId } from "../ids.ts";
import type { Json, JsonObject } from "../json.ts";
import { type ColumnSpec, columnOf, type Draft, type TableSpec } from "./table-spec.ts";
import { parseValue } from "./value.ts";

export type DraftKind = "create" | "update" | "replace";

export interface Taken {
  readonly draft: Record<string, Json>;
  /** The id a create gives; undefined when it gives none. Not checked. */
  readonly id: Json | undefined;
  readonly errors: FieldError[];
}

/** Where the row is going, so that a body that names another place is refused. */
export interface DraftPlace {
  readonly kind: DraftKind;
  /** Id of the path; null on a create, and where many rows are written alike. */
  readonly id: RowId | null;
  readonly partition: string | null;
  /** Server code that says so also sets what clients may not; never the version counter or the soft-delete marker. */
  readonly writes?: "all";
}

/** Keeps what a client may set. The rest is dropped, or with `strictInput` an error. */
export function takeWritable(table: TableSpec, body: JsonObject, place: DraftPlace): Taken {
  const draft: Record<string, Json> = {};
  const errors: FieldError[] = [];
  let id: Json | undefined;
  for (const [name, value] of Object.entries(body)) {
    const column = columnOf(table, name);
    if (name === table.primaryKey) {
      if (place.kind === "create") id = value;
      else if (value !== place.id) errors.push({ field: name, message: idMessage(place), code: "id" });
    } else if (name === table.partitionBy) {
      if (value !== place.partition)
        errors.push({ field: name, message: "differs from the partition in the path", code: "partition" });
    } else if (column?.writable === true || (place.writes === "all" && isSettable(table, column))) {
      draft[name] = value;
    } else if (table.strictInput && name !== table.versionField && errors.length < MAX_ERRORS) {
      errors.push({ field: name, message: "is not a field that may be written", code: "not-writable" });
    }
  }
  return { draft, id, errors };
}

function idMessage({ id }: DraftPlace): string {
  return id === null ? "is the key of one row, and cannot be set in many" : "differs from the id in the path";
}

function isSettable(table: TableSpec, column: ColumnSpec | undefined): boolean {
  return column !== undefined && column.name !== table.versionField && column.name !== table.softDelete?.field;
}

/**
 * Brings every value into its column's JSON form. Columns that a client may write and that must be there are missed when
 * absent; the others are filled by hooks or by the object. `required` names columns that must be given although the table
 * would do without them. Members that are no columns are dropped.
 */
export function validateDraft(
  table: TableSpec,
  given: Draft,
  kind: DraftKind,
  required: ReadonlySet<string>,
): { draft: Draft; errors: FieldError[] } {
  const draft: Record<string, Json> = {};
  const errors: FieldError[] = [];
  for (const [name, value] of Object.entries(given)) {
    const column = columnOf(table, name);
    if (column === undefined || column.primaryKey || name === table.partitionBy) continue;
    const parsed = parseValue(column, value);
    if (parsed.ok) draft[name] = parsed.value;
    else errors.push({ field: name, message: parsed.message, code: parsed.code });
  }
  if (kind === "update") return { draft, errors };
  for (const column of table.columns) {
    if (!isMissed(column, given, required)) continue;
    errors.push({ field: column.name, message: "is required", code: "required" });
  }
  return { draft, errors };
}

function isMissed(column: ColumnSpec, given: Draft, required: ReadonlySet<string>): boolean {
  if (!column.writable || column.primaryKey) return false;
  const mustBeGiven = required.has(column.name) || (column.notNull && !column.hasDefault);
  if (!mustBeGiven) return false;
  // A null for a NOT NULL column has its own error already.
  return !Object.hasOwn(given, column.name) || (given[column.name] === null && !column.notNull);
}

/** The id of a row to be created, or what is wrong with the one given. `mint` makes a UUIDv7. */
export function idForCreate(
  table: TableSpec,
  given: Json | undefined,
  mint: () => string,
): { readonly id: RowId | null } | { readonly error: FieldError } {
  const refuse = (message: string, code: string) => ({ error: { field: table.primaryKey, message, code } });
  if (given === undefined) {
    if (table.idKind === "uuid") return { id: mint() };
    return table.idKind === "int" ? { id: null } : refuse("is required", "required");
  }
  return isCreatableId(given, table.idKind) ? { id: given } : refuse(idForm(table.idKind), "id");
}
