/**
 * One write of one row, from parsed request to reply: the steps of [HT20] that belong to the Worker. Without a before-hook
 * it is one call to the object. With one it is two, `load` (stored reply, 404, 403, 412, the row for the hook) and
 * `write`; when the row moved in between, the hook runs again ([HT31]).
 */

import { Fault, type FieldError, invalid } from "../../core/fault.ts";
import type { RowId } from "../../core/ids.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Preconditions, WriteIntent, WriteScopes } from "../../core/protocol/object-call.ts";
import type { Draft } from "../../core/schema/table-spec.ts";
import { idForCreate, takeWritable } from "../../core/schema/validate-draft.ts";
import type { Hooks } from "../../define/hooks.ts";
import { readObject, type Success, writeObject } from "../call-object.ts";
import { checkRowSize } from "../check-row-size.ts";
import { callHeader, type TableRequest } from "../exchange.ts";
import { mintId, readWriteKey, type WriteKey } from "../idempotency.ts";
import { MAX_HOOK_RUNS } from "../limits.ts";
import { prefersMinimal, readConditions } from "../read-headers.ts";
import type { Reply } from "../reply.ts";
import { beforeCreate, beforeDelete, beforeUpdate, startAfterHooks } from "../run-hooks.ts";
import { expectAnswer, type ObjectAnswer } from "./answer.ts";
import { writeReply } from "./write-reply.ts";

/** What the endpoint has found out; `body` is null where none is taken. */
export type PlannedWrite =
  | {
      readonly op: "create";
      readonly body: JsonObject;
      readonly optimisticId: string | null;
      /** Server code made the body, and sets also what clients may not. */
      readonly writes?: "all";
      /** What the client sent, where the body was made from more than that: an Idempotency-Key is bound to it. */
      readonly asked?: JsonObject;
    }
  | { readonly op: "update"; readonly id: RowId; readonly body: JsonObject }
  | { readonly op: "replace"; readonly id: RowId; readonly body: JsonObject; readonly mayCreate: boolean }
  | {
      readonly op: "delete";
      readonly id: RowId;
      readonly hard: boolean;
      /** What the endpoint did with the row holds for this version of it alone: 409 `contended` for another. */
      readonly expectVersion?: number;
    }
  | { readonly op: "restore"; readonly id: RowId };

/** A write on its way: its input taken from the body, nothing validated. */
interface Pending {
  readonly request: TableRequest;
  readonly planned: PlannedWrite;
  readonly scopes: WriteScopes;
  readonly conditions: Preconditions;
  readonly key: WriteKey;
  readonly isMinimal: boolean;
  readonly id: RowId | null;
  readonly draft: Draft;
  /** Input that may not be written, ids that do not fit. */
  readonly refused: readonly FieldError[];
}

/** What the hook saw, and made of the draft. */
interface Hooked {
  readonly id: RowId | null;
  readonly draft: Draft;
  readonly expectVersion: number | null;
}

export async function runWrite(request: TableRequest, planned: PlannedWrite, scopes: WriteScopes): Promise<Reply> {
  const pending = await prepare(request, planned, scopes);
  const answer = await carryOut(pending);
  if (answer.changes !== undefined && answer.isReplay !== true)
    startAfterHooks(request, answer.changes, answer.position);
  return writeReply(request, answer, {
    isMinimal: pending.isMinimal,
    optimisticId: planned.op === "create" ? planned.optimisticId : null,
  });
}

async function prepare(request: TableRequest, planned: PlannedWrite, scopes: WriteScopes): Promise<Pending> {
  const { headers } = request.request;
  const body = "body" in planned ? planned.body : null;
  const base = {
    request,
    planned,
    scopes,
    conditions: readConditions(headers),
    isMinimal: prefersMinimal(headers),
    key: await readWriteKey(request, planned.op === "create" ? (planned.asked ?? planned.body) : body),
  };
  const pathId = planned.op === "create" ? null : planned.id;
  if (body === null || planned.op === "delete" || planned.op === "restore")
    return { ...base, id: pathId, draft: {}, refused: [] };
  const { spec } = request.entry.resource;
  const place = { kind: planned.op, id: pathId, partition: request.partition };
  const isMade = planned.op === "create" && planned.writes === "all";
  const taken = takeWritable(spec, body, isMade ? { ...place, writes: "all" } : place);
  checkRowSize(taken.draft);
  if (planned.op !== "create") return { ...base, id: pathId, draft: taken.draft, refused: taken.errors };
  const made = idForCreate(spec, taken.id, () => mintId(request.nowMs));
  return "id" in made
    ? { ...base, id: made.id, draft: taken.draft, refused: taken.errors }
    : { ...base, id: null, draft: taken.draft, refused: [...taken.errors, made.error] };
}

async function carryOut(pending: Pending): Promise<ObjectAnswer> {
  if (!hasBeforeHook(pending)) return commit(pending, { id: pending.id, draft: pending.draft, expectVersion: null });
  for (let run = 1; ; run++) {
    const hooked = await runBeforeHook(pending);
    if ("kind" in hooked) return expectAnswer(hooked);
    try {
      return await commit(pending, hooked);
    } catch (error) {
      const isContended = error instanceof Fault && error.data.slug === "conflict" && error.data.reason === "contended";
      if (!isContended || run === MAX_HOOK_RUNS) throw error;
    }
  }
}

/** Validates and sends. Errors of a create without a key need no object to be answered. */
async function commit(
  { request, planned, scopes, conditions, key, isMinimal, refused }: Pending,
  hooked: Hooked,
): Promise<ObjectAnswer> {
  const { entry } = request;
  const { draft, errors } =
    "body" in planned ? await entry.validate(hooked.draft, planned.op) : { draft: hooked.draft, errors: [] };
  const found = [...refused, ...errors];
  if (found.length > 0 && planned.op === "create" && key.idempotency === null) throw invalid(found);
  const reply = await writeObject(
    request,
    {
      ...callHeader(request),
      op: "write",
      intent: intentOf(planned, hooked.id, draft),
      invalid: found,
      scopes,
      conditions,
      idempotency: key.idempotency,
      attempt: key.attempt,
      expectVersion: planned.op === "delete" ? (planned.expectVersion ?? hooked.expectVersion) : hooked.expectVersion,
      isMinimal,
      wantsChange: entry.wantsChanges,
    },
    key.text,
  );
  return expectAnswer(reply);
}

function intentOf(planned: PlannedWrite, id: RowId | null, input: Draft): WriteIntent {
  switch (planned.op) {
    case "create":
      return {
        op: "create",
        id,
        input,
        ...(planned.optimisticId === null ? {} : { optimisticId: planned.optimisticId }),
      };
    case "update":
      return { op: "update", id: planned.id, input };
    case "replace":
      return { op: "replace", id: planned.id, input, mayCreate: planned.mayCreate };
    case "delete":
      return { op: "delete", id: planned.id, hard: planned.hard };
    case "restore":
      return { op: "restore", id: planned.id };
  }
}

function hasBeforeHook({ request, planned }: Pending): boolean {
  const hooks = request.entry.resource.config.hooks as Hooks | undefined;
  if (hooks === undefined) return false;
  switch (planned.op) {
    case "create":
      return hooks.onBeforeCreate !== undefined;
    case "update":
      return hooks.onBeforeUpdate !== undefined;
    case "replace":
      return hooks.onBeforeUpdate !== undefined || (planned.mayCreate && hooks.onBeforeCreate !== undefined);
    case "delete":
      return hooks.onBeforeDelete !== undefined;
    case "restore":
      return false;
  }
}

/** Loads what the hook needs and runs it; an answer when the object already has one (a stored reply). */
async function runBeforeHook(pending: Pending): Promise<Hooked | Success> {
  const { request, planned, draft, id, key, refused } = pending;
  if (planned.op === "create" && key.idempotency === null) {
    if (refused.length > 0) throw invalid(refused);
    return hookNewRow(pending, null);
  }
  const loaded = await readObject(request, {
    ...callHeader(request),
    op: "load",
    intent: {
      op: planned.op,
      id,
      ...("hard" in planned ? { hard: planned.hard } : {}),
      ...("mayCreate" in planned ? { mayCreate: planned.mayCreate } : {}),
    },
    scopes: pending.scopes,
    conditions: pending.conditions,
    idempotency: key.idempotency,
  });
  if (loaded.kind !== "loaded") return loaded;
  if (refused.length > 0) throw invalid(refused);
  const { row } = loaded;
  if (planned.op === "create") return hookNewRow(pending, null);
  if (row === null) return hookNewRow(pending, 0);
  if (planned.op === "delete") await beforeDelete(request, row);
  const isChange = planned.op === "update" || planned.op === "replace";
  return { id, draft: isChange ? await beforeUpdate(request, row, draft) : draft, expectVersion: loaded.version };
}

/** The hook sees the id and may set another. */
async function hookNewRow({ request, planned, id, draft }: Pending, expectVersion: number | null): Promise<Hooked> {
  const { spec } = request.entry.resource;
  const made = await beforeCreate(request, id === null ? draft : { ...draft, [spec.primaryKey]: id });
  if (planned.op !== "create") return { id, draft: made, expectVersion };
  const chosen = idForCreate(spec, made[spec.primaryKey], () => mintId(request.nowMs));
  if ("error" in chosen) throw invalid([chosen.error]);
  return { id: chosen.id, draft: made, expectVersion };
}
