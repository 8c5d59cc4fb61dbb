/**
 * An opened operation → what its object is told of it ([TX36] [TX37]). Without hooks and schemas nothing has to be known: references
 * are left to the object. Otherwise they are filled here, the before-hooks see their rows, and what they made is validated. Whatever
 * fails here travels as a refusal at its place, so that an earlier step can fail first.
 */

import { Fault, invalid } from "../../core/fault.ts";
import type { Json } from "../../core/json.ts";
import type { HookedRow } from "../../core/protocol/batch-call.ts";
import type { Look, OpenOperation, StepAction, StepWork, Tried } from "../../core/protocol/transaction-call.ts";
import type { Draft } from "../../core/schema/table-spec.ts";
import { type DraftKind, idForCreate } from "../../core/schema/validate-draft.ts";
import { placeOperationFault } from "../../core/transaction/place-operation-fault.ts";
import {
  draftKinds,
  finishWork,
  type Shaped,
  shapeOperation,
  type Validated,
} from "../../core/transaction/shape-operation.ts";
import { type Lookup, pathsIn } from "../../core/transaction/template.ts";
import type { Hooks } from "../../define/hooks.ts";
import { HttpError } from "../../define/http-error.ts";
import { checkRowSize } from "../check-row-size.ts";
import { mintId } from "../idempotency.ts";
import { beforeCreate, beforeDelete, beforeUpdate } from "../run-hooks.ts";
import type { Target } from "./open-target.ts";

/** What the maker may ask of the transaction. */
export interface Surroundings {
  /** Whether the object itself may fill references: all steps lie in it. */
  readonly isAlone: boolean;
  /** The results so far, tried out where they have to be. */
  readonly lookup: (needed: readonly (readonly string[])[]) => Promise<Lookup>;
  /** The rows for a before-hook, as the earlier steps leave them. */
  readonly look: (look: Look) => Promise<Tried["looked"]>;
  /** Whether an error came from an object: it is the answer, whichever step it is about. */
  readonly isAnswer: (error: unknown) => boolean;
}

/** An action, and the error behind it when it was refused here: the object answers data, the caller is to see the message too. */
export interface MadeAction {
  readonly action: StepAction;
  readonly error?: unknown;
}

export async function makeAction(target: Target, open: OpenOperation, around: Surroundings): Promise<MadeAction> {
  try {
    return { action: await make(target, open, around) };
  } catch (error) {
    if (around.isAnswer(error)) throw error;
    return refusal(error, target);
  }
}

/** The fault as data at its place; the error keeps its message, and a defect stays one. */
export function refusal(error: unknown, { place }: Target): MadeAction {
  if (!(error instanceof Fault))
    return { action: { kind: "refused", fault: { slug: "internal-error", ...place } }, error };
  const fault = placeOperationFault(error.data, place, "data");
  return {
    action: { kind: "refused", fault },
    error: error instanceof HttpError ? new HttpError(fault, error.message) : new Fault(fault),
  };
}

/** What makes a transaction begin anew. */
export function isConflict(error: unknown): boolean {
  if (!(error instanceof Fault)) return false;
  const { data } = error;
  return data.slug === "transaction-conflict" || (data.slug === "conflict" && data.reason === "contended");
}

/** Whether the operation is certain to fail: nothing behind it matters. */
export function isFailing(action: StepAction): boolean {
  return action.kind === "refused";
}

async function make(target: Target, open: OpenOperation, around: Surroundings): Promise<StepAction> {
  const { entry, partition } = target.request;
  const { spec, operators, config } = entry.resource;
  const values = [open.id, open.data, open.ifVersion, typeof open.where === "object" ? open.where : undefined];
  const paths = values.flatMap((value) => (value === undefined ? [] : pathsIn(value as Json)));
  const isHooked = hasBeforeHook(target);
  if (paths.length > 0 && around.isAlone && !isHooked && config.schema === undefined)
    return { kind: "open", operation: open };
  const lookup: Lookup = paths.length === 0 ? () => undefined : await around.lookup(paths);
  const table = {
    spec,
    operators,
    partition,
    ...(open.fields === "scope" ? {} : { allowedOperators: config.query?.operators }),
  };
  const shaped = shapeOperation(open, table, target.place, lookup);
  if (shaped.kind !== "ready") checkRowSize(shaped.draft);
  const work = isHooked ? await hooked(target, shaped, around) : await validated(target, shaped);
  return { kind: "ready", work };
}

async function validated({ request }: Target, shaped: Shaped): Promise<StepWork> {
  const drafts = new Map<DraftKind, Validated>();
  if (shaped.kind !== "ready")
    for (const kind of draftKinds(shaped)) drafts.set(kind, await request.entry.validate(shaped.draft, kind));
  return finishWork(shaped, (kind) => drafts.get(kind) as Validated);
}

async function hooked(target: Target, shaped: Shaped, around: Surroundings): Promise<StepWork> {
  if (shaped.kind === "filter") return hookRows(target, shaped, around);
  if (shaped.kind === "ready") {
    const { work } = shaped;
    if (work.kind === "filter") return hookRemovals(target, work, around);
    if (work.kind !== "write" || work.write.intent.op !== "delete") return work;
    const { intent } = work.write;
    const [seen] = await around.look({
      ...lookOf(target),
      kind: "row",
      op: "delete",
      id: intent.id,
      mayCreate: false,
      conditions: work.conditions,
    });
    if (seen?.row != null) await beforeDelete(target.request, seen.row);
    return work;
  }
  const { op, id, draft, refused, conditions, mayCreate } = shaped;
  if (op === "create") {
    if (refused.length > 0) throw invalid(refused);
    return validated(target, await hookNew(target, shaped));
  }
  if (id === null) throw new Error("a step on one row names it");
  const [seen] = await around.look({ ...lookOf(target), kind: "row", op, id, mayCreate, conditions });
  if (refused.length > 0) throw invalid(refused);
  if (seen === undefined || seen.row === null) {
    const made = await hookNew(target, { ...shaped, conditions: op === "upsert" ? {} : conditions });
    return validated(target, op === "upsert" ? { ...made, op: "create" } : made);
  }
  const patched = await beforeUpdate(target.request, seen.row, draft);
  return validated(target, { ...shaped, op: op === "upsert" ? "update" : op, draft: patched });
}

type ShapedWrite = Extract<Shaped, { kind: "write" }>;

/** The hook sees the id and, on a create, may set another. */
async function hookNew({ request }: Target, shaped: ShapedWrite): Promise<ShapedWrite> {
  const { spec } = request.entry.resource;
  const { id, draft, op } = shaped;
  const made = await beforeCreate(request, id === null ? draft : { ...draft, [spec.primaryKey]: id });
  if (op !== "create") return { ...shaped, draft: made };
  const chosen = idForCreate(spec, made[spec.primaryKey], () => mintId(request.nowMs));
  if ("error" in chosen) throw invalid([chosen.error]);
  return { ...shaped, id: chosen.id, draft: made };
}

async function hookRows(
  target: Target,
  { filter, draft, refused }: Extract<Shaped, { kind: "filter" }>,
  around: Surroundings,
): Promise<StepWork> {
  if (refused.length > 0) throw invalid(refused);
  const seen = await around.look({
    ...lookOf(target),
    kind: "filter",
    op: "update",
    filter,
    ...limitsOf(target, "update"),
  });
  const hookedRows: HookedRow[] = [];
  for (const { id, row, version } of seen) {
    if (row === null) continue;
    const patch = await validPatch(target, await beforeUpdate(target.request, row, draft));
    hookedRows.push({ kind: "write", id, version, patch });
  }
  // The hooks' outcome is what counts, row by row; without rows the patch itself is judged.
  const own = seen.length === 0 ? await validPatch(target, draft) : draft;
  return { kind: "filter", op: "update", filter, patch: own, invalid: [], hooked: hookedRows };
}

async function hookRemovals(
  target: Target,
  work: Extract<StepWork, { kind: "filter" }>,
  around: Surroundings,
): Promise<StepWork> {
  const { filter } = work;
  const seen = await around.look({
    ...lookOf(target),
    kind: "filter",
    op: "delete",
    filter,
    ...limitsOf(target, "delete"),
  });
  const hookedRows: HookedRow[] = [];
  for (const { id, row, version } of seen) {
    if (row === null) continue;
    await beforeDelete(target.request, row);
    hookedRows.push({ kind: "write", id, version, patch: {} });
  }
  return { ...work, hooked: hookedRows };
}

async function validPatch({ request }: Target, patch: Draft): Promise<Draft> {
  const { draft, errors } = await request.entry.validate(patch, "update");
  if (errors.length > 0) throw invalid(errors);
  return draft;
}

function lookOf({ place, request, scopes }: Target) {
  return { ...place, table: request.entry.resource.name, scopes };
}

function limitsOf({ request, limitUnconfirmed }: Target, operation: "update" | "delete") {
  const limitRows = request.entry.resource.spec.batch.limits[operation];
  return limitUnconfirmed === null ? { limitRows } : { limitRows, limitUnconfirmed };
}

export function hasBeforeHook({ request, op, mayCreate }: Target): boolean {
  const hooks = request.entry.resource.config.hooks as Hooks | undefined;
  if (hooks === undefined) return false;
  switch (op) {
    case "create":
      return hooks.onBeforeCreate !== undefined;
    case "update":
      return hooks.onBeforeUpdate !== undefined;
    case "replace":
    case "upsert":
      return hooks.onBeforeUpdate !== undefined || (mayCreate && hooks.onBeforeCreate !== undefined);
    case "delete":
      return hooks.onBeforeDelete !== undefined;
    case "read":
    case "list":
    case "count":
    case "restore":
      return false;
  }
}
