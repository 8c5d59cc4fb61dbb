/**
 * `notifyHooks(job)`: a message for every row of a table that was created, changed or removed, as the input of a job: a webhook, or one of your own.
 * It names the row and holds nothing of it: whoever receives it reads under its own rights ([HT65]).
 */

import type { AfterHook, Hooks } from "../../define/hooks.ts";
import type { LedgeEnv } from "../../edge/env.ts";
import { ORIGIN } from "../../edge/transaction/server-context.ts";
import { type AnyJob, DEFAULT_PRIORITY, type Job } from "./define-job.ts";
import { DETACHED, enqueueFor } from "./enqueue.ts";
import { jobIdOf } from "./job-id.ts";
import { newJobOf } from "./new-job.ts";
import { hostOf, runtimeOfJob } from "./runtime.ts";

export type NotifiedAction = "create" | "update" | "delete";

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
  const run: AfterHook<Row> = async ({ op, id, key, seq, epoch, at = Date.now() }, { env }) => {
    const runtime = runtimeOfJob(job as AnyJob);
    const place = { env: env as LedgeEnv, lifetime: DETACHED };
    const { edge } = hostOf(runtime).server(place, "jobs/notify")[ORIGIN].exchange;
    // `table@partition:seq:index`
    const table = key.split(/[@:]/, 1)[0] ?? "";
    const message = { key, action: op, id, table, seq, epoch, result: "ok", timestamp: at } satisfies Notification;
    const asked = {
      id: await jobIdOf("notify", job.name, epoch, key),
      nowMs: Date.now(),
      createdBy: null,
      isRepeatable: true,
    };
    const { priority = DEFAULT_PRIORITY } = job.options;
    await enqueueFor(runtime, place.env, edge.definition.name, newJobOf(job as AnyJob, message, { priority }, asked));
  };
  const wants = (action: NotifiedAction) => actions.includes(action);
  return {
    ...(wants("create") ? { onAfterCreate: { durable: true, run } } : {}),
    ...(wants("update") ? { onAfterUpdate: { durable: true, run } } : {}),
    ...(wants("delete") ? { onAfterDelete: { durable: true, run } } : {}),
  };
}
