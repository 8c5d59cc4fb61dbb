/**
 * The items of a batch as the client sent them, made ready: ids, conditions, and what of each may be written. Wrong ids and twins
 * are refused here, before anything is looked up ([HT48]); what validation will find is not known yet.
 */

import { placeErrors } from "../../core/change/place-fault.ts";
import { Fault, type FieldError, idForm, invalid } from "../../core/fault.ts";
import { isCreatableId, parseRowId, type RowId } from "../../core/ids.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { IF_VERSION_FORM, parseIfVersion } from "../../core/protocol/if-version.ts";
import type { Preconditions } from "../../core/protocol/object-call.ts";
import type { BatchOperation, Draft, TableSpec } from "../../core/schema/table-spec.ts";
import { idForCreate, takeWritable } from "../../core/schema/validate-draft.ts";
import { checkRowSize } from "../check-row-size.ts";
import type { TableRequest } from "../exchange.ts";
import { mintId } from "../idempotency.ts";

export interface PreparedItem {
  readonly id: RowId | null;
  readonly draft: Draft;
  /** Input that may not be written; a new id that does not fit. */
  readonly refused: readonly FieldError[];
  readonly conditions: Preconditions;
  readonly mayCreate: boolean;
}

/** Ids of a DELETE: their condition is one for all, answered before any of them. */
const ANSWERED: Preconditions = { ifMatch: { kind: "any" } };

export function prepareItems(
  request: TableRequest,
  operation: BatchOperation,
  list: readonly Json[],
  mayCreate: boolean,
): PreparedItem[] {
  const { spec } = request.entry.resource;
  const items = list.map((item, index) => {
    if (operation === "delete") return prepareId(spec, item, index);
    if (!isJsonObject(item)) throw refuse(index, [{ field: "", message: "must be an object", code: "type" }]);
    try {
      return operation === "create"
        ? prepareNew(request, item)
        : prepareNamed(request, operation, item, index, mayCreate);
    } catch (error) {
      if (error instanceof Fault && error.data.slug === "payload-too-large") throw new Fault({ ...error.data, index });
      throw error;
    }
  });
  refuseTwins(items, operation === "delete" ? "ids" : "items", spec);
  return items;
}

function prepareNew(request: TableRequest, item: JsonObject): PreparedItem {
  const { spec } = request.entry.resource;
  const taken = takeWritable(spec, item, { kind: "create", id: null, partition: request.partition });
  checkRowSize(taken.draft);
  const made = idForCreate(spec, taken.id, () => mintId(request.nowMs));
  const base = { draft: taken.draft, conditions: {}, mayCreate: true };
  return "id" in made
    ? { ...base, id: made.id, refused: taken.errors }
    : { ...base, id: null, refused: [...taken.errors, made.error] };
}

function prepareNamed(
  request: TableRequest,
  operation: "update" | "replace" | "upsert",
  item: JsonObject,
  index: number,
  mayCreate: boolean,
): PreparedItem {
  const { spec } = request.entry.resource;
  const { ifVersion, ...columns } = item;
  const id = readId(spec, columns[spec.primaryKey]);
  if (typeof id === "object") throw refuse(index, [id]);
  const condition = ifVersion === undefined ? undefined : parseIfVersion(ifVersion);
  if (condition === null) throw refuse(index, [{ field: "ifVersion", message: IF_VERSION_FORM, code: "malformed" }]);
  const taken = takeWritable(spec, columns, {
    kind: operation === "replace" ? "replace" : "update",
    id,
    partition: request.partition,
  });
  checkRowSize(taken.draft);
  return {
    id,
    draft: taken.draft,
    refused: taken.errors,
    conditions: condition === undefined ? {} : { ifMatch: condition },
    mayCreate: mayCreate && isCreatableId(id, spec.idKind),
  };
}

function prepareId(spec: TableSpec, value: Json, index: number): PreparedItem {
  const id = readId(spec, value);
  if (typeof id === "object")
    throw new Fault({ slug: "validation-error", errors: [{ ...id, field: `ids[${index}]` }], index });
  return { id, draft: {}, refused: [], conditions: ANSWERED, mayCreate: false };
}

/** The id of a row that may exist, or what is wrong with it. */
function readId(spec: TableSpec, value: Json | undefined): RowId | FieldError {
  if (value === undefined) return { field: spec.primaryKey, message: "is required", code: "required" };
  const isOfKind = typeof value === (spec.idKind === "int" ? "number" : "string");
  const id = isOfKind ? parseRowId(String(value), spec.idKind) : null;
  return (
    id ?? {
      field: spec.primaryKey,
      message: spec.idKind === "int" ? "must be a whole number" : idForm(spec.idKind),
      code: "id",
    }
  );
}

function refuseTwins(items: readonly PreparedItem[], place: "items" | "ids", spec: TableSpec): void {
  const seen = new Map<RowId, number>();
  for (const [index, { id }] of items.entries()) {
    if (id === null) continue;
    const twin = seen.get(id);
    if (twin === undefined) seen.set(id, index);
    else {
      const field = place === "ids" ? `ids[${index}]` : `items[${index}].${spec.primaryKey}`;
      throw new Fault({
        slug: "validation-error",
        errors: [{ field, message: `is the id of ${place}[${twin}] too`, code: "duplicate" }],
        index,
      });
    }
  }
}

function refuse(index: number, errors: readonly FieldError[]): Fault {
  return new Fault({ ...invalid(placeErrors(errors, `items[${index}]`)).data, index });
}
