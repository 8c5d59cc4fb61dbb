/**
 * `notifyHooks(job)`: a message for every row of a table that was created, changed or removed, as the input of a job: a webhook, or one of your own.
 * It names the row and holds nothing of it: whoever receives it reads under its own rights ([HT65]).
 */

import type { EffectHandler } from "../../define/app.ts";
import type { AfterHook, Hooks, Notified, NotifiedAction } from "../../define/hooks.ts";
import type { LedgeEnv } from "../../edge/env.ts";
import { ORIGIN } from "../../edge/transaction/server-context.ts";
import type { AnyJob, Job } from "./define-job.ts";
import { DETACHED, enqueueFor } from "./enqueue.ts";
import { jobIdOf } from "./job-id.ts";
import { newJobOf } from "./new-job.ts";
import { hostOf, runtimeOfJob } from "./runtime.ts";

export interface Notification {
  /** `table:seq:index`: with the epoch, what a receiver de-duplicates by. */
  readonly key: string;
  readonly action: NotifiedAction;
  readonly id: string | number;
  readonly table: string;
  readonly seq: number;
  readonly epoch: string;
  readonly result: "ok";
  /** Of the commit, ms since 1970. */
  readonly timestamp: number;
}

const ALL_ACTIONS: readonly NotifiedAction[] = ["create", "update", "delete"];

/** For `hooks:` of a table, alone or in `composeHooks`. Each message is delivered to the job once, as a row of its own. */
export function notifyHooks<Row>(
  job: Job<Notification, unknown>,
  { actions = ALL_ACTIONS }: { readonly actions?: readonly NotifiedAction[] } = {},
): Hooks<Row> {
  const run: AfterHook<Row> = ({ op, id, key, seq, epoch, at = Date.now() }, { env }) => {
    // `table@partition:seq:index`
    const table = key.split(/[@:]/, 1)[0] ?? "";
    return deliver(job, env, { key, action: op, id, table, seq, epoch, result: "ok", timestamp: at });
  };
  const wants = (action: NotifiedAction) => actions.includes(action);
  return {
    ...(wants("create") ? { onAfterCreate: { durable: true, run } } : {}),
    ...(wants("update") ? { onAfterUpdate: { durable: true, run } } : {}),
    ...(wants("delete") ? { onAfterDelete: { durable: true, run } } : {}),
  };
}

/** The effect of tables with `notify`: the same message, for one job. */
export function notified(job: Job<Notification, unknown>): EffectHandler {
  return (payload, { env, key: place, epoch }) => {
    const { table, action, id, timestamp } = payload as Notified;
    // Named after the table, where the effect is after its group.
    const key = place.replace(/^[^@:]*/, table);
    const seq = Number(key.split(":").at(-2));
    return deliver(job, env, { key, action, id, table, seq, epoch, result: "ok", timestamp });
  };
}

async function deliver(job: Job<Notification, unknown>, env: unknown, message: Notification): Promise<void> {
  const runtime = runtimeOfJob(job as AnyJob);
  const place = { env: env as LedgeEnv, lifetime: DETACHED };
  const { edge } = hostOf(runtime).server(place, "jobs/notify")[ORIGIN].exchange;
  const id = await jobIdOf("notify", job.name, message.epoch, message.key);
  const asked = { id, nowMs: Date.now(), createdBy: null, isRepeatable: true };
  await enqueueFor(runtime, place.env, edge.definition.name, newJobOf(job as AnyJob, message as never, {}, asked));
}
