/**
 * A batch over the rows under a filter, through the Worker ([HT46]–[HT48]): dry run and confirmation ([HT32]), before-hooks row by
 * row on the rows that match, validation, one call that writes.
 */

import { placeErrors } from "../../core/change/place-fault.ts";
import { Fault, type FieldError, invalid } from "../../core/fault.ts";
import type { Json } from "../../core/json.ts";
import type { FilterRows, HookedRow, LoadedItem } from "../../core/protocol/batch-call.ts";
import type { Preconditions, WriteScopes } from "../../core/protocol/object-call.ts";
import type { Draft } from "../../core/schema/table-spec.ts";
import { takeWritable } from "../../core/schema/validate-draft.ts";
import type { Hooks } from "../../define/hooks.ts";
import { readObject } from "../call-object.ts";
import { checkRowSize } from "../check-row-size.ts";
import { isConfirmed, sealConfirmation } from "../confirm-token.ts";
import { callHeader, type TableRequest } from "../exchange.ts";
import { readWriteKey, type WriteKey } from "../idempotency.ts";
import { MAX_UNCONFIRMED_ROWS } from "../limits.ts";
import { prefersMinimal, readConditions } from "../read-headers.ts";
import type { Reply } from "../reply.ts";
import { beforeDelete, beforeUpdate } from "../run-hooks.ts";
import { expectAnswer, type ObjectAnswer, readReply } from "./answer.ts";
import type { FilterForm } from "./batch-body.ts";
import { answerBatch, sendBatch } from "./send-batch.ts";

export interface FilterBatchRequest {
  readonly operation: "update" | "delete";
  readonly form: FilterForm;
  readonly body: Json;
  readonly scopes: WriteScopes;
}

interface Pending {
  readonly request: TableRequest;
  readonly operation: "update" | "delete";
  readonly rows: FilterRows;
  readonly scopes: WriteScopes;
  readonly conditions: Preconditions;
  readonly draft: Draft;
  /** Input that may not be written, at its place in the body. */
  readonly refused: readonly FieldError[];
  readonly place: FilterForm["patchPlace"];
}

/** How the object ends the body of a dry run; the token takes the place of the null. */
const OPEN_END = "null}";

export async function runFilter(request: TableRequest, batch: FilterBatchRequest): Promise<Reply> {
  const { operation, form, body, scopes } = batch;
  const { spec } = request.entry.resource;
  const taken = takeWritable(spec, form.patch, { kind: "update", id: null, partition: request.partition });
  checkRowSize(taken.draft);
  const confirmed = { operation, filter: form.filter, patch: taken.draft };
  const isUnconfirmed = spec.batch.confirm && !form.isDryRun && !(await isConfirmed(request, confirmed));
  const pending: Pending = {
    request,
    operation,
    rows: {
      filter: form.filter,
      limitRows: spec.batch.limits[operation],
      limitUnconfirmed: isUnconfirmed ? MAX_UNCONFIRMED_ROWS : null,
    },
    scopes,
    conditions: readConditions(request.request.headers),
    draft: taken.draft,
    refused: placed(taken.errors, form.patchPlace),
    place: form.patchPlace,
  };
  if (form.isDryRun) return preview(pending, () => sealConfirmation(request, confirmed));
  const isMinimal = prefersMinimal(request.request.headers);
  const key = await readWriteKey(request, body);
  return answerBatch(request, { isMinimal }, () => carryOut(pending, key, isMinimal));
}

async function preview(pending: Pending, seal: () => Promise<string>): Promise<Reply> {
  const { request, operation, rows, scopes, conditions } = pending;
  const { errors } = await validated(pending, pending.draft);
  const answer = expectAnswer(
    await readObject(request, {
      ...callHeader(request),
      op: "preview-batch",
      operation,
      rows,
      scopes,
      conditions,
      invalid: errors,
    }),
  );
  const reply = readReply(request, answer);
  return { ...reply, body: `${answer.body?.slice(0, -OPEN_END.length)}${JSON.stringify(await seal())}}` };
}

async function carryOut(pending: Pending, key: WriteKey, isMinimal: boolean): Promise<ObjectAnswer> {
  const { request, operation, rows, scopes, conditions } = pending;
  const loaded = hasBeforeHook(pending) ? await loadRows(pending, key) : null;
  if (loaded !== null && "status" in loaded) return loaded;
  const hooked = loaded === null ? null : await hookRows(pending, loaded);
  // The hooks' outcome is what counts, row by row; without rows the patch itself is judged.
  const own =
    hooked === null || hooked.rows.length === 0
      ? await validated(pending, pending.draft)
      : { draft: pending.draft, errors: [] };
  try {
    const work = {
      kind: "filter" as const,
      op: operation,
      ...rows,
      patch: own.draft,
      invalid: own.errors,
      hooked: hooked?.rows ?? null,
    };
    const isHooked = hooked !== null;
    return await sendBatch(request, { operation, work, scopes, conditions, key, isMinimal, isHooked });
  } catch (error) {
    throw isRefusal(error, hooked) ? hooked?.error : error;
  }
}

async function loadRows(
  { request, operation, rows, scopes, conditions }: Pending,
  key: WriteKey,
): Promise<readonly LoadedItem[] | ObjectAnswer> {
  const loaded = await readObject(request, {
    ...callHeader(request),
    op: "load-batch",
    operation,
    work: { kind: "filter", ...rows },
    scopes,
    conditions,
    idempotency: key.idempotency,
  });
  return loaded.kind === "loaded-batch" ? loaded.items : expectAnswer(loaded);
}

interface HookedRows {
  readonly rows: readonly HookedRow[];
  /** What the last row's hook threw, and the slug under which the object gives it back. */
  readonly error?: unknown;
  readonly slug?: string;
}

/** Ends with the first row that its hook refuses, or that is not valid after it. */
async function hookRows(pending: Pending, loaded: readonly LoadedItem[]): Promise<HookedRows> {
  const { request, operation, draft, refused } = pending;
  const rows: HookedRow[] = [];
  for (const item of loaded) {
    if (item.kind === "refused" || item.row === null || item.id === null) continue;
    const { id, row, version } = item;
    try {
      if (refused.length > 0) throw invalid(refused);
      if (operation === "delete") await beforeDelete(request, row);
      const { draft: patch, errors } = await validated(
        pending,
        operation === "delete" ? draft : await beforeUpdate(request, row, draft),
      );
      if (errors.length > 0) throw invalid(errors);
      rows.push({ kind: "write", id, version, patch });
    } catch (error) {
      const fault = error instanceof Fault ? error.data : ({ slug: "internal-error" } as const);
      return { rows: [...rows, { kind: "refused", id, version, fault }], error, slug: fault.slug };
    }
  }
  return { rows };
}

/** Whether the object only gave back what a hook refused; then the hook's own error says it better. */
function isRefusal(error: unknown, hooked: HookedRows | null): boolean {
  if (hooked?.error === undefined || !(error instanceof Fault) || error.data.slug !== hooked.slug) return false;
  return !(error.data.slug === "conflict" && error.data.reason === "contended");
}

async function validated(
  { request, operation, place, refused }: Pending,
  patch: Draft,
): Promise<{ draft: Draft; errors: readonly FieldError[] }> {
  if (operation === "delete") return { draft: patch, errors: [] };
  const { draft, errors } = await request.entry.validate(patch, "update");
  return { draft, errors: [...refused, ...placed(errors, place)] };
}

function placed(errors: readonly FieldError[], place: FilterForm["patchPlace"]): readonly FieldError[] {
  return place === "" ? errors : placeErrors(errors, place);
}

function hasBeforeHook({ request, operation }: Pending): boolean {
  const hooks = request.entry.resource.config.hooks as Hooks | undefined;
  return (operation === "delete" ? hooks?.onBeforeDelete : hooks?.onBeforeUpdate) !== undefined;
}
