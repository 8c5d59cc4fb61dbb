/**
 * A batch of items through the Worker ([HT45] [HT48]). Without before-hooks it is one call to the object; with them it is two,
 * `load-batch` for the rows the hooks look at and `batch`, begun anew when a row moved in between ([HT31]).
 */

import { Fault } from "../../core/fault.ts";
import type { Json } from "../../core/json.ts";
import type { BatchItem, LoadedItem } from "../../core/protocol/batch-call.ts";
import type { Preconditions, WriteScopes } from "../../core/protocol/object-call.ts";
import type { BatchOperation } from "../../core/schema/table-spec.ts";
import type { Hooks } from "../../define/hooks.ts";
import { readObject } from "../call-object.ts";
import { callHeader, type TableRequest } from "../exchange.ts";
import { readWriteKey, type WriteKey } from "../idempotency.ts";
import { prefersMinimal } from "../read-headers.ts";
import type { Reply } from "../reply.ts";
import { expectAnswer, type ObjectAnswer } from "./answer.ts";
import { type PreparedItem, prepareItems } from "./batch-items.ts";
import { type BuiltItem, buildItem, isFailing, type Seen } from "./build-batch-item.ts";
import { answerBatch, sendBatch } from "./send-batch.ts";

export interface ItemBatch {
  readonly operation: BatchOperation;
  readonly list: readonly Json[];
  readonly body: Json;
  readonly scopes: WriteScopes;
  readonly mayCreate: boolean;
  readonly conditions: Preconditions;
}

/** A batch on its way: its items made ready, nothing validated. */
interface Pending extends Omit<ItemBatch, "list" | "body"> {
  readonly request: TableRequest;
  readonly items: readonly PreparedItem[];
  readonly key: WriteKey;
  readonly isMinimal: boolean;
}

export async function runItems(request: TableRequest, { list, body, ...batch }: ItemBatch): Promise<Reply> {
  const { operation, mayCreate } = batch;
  const limit = request.entry.resource.spec.batch.limits[operation];
  if (list.length > limit) throw new Fault({ slug: "batch-limit-exceeded", operation, limit, requested: list.length });
  const items = prepareItems(request, operation, list, mayCreate);
  const isMinimal = prefersMinimal(request.request.headers);
  const pending: Pending = { ...batch, request, items, isMinimal, key: await readWriteKey(request, body) };
  return answerBatch(request, pending, () => carryOut(pending));
}

async function carryOut(pending: Pending): Promise<ObjectAnswer> {
  const { request, operation, items, key } = pending;
  const isHooked = items.length > 0 && hasBeforeHook(pending);
  // New rows need no look, unless the reply may be stored already.
  const isLoaded = isHooked && (operation !== "create" || key.idempotency !== null);
  const loaded = isLoaded ? await loadItems(pending) : null;
  if (loaded !== null && "status" in loaded) return loaded;
  const built = await buildItems(request, operation, items, (index) =>
    isHooked ? (loaded === null ? { kind: "new" } : loaded[index]) : { kind: "unhooked" },
  );
  return send(pending, built, isHooked);
}

/** Ends with the first item that fails in any case. */
async function buildItems(
  request: TableRequest,
  operation: BatchOperation,
  items: readonly PreparedItem[],
  seenAt: (index: number) => Seen | undefined,
): Promise<BuiltItem[]> {
  const built: BuiltItem[] = [];
  for (const [index, prepared] of items.entries()) {
    const seen = seenAt(index);
    if (seen === undefined) break;
    const next = await buildItem(request, operation, prepared, seen, index);
    built.push(next);
    if (isFailing(next.item)) break;
  }
  return built;
}

async function loadItems({
  request,
  operation,
  items,
  scopes,
  conditions,
  key,
}: Pending): Promise<readonly LoadedItem[] | ObjectAnswer> {
  const loaded = await readObject(request, {
    ...callHeader(request),
    op: "load-batch",
    operation,
    work: {
      kind: "items",
      items: items.map((item) => ({
        op: operation,
        id: item.id,
        mayCreate: item.mayCreate,
        conditions: item.conditions,
      })),
    },
    scopes,
    conditions,
    idempotency: key.idempotency,
  });
  return loaded.kind === "loaded-batch" ? loaded.items : expectAnswer(loaded);
}

async function send(
  { request, operation, scopes, conditions, key, isMinimal }: Pending,
  built: readonly BuiltItem[],
  isHooked: boolean,
): Promise<ObjectAnswer> {
  const items: readonly BatchItem[] = built.map(({ item }) => item);
  const [last] = built.slice(-1);
  try {
    const work = { kind: "items" as const, items };
    return await sendBatch(request, { operation, work, scopes, conditions, key, isMinimal, isHooked });
  } catch (error) {
    throw isRefusalOf(last, error, built.length - 1) ? last?.error : error;
  }
}

/** Whether the object only gave back what was refused here; then the first error says it better. */
function isRefusalOf(last: BuiltItem | undefined, error: unknown, index: number): boolean {
  return last?.error !== undefined && error instanceof Fault && error.data.index === index;
}

function hasBeforeHook({ request, operation, items }: Pending): boolean {
  const hooks = request.entry.resource.config.hooks as Hooks | undefined;
  switch (operation) {
    case "create":
      return hooks?.onBeforeCreate !== undefined;
    case "update":
      return hooks?.onBeforeUpdate !== undefined;
    case "delete":
      return hooks?.onBeforeDelete !== undefined;
    case "replace":
    case "upsert":
      return (
        hooks?.onBeforeUpdate !== undefined ||
        (hooks?.onBeforeCreate !== undefined && items.some((item) => item.mayCreate))
      );
  }
}
