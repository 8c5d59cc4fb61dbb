/**
 * One prepared item of a batch → what the object is told of it: through its before-hook, where there is one, and validated. Whatever
 * fails here travels as a refusal at the item's place, so that an earlier item can fail first ([HT45]).
 */

import { placeFault } from "../../core/change/place-fault.ts";
import { Fault, type FieldError, invalid } from "../../core/fault.ts";
import type { RowId } from "../../core/ids.ts";
import type { BatchItem, ItemWrite, LoadedItem } from "../../core/protocol/batch-call.ts";
import type { WriteIntent } from "../../core/protocol/object-call.ts";
import type { BatchOperation, Draft } from "../../core/schema/table-spec.ts";
import { type DraftKind, idForCreate } from "../../core/schema/validate-draft.ts";
import { HttpError } from "../../define/http-error.ts";
import type { TableRequest } from "../exchange.ts";
import { mintId } from "../idempotency.ts";
import { beforeCreate, beforeDelete, beforeUpdate } from "../run-hooks.ts";
import type { PreparedItem } from "./batch-items.ts";

/** An item, and the error behind it when it was refused here: the object answers data, the client is to see the message too. */
export interface BuiltItem {
  readonly item: BatchItem;
  readonly error?: unknown;
}

/** What the hook may look at: nothing, when the table has none for this operation. */
export type Seen = { readonly kind: "unhooked" } | { readonly kind: "new" } | LoadedItem;

export async function buildItem(
  request: TableRequest,
  operation: BatchOperation,
  prepared: PreparedItem,
  seen: Seen,
  index: number,
): Promise<BuiltItem> {
  if (seen.kind === "refused") return { item: seen };
  try {
    return {
      item:
        seen.kind === "unhooked"
          ? await unhooked(request, operation, prepared)
          : await hooked(request, operation, prepared, seen),
    };
  } catch (error) {
    return refusal(error, index, prepared.id);
  }
}

/** Whether the item fails in any case: nothing behind it matters. */
export function isFailing(item: BatchItem): boolean {
  switch (item.kind) {
    case "refused":
      return true;
    case "write":
      return item.write.invalid.length > 0;
    case "upsert":
      return item.present.invalid.length > 0 && (item.absent === null || item.absent.invalid.length > 0);
  }
}

/** The fault as data at its place; the error keeps its message, and a defect stays one. */
export function refusal(error: unknown, index: number, id: RowId | null): BuiltItem {
  if (!(error instanceof Fault)) return { item: { kind: "refused", fault: { slug: "internal-error", index } }, error };
  const fault = placeFault(error.data, index, id);
  return {
    item: { kind: "refused", fault },
    error: error instanceof HttpError ? new HttpError(fault, error.message) : new Fault(fault),
  };
}

async function unhooked(request: TableRequest, operation: BatchOperation, prepared: PreparedItem): Promise<BatchItem> {
  const { id, draft, conditions, mayCreate } = prepared;
  if (operation !== "upsert")
    return { kind: "write", write: await write(request, operation, prepared, draft), conditions, expectVersion: null };
  const present = await write(request, "update", prepared, draft);
  const absent = mayCreate ? await write(request, "create", prepared, draft) : null;
  return { kind: "upsert", id: named(id), present, absent, conditions };
}

async function hooked(
  request: TableRequest,
  operation: BatchOperation,
  prepared: PreparedItem,
  seen: Extract<Seen, { kind: "new" | "row" }>,
): Promise<BatchItem> {
  const { id, draft, conditions, refused } = prepared;
  if (refused.length > 0) throw invalid(refused);
  const { spec } = request.entry.resource;
  const row = seen.kind === "row" ? seen.row : null;
  const expectVersion = seen.kind === "row" && operation !== "create" ? seen.version : null;
  if (operation === "delete") {
    if (row !== null) await beforeDelete(request, row);
    return { kind: "write", write: await write(request, operation, prepared, draft), conditions, expectVersion };
  }
  if (row !== null) {
    const op = operation === "upsert" ? "update" : operation;
    return {
      kind: "write",
      write: await write(request, op, prepared, await beforeUpdate(request, row, draft)),
      conditions,
      expectVersion,
    };
  }
  const made = await beforeCreate(request, id === null ? draft : { ...draft, [spec.primaryKey]: id });
  if (operation !== "create") {
    return {
      kind: "write",
      write: await write(request, operation === "upsert" ? "create" : operation, prepared, made),
      conditions: {},
      expectVersion,
    };
  }
  // The hook sees the id and may set another.
  const chosen = idForCreate(spec, made[spec.primaryKey], () => mintId(request.nowMs));
  if ("error" in chosen) throw invalid([chosen.error]);
  return {
    kind: "write",
    write: await write(request, "create", { ...prepared, id: chosen.id }, made),
    conditions,
    expectVersion,
  };
}

async function write(
  request: TableRequest,
  op: Exclude<BatchOperation, "upsert">,
  { id, refused, mayCreate }: PreparedItem,
  draft: Draft,
): Promise<ItemWrite> {
  if (op === "delete") return { intent: { op, id: named(id), hard: false }, invalid: [] };
  const checked = await validated(request, draft, op);
  return { intent: intentOf(op, id, checked.draft, mayCreate), invalid: [...refused, ...checked.errors] };
}

function validated(
  { entry }: TableRequest,
  draft: Draft,
  kind: DraftKind,
): { draft: Draft; errors: readonly FieldError[] } | Promise<{ draft: Draft; errors: readonly FieldError[] }> {
  return entry.validate(draft, kind);
}

function intentOf(
  op: "create" | "update" | "replace",
  id: RowId | null,
  input: Draft,
  mayCreate: boolean,
): WriteIntent {
  switch (op) {
    case "create":
      return { op, id, input };
    case "update":
      return { op, id: named(id), input };
    case "replace":
      return { op, id: named(id), input, mayCreate };
  }
}

function named(id: RowId | null): RowId {
  if (id === null) throw new Error("an item other than a create names its row");
  return id;
}
