/**
 * Hooks of a resource that run in the Worker ([HT31]): before-hooks on the way to the object, after-hooks (those that are
 * not durable) once the write is committed and answered.
 */

import { effectKey, hookOperation } from "../core/change/hook-operation.ts";
import { errorFields } from "../core/log.ts";
import type { RowChange } from "../core/protocol/object-call.ts";
import type { Draft, Row } from "../core/schema/table-spec.ts";
import { afterHook } from "../define/after-hook.ts";
import type { CommittedChange, HookContext, Hooks } from "../define/hooks.ts";
import type { TableRequest } from "./exchange.ts";
import { jsonForm } from "./validate-input.ts";

export function hookContext({ principal, trace, env, nowMs, partition }: TableRequest): HookContext {
  return { user: principal, requestId: trace.requestId, env, now: nowMs, partition };
}

/** The draft that `onBeforeCreate` gives for a new row. `draft` holds the id under the primary key. */
export async function beforeCreate(request: TableRequest, draft: Draft): Promise<Draft> {
  const { hooks } = request.entry.resource.config;
  const given = { ...draft };
  const made: unknown = await (hooks as Hooks | undefined)?.onBeforeCreate?.(hookContext(request), given);
  return jsonForm((made ?? given) as Record<string, unknown>);
}

/** The patch that `onBeforeUpdate` gives for the row as it stands. */
export async function beforeUpdate(request: TableRequest, before: Row, patch: Draft): Promise<Draft> {
  const { hooks } = request.entry.resource.config;
  const given = { ...patch };
  const made: unknown = await (hooks as Hooks | undefined)?.onBeforeUpdate?.(hookContext(request), {
    before,
    patch: given,
  });
  return jsonForm((made ?? given) as Record<string, unknown>);
}

export async function beforeDelete(request: TableRequest, row: Row): Promise<void> {
  const { hooks } = request.entry.resource.config;
  await (hooks as Hooks | undefined)?.onBeforeDelete?.(hookContext(request), row);
}

/** Starts the after-hooks of a commit; the reply does not wait for them, and their failures only reach the log. */
export function startAfterHooks(request: TableRequest, changes: readonly RowChange[], position: string): void {
  const { edge, env, lifetime, log } = request;
  const [epoch = "", seq = "0"] = position.split(":");
  changes.forEach((change, index) => {
    const resource = edge.definition.resources.get(change.table);
    if (resource === undefined) return;
    const run = afterHook(resource, change);
    if (typeof run !== "function") return;
    const { id, before, after } = change;
    const committed: CommittedChange<Row> = {
      op: hookOperation(resource.spec, before, after),
      before,
      after,
      id,
      key: effectKey(change.table, request.partition, Number(seq), index),
      epoch,
      seq: Number(seq),
    };
    const failed = (error: unknown) =>
      log.error("after-hook failed", { resource: change.table, key: committed.key, ...errorFields(error) });
    lifetime.waitUntil(
      Promise.resolve()
        .then(() => run(committed, { env, attempt: 1 }))
        .catch(failed),
    );
  });
}
